"""Cohorts that a library carries, as tables under names, units and levels that say what they mean."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from wardround.agents.survival.making import Plan
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["COHORTS", "TIME_EVENT", "CohortSource", "write_table"]

TIME_EVENT = ("time", "event")
_POUND_KG = 0.45359237


@dataclass(frozen=True)
class CohortSource:
    """Where a cohort lies, and how its columns become ours; `rename` names those that are kept, with their units.

    Attributes:
        load: gives a data frame that holds time and event under the names of `TIME_EVENT`.
        convert: by new name, what becomes of a value.
    """

    plan: Plan
    load: Callable[[], Any]
    rename: Mapping[str, str]
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    keep_others: bool = False


def _module(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"The library that carries this cohort is not installed: {name.partition('.')[0]}.",
            f"Install Wardround with the extra '{extra}'.",
        ) from None


def _lung() -> Any:
    frame = _module("lifelines.datasets", "train").load_lung()
    return frame.rename(columns={"status": "event"})


def _breast() -> Any:
    frame, outcome = _module("sksurv.datasets", "bench").load_breast_cancer()
    event, time = outcome.dtype.names
    return frame.assign(time=outcome[time], event=outcome[event].astype(int))


COHORTS: dict[str, CohortSource] = {
    "ncctg-lung": CohortSource(
        plan=Plan(
            name="ncctg-lung",
            source="Advanced lung cancer, North Central Cancer Treatment Group; Loprinzi et al., J Clin Oncol 1994. "
            "Table as distributed with lifelines 0.30",
            licence="MIT (lifelines)",
            endpoint="death",
            time_unit="days",
            units={
                "age": "years",
                "karnofsky_physician": "%",
                "karnofsky_patient": "%",
                "meal_calories": "kcal",
                "weight_loss_6_months": "kg",
            },
        ),
        load=_lung,
        rename={
            "age": "age",
            "sex": "sex",
            "ph.ecog": "ecog",
            "ph.karno": "karnofsky_physician",
            "pat.karno": "karnofsky_patient",
            "meal.cal": "meal_calories",
            "wt.loss": "weight_loss_6_months",
        },
        convert={
            "sex": lambda value: {1: "male", 2: "female"}[int(value)],
            "weight_loss_6_months": lambda value: round(value * _POUND_KG, 2),
        },
    ),
    "transbig-breast": CohortSource(
        plan=Plan(
            name="transbig-breast",
            source="Node-negative breast cancer, TRANSBIG validation of the 76-gene signature; Desmedt et al., Clin "
            "Cancer Res 2007, GEO GSE7390. Table as distributed with scikit-survival 0.28 (GPL-3.0-or-later)",
            licence="that of the data; fitted by its user, not distributed",
            endpoint="distant metastasis",
            time_unit="days",
            units={"age": "years", "size": "cm"},
        ),
        load=_breast,
        rename={"age": "age", "size": "size", "er": "er", "grade": "grade"},
        keep_others=True,
    ),
}


def write_table(source: CohortSource, path: Path) -> tuple[str, ...]:
    """Writes the cohort as CSV; gives the columns that are not clinical, which are genes.

    Raises:
        CallerError: NOT_FOUND, the library that carries it is not installed.
    """
    frame = source.load()
    others = tuple(one for one in frame.columns if one not in source.rename and one not in TIME_EVENT)
    genes = others if source.keep_others else ()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*TIME_EVENT, *source.rename.values(), *genes])
        for _, row in frame.iterrows():
            told = [_cell(source, new, row[old]) for old, new in source.rename.items()]
            writer.writerow([float(row["time"]), int(row["event"]), *told, *(float(row[gene]) for gene in genes)])
    return genes


def _cell(source: CohortSource, name: str, value: Any) -> Any:
    if value != value:  # NaN alone differs from itself
        return ""
    converted = source.convert.get(name)
    return converted(value) if converted else value

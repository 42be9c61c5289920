"""A small survival study as files that a user has: table, genes, gene sets, slides, and the model made of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from simulated_survival import cohort

from wardround.agents.survival.folder import Loaded, load, save
from wardround.agents.survival.genesets import read_gmt
from wardround.agents.survival.learning.cohort import Bag
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.making import Made, Plan, make_model
from wardround.agents.survival.table import Table, read_table
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import SurvivalInput

__all__ = ["GENES", "HEADER", "Study", "made_study", "plain_rows", "refused", "written"]

GENES = tuple(f"G{number}" for number in range(6))
HEADER = ("id", "days", "died", "age", "stage", "dose")
_QUICK = SurvivalOptions(epochs=3, members=2, patience=3, width=8, dimensions=4, bends=1)
_PATIENTS = 100

Row = list[str]


@dataclass(frozen=True)
class Study:
    """What was fitted, where it lies, and its own patients as they would be asked about."""

    folder: Path
    table: Table
    made: Made
    loaded: Loaded
    patients: tuple[SurvivalInput, ...]
    bags: tuple[tuple[Bag, ...], ...]


def written(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """The rows as CSV, the header among them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def plain_rows(count: int = 24) -> list[Row]:
    """A header and patients without genes: days, died, age in years, a stage of three, and a dose that some lack."""
    patients, _ = cohort(max(count, 30))
    rows = [list(HEADER)]
    for place in range(count):
        age, dose = patients.clinical[place, :2]
        rows.append(
            [
                f"Patient-{place:03}",
                f"{patients.times[place]:.2f}",
                str(int(patients.events[place])),
                f"{60 + 10 * age:.1f}",
                ("I", "II", "III")[place % 3],
                "" if place % 7 == 0 else f"{dose:.3f}",
            ]
        )
    return rows


def made_study(folder: Path) -> Study:
    """Writes a study's files into the folder, fits, saves and loads its model."""
    simulated, _ = cohort(_PATIENTS, genes=len(GENES), bags=True)
    assert simulated.genes is not None and simulated.bags is not None
    rows = plain_rows(_PATIENTS)
    for place, row in enumerate(rows):
        row += GENES if place == 0 else [f"{value:.4f}" for value in simulated.genes[place - 1]]
        if place:
            row[1:3] = [f"{simulated.times[place - 1]:.2f}", str(int(simulated.events[place - 1]))]
    sets = folder / "sets.gmt"
    sets.write_text("FIRST\ta\tG0\tG1\tG2\nSECOND\tb\tG2\tG3\tNOT_THERE\n")
    known = read_gmt(sets)
    table = read_table(written(folder / "table.csv", rows), "days", "died", "id", frozenset(GENES))
    plan = Plan("study", endpoint="death", time_unit="days", units={"age": "years"}, options=_QUICK, folds=0)
    made = make_model(table, plan, sets=known, bags=simulated.bags)
    save(made.fitted, folder / "study", made.card, made.encoding, made.reference, made.sets)
    assert table.genes is not None
    patients = tuple(
        SurvivalInput(clinical=row, genes=dict(zip(GENES, map(float, values), strict=True)))
        for row, values in zip(table.rows, table.genes.values, strict=True)
    )
    return Study(folder / "study", table, made, load(folder / "study"), patients, simulated.bags)


def refused(code: ProblemCode, act: Callable[[], object], *secrets: str | Path) -> str:
    """What the caller is told: with this code, with advice, in few words, and with none of the secrets."""
    with pytest.raises(CallerError) as error:
        act()
    problem = error.value.problem
    said = str(problem)
    assert problem.code is code, said
    assert len(said) < 600
    assert "Patient-" not in said
    assert not any(str(secret) in said for secret in secrets), said
    return said

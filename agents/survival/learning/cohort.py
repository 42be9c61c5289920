"""The patients that a survival model learns from or speaks of, as arrays, and the refusal of tables that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = [
    "LEAST_EVENTS",
    "LEAST_PATIENTS",
    "Bag",
    "Patients",
    "check_inputs",
    "check_training",
    "constant_columns",
    "refuse_constant",
]

LEAST_PATIENTS = 20
LEAST_EVENTS = 8
_NAMED = 5  # columns that a message names at most


@dataclass(frozen=True)
class Bag:
    """One slide at one resolution: `features` (m, d), and for each patch the row of its region in the coarser bag.

    `parents` is None at the coarsest resolution. `microns_per_pixel` > 0 is for the record; the order of bags counts.
    """

    features: NDArray[np.float32]
    parents: NDArray[np.int64] | None
    microns_per_pixel: float


@dataclass(frozen=True)
class Patients:
    """`times` (n,) in the cohort's unit and `events` (n,), with `clinical` (n, p), and `genes` (n, g) or `bags`.

    NaN is a missing value. A patient whose whole row is NaN, or who has no bag, lacks that modality. `bags` holds, per
    patient, bags from coarse to fine, of as many resolutions and features for all who have any.
    """

    times: NDArray[np.float64]
    events: NDArray[np.bool_]
    clinical: NDArray[np.float32]
    genes: NDArray[np.float32] | None = None
    bags: tuple[tuple[Bag, ...], ...] | None = None
    covariates: tuple[str, ...] = ()
    gene_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.clinical)

    def subset(self, index: NDArray[np.bool_] | NDArray[np.int64] | Sequence[int]) -> Patients:
        """The patients at some places, or where a mask is true, in that order."""
        places = np.arange(len(self))[np.asarray(index)]
        return replace(
            self,
            times=self.times[places],
            events=self.events[places],
            clinical=self.clinical[places],
            genes=None if self.genes is None else self.genes[places],
            bags=None if self.bags is None else tuple(self.bags[place] for place in places),
        )


def _refuse(message: str, hint: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, message, hint)


def _named(names: Sequence[str], places: NDArray[np.int64]) -> str:
    shown = [names[place] if place < len(names) else f"column {place + 1}" for place in places[:_NAMED]]
    more = len(places) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def check_inputs(patients: Patients) -> None:
    """That arrays fit each other and hold numbers, for training and prediction alike.

    Raises:
        CallerError: BAD_ARGUMENT, lengths differ, an infinite value, or bags whose shapes or parents do not fit.
    """
    count = len(patients)
    tables = {"clinical": patients.clinical, "genes": patients.genes}
    for name, table in tables.items():
        if table is None:
            continue
        if table.ndim != 2 or len(table) != count:
            raise _refuse(f"The {name} table has shape {table.shape}; {count} patients need as many rows.", "")
        if np.isinf(table).any():
            raise _refuse(f"The {name} table holds an infinite value.", "Give a finite number, or leave it out.")
    if patients.bags is not None:
        if len(patients.bags) != count:
            raise _refuse(
                f"There are {len(patients.bags)} sets of bags for {count} patients.", "Give an empty one for none."
            )
        shapes = {tuple(bag.features.shape[1:] for bag in bags) for bags in patients.bags if bags}
        if len(shapes) > 1:
            raise _refuse("Slides differ in resolutions or in features.", "Use one encoder, and as many resolutions.")
        for bags in patients.bags:
            _check_bags(bags)


def _check_bags(bags: tuple[Bag, ...]) -> None:
    for level, bag in enumerate(bags):
        if bag.features.ndim != 2 or 0 in bag.features.shape:
            raise _refuse(
                f"A bag has shape {bag.features.shape}.", "A bag is (patches, features), with one patch or more."
            )
        if not np.isfinite(bag.features).all():
            raise _refuse("A bag holds a value that is not finite.", "Leave such patches out.")
        if level == 0:
            continue
        above = len(bags[level - 1].features)
        parents = bag.parents
        if parents is None or parents.shape != (len(bag.features),) or parents.min() < 0 or parents.max() >= above:
            raise _refuse(
                f"The parents of a bag do not name rows of the coarser bag, which has {above}.",
                "Give one parent per patch, counted from 0.",
            )


def check_training(patients: Patients) -> None:
    """That somebody can learn from these patients.

    Raises:
        CallerError: BAD_ARGUMENT, a time that is missing, infinite or negative; fewer than 20 patients or 8 events (all
            censored among them); no modality at all; or what `check_inputs` refuses.
    """
    check_inputs(patients)
    count = len(patients)
    if patients.times.shape != (count,) or patients.events.shape != (count,):
        raise _refuse(
            f"There are {len(patients.times)} times and {len(patients.events)} events for {count} patients.",
            "Give one of each per patient.",
        )
    unknown = int((~np.isfinite(patients.times)).sum())
    if unknown:
        raise _refuse(f"{unknown} of {count} times are missing or infinite.", "Leave those patients out of the table.")
    negative = int((patients.times < 0).sum())
    if negative:
        raise _refuse(f"{negative} of {count} times are negative.", "Count time from diagnosis or entry, forwards.")
    if count < LEAST_PATIENTS:
        raise _refuse(
            f"{count} patients are too few to learn survival from.", f"Give at least {LEAST_PATIENTS} patients."
        )
    happened = int(patients.events.sum())
    if happened < LEAST_EVENTS:
        said = "All patients are censored" if happened == 0 else f"Only {happened} patients had the event"
        raise _refuse(
            f"{said}; nothing can be learned.", f"Give at least {LEAST_EVENTS} events, or check their coding."
        )
    if not patients.times.max() > 0:
        raise _refuse("All times are zero.", "Check the column of times and its unit.")
    if patients.clinical.shape[1] == 0 and patients.genes is None and patients.bags is None:
        raise _refuse("There is nothing to learn from.", "Give a clinical table, genes or bags of patches.")


def constant_columns(table: NDArray[np.float32]) -> NDArray[np.int64]:
    """The columns of a table (n, p) that have one value, or none, among those that are not missing."""
    low = np.where(np.isnan(table), np.inf, table).min(axis=0, initial=np.inf)
    high = np.where(np.isnan(table), -np.inf, table).max(axis=0, initial=-np.inf)
    return np.flatnonzero(~(high > low))


def refuse_constant(patients: Patients) -> None:
    """
    Raises:
        CallerError: BAD_ARGUMENT, a clinical column does not vary.
    """
    flat = constant_columns(patients.clinical)
    if len(flat):
        raise _refuse(
            f"These columns have the same value for all patients, or none: {_named(patients.covariates, flat)}.",
            "Leave them out: what does not vary explains nothing.",
        )

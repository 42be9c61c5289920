"""The folds on which all models are measured, and those within a training fold on which they choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.evals.survival.extra import extra_module

__all__ = ["FOLDS", "INNER", "SEED", "Split", "inner_splits", "outer_splits"]

SEED = 20240
FOLDS = 5
INNER = 3
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """Which rows are learned from and which are measured; `number` counts over all repeats."""

    number: int
    repeat: int
    train: Rows
    test: Rows


def outer_splits(events: NDArray[np.bool_], repeats: int) -> tuple[Split, ...]:
    """Five folds, `repeats` times anew, each with the cohort's share of events.

    Raises:
        CallerError: NOT_FOUND, scikit-learn is not installed.
    """
    selection = extra_module("sklearn.model_selection")
    folds = selection.RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=SEED)
    found = folds.split(np.zeros((len(events), 1)), events)
    return tuple(Split(number, number // FOLDS, train, test) for number, (train, test) in enumerate(found))


def inner_splits(events: NDArray[np.bool_], seed: int) -> tuple[Split, ...]:
    """Three folds within a training fold.

    Raises:
        CallerError: NOT_FOUND, scikit-learn is not installed.
    """
    selection = extra_module("sklearn.model_selection")
    folds = selection.StratifiedKFold(n_splits=INNER, shuffle=True, random_state=seed)
    found = folds.split(np.zeros((len(events), 1)), events)
    return tuple(Split(number, 0, train, test) for number, (train, test) in enumerate(found))

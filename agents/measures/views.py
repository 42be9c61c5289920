"""What the view of a film (PA or AP) alone says of its labels: the floor beside a detector's ranking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats

__all__ = ["view_ranks"]


def view_ranks(
    views: Sequence[str],
    folds: NDArray[np.integer],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_] | None = None,
) -> Floats:
    """The place of each film's view by its label rate among the views, by other folds of patients: (films, labels).

    Only the order of the rates is used, so that one that differs from fold to fold by chance neither helps nor harms.
    A view that no other fold has gets the mean place.

    Args:
        folds: the fold of each film's patient.
        positive: (films, labels), and where it is `known`; without that, everywhere.
    """
    names, counted = np.asarray(views, dtype=str), np.ones_like(positive) if known is None else known
    ranks = np.zeros(positive.shape)
    for fold in np.unique(folds):
        learned = folds != fold
        seen = np.unique(names[learned])
        if not len(seen):
            continue
        rates = np.stack([_rates(positive, counted, learned & (names == name)) for name in seen])
        places = np.argsort(np.argsort(rates, axis=0, kind="stable"), axis=0, kind="stable").astype(np.float64)
        ranks[~learned] = places.mean(axis=0)
        for name, place in zip(seen, places, strict=True):
            ranks[~learned & (names == name)] = place
    return ranks


def _rates(positive: NDArray[np.bool_], known: NDArray[np.bool_], films: NDArray[np.bool_]) -> Floats:
    return np.asarray(positive[films].sum(axis=0) / np.maximum(known[films].sum(axis=0), 1), dtype=np.float64)

"""Brings two rankings together: reciprocal-rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["RRF_K", "fused", "places"]

RRF_K = 60  # the paper's own choice, hardly sensitive
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def places(scores: Floats, ranked: Flags) -> Places:
    """The place of each record, 1 for the highest score; 0 for those that are not ranked. Ties keep their order."""
    given = np.zeros(len(scores), dtype=np.int64)
    members = np.flatnonzero(ranked)
    given[members[np.argsort(-scores[members], kind="stable")]] = np.arange(1, len(members) + 1)
    return given


def fused(*rankings: Places) -> Floats:
    """The sum of 1 / (60 + place) over the rankings in which a record has one."""
    total = np.zeros(len(rankings[0]))
    for ranking in rankings:
        total += np.where(ranking > 0, 1.0 / (RRF_K + ranking), 0.0)
    return total

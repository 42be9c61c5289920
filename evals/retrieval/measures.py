"""The measures of a ranking: discounted cumulative gain (Järvelin and Kekäläinen 2002) and precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["ndcg", "precision"]

Floats = NDArray[np.floating]


def _discounted(gains: Floats) -> float:
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def ndcg(ranked: Sequence[float] | Floats, possible: Floats, depth: int = 10) -> float:
    """Gain of the first `depth` of a ranking over the best that could be had; a gain counts as it is, not as 2 to it.

    Args:
        ranked: the gains of what was found, likest first; what is missing gains nothing.
        possible: the gains of all records that could have been found.

    Returns:
        In [0, 1]; NaN where no record has any gain.
    """
    best = _discounted(np.sort(np.asarray(possible, dtype=np.float64))[::-1][:depth])
    return _discounted(np.asarray(ranked[:depth], dtype=np.float64)) / best if best > 0.0 else float("nan")


def precision(ranked: Sequence[float] | Floats, relevant_from: float, depth: int = 5) -> float:
    """The share of the first `depth` whose gain is at least `relevant_from`; what is missing is not relevant."""
    return float((np.asarray(ranked[:depth]) >= relevant_from).sum()) / depth

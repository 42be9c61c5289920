"""The regularised curriculum: how much each crop's loss counts, from easy and large lesions to hard and small ones.

S3-Mamba (arXiv 2412.14546) is read second-hand as minimising over weights w and the network

    J = sum_i w_i l_i + k sum_i 1 / r_i + (1 - k) sum_i w_i ** 2,    0 <= k < 1,

with losses l and the ranks r of these. As printed it fixes no curriculum. The term of ranks does not hold w, so it
changes no weight; and without a constraint the best weights are w_i = -l_i / (2 (1 - k)): all negative, the hardest the
most so. What the weights do is decided by constraints and a schedule that are not public. This is therefore an
independent design: the printed term in w ** 2 is kept as what holds the weights together, the ranks say which way to
lean, and the constraints are written out: each weight in [0, 2], their mean 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = ["MOST", "difficulty", "lean", "weights"]

Floats = NDArray[np.float64]

MOST = 2.0
"""The greatest weight of a crop."""
_HALVINGS = 60  # of an interval at most 4 wide: below the spacing of doubles


def _ranks(values: Floats) -> Floats:
    """Ranks from 0, the least, to 1, the greatest; ties share theirs; 0.5 for one value alone."""
    if values.size < 2:
        return np.full(values.shape, 0.5)
    return np.asarray((rankdata(values) - 1.0) / (values.size - 1.0), dtype=np.float64)


def difficulty(losses: NDArray[np.floating], areas: NDArray[np.integer], loss_share: float = 0.5) -> Floats:
    """How hard each crop of a batch is (n,), 0 to 1: `loss_share` of the rank of its loss, the rest of its smallness.

    Smallness is the rank of one over the lesion's area among the crops that have a lesion; a crop without one has no
    size and takes the middle, so that its loss alone moves it. The whole is stretched to reach from 0 to 1; where all
    crops are as hard, all are 0.5.

    Args:
        losses: of each crop (n,), finite.
        areas: lesion pixels of each crop (n,), 0 for none.
        loss_share: 0 to 1.
    """
    small = np.full(areas.shape, 0.5)
    there = areas > 0
    small[there] = _ranks(1.0 / areas[there].astype(np.float64))
    hard = loss_share * _ranks(np.asarray(losses, dtype=np.float64)) + (1.0 - loss_share) * small
    low, high = (float(hard.min()), float(hard.max())) if hard.size else (0.0, 0.0)
    return (hard - low) / (high - low) if high > low else np.full(hard.shape, 0.5)


def lean(progress: float) -> float:
    """Which way training leans: -1, to the easy, at progress 0, by half a cosine to +1, to the hard, at progress 1."""
    return -math.cos(math.pi * min(1.0, max(0.0, progress)))


def weights(hardness: NDArray[np.floating], leaning: float) -> Floats:
    """The weights (n,) in [0, 2] with mean 1 that lie nearest to 1 + leaning * (2 hardness - 1).

    They minimise sum_i w_i ** 2 - 2 sum_i w_i (1 + leaning * (2 hardness_i - 1)) under both constraints: the same
    number is added to all, then each is clipped, so the order is that of the hardness (or its reverse). All are 1 at a
    leaning of 0.

    Args:
        hardness: of each crop (n,), 0 to 1; see `difficulty`.
        leaning: -1 to 1; see `lean`.
    """
    wanted = 1.0 + leaning * (2.0 * np.asarray(hardness, dtype=np.float64) - 1.0)
    if not wanted.size:
        return wanted
    low, high = -MOST, MOST
    for _ in range(_HALVINGS):
        shift = (low + high) / 2.0
        low, high = (shift, high) if np.clip(wanted + shift, 0.0, MOST).mean() < 1.0 else (low, shift)
    return np.asarray(np.clip(wanted + (low + high) / 2.0, 0.0, MOST), dtype=np.float64)

"""Whether conformal sets keep what they promise: coverage of positives and of negatives, and the sets' mean size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats

__all__ = ["SetCounts", "pooled", "set_counts"]


@dataclass(frozen=True)
class SetCounts:
    """Per film, summed over as many labels as were pooled, each (n,).

    `positives` and `negatives`: labels that the film has, and has not. `covered_positives` and `covered_negatives`: of
    these, those whose set holds the truth. `size`: the answers in the sets, 0 to 2 a label.
    """

    positives: Floats
    covered_positives: Floats
    negatives: Floats
    covered_negatives: Floats
    size: Floats


def set_counts(
    probabilities: NDArray[np.floating],
    positive: NDArray[np.bool_],
    present_from: float | NDArray[np.floating],
    absent_to: float | NDArray[np.floating],
    known: NDArray[np.bool_] | None = None,
) -> SetCounts:
    """One label's sets: 'present' from a probability of `present_from` on, 'absent' up to `absent_to`.

    The cuts may be one for all films or one for each (n,), as where each was set without the film's fold.
    Films whose truth is not `known` (n,) count for nothing; without it all are.
    """
    counted = np.ones(len(positive), dtype=np.bool_) if known is None else known
    present, absent = probabilities >= present_from, probabilities <= absent_to
    return SetCounts(
        positives=(counted & positive).astype(np.float64),
        covered_positives=(counted & positive & present).astype(np.float64),
        negatives=(counted & ~positive).astype(np.float64),
        covered_negatives=(counted & ~positive & absent).astype(np.float64),
        size=counted * (present.astype(np.float64) + absent),
    )


def pooled(labels: Sequence[SetCounts]) -> SetCounts:
    """The sums over labels, at least one, all of the same films."""
    return SetCounts(
        positives=np.sum([one.positives for one in labels], axis=0),
        covered_positives=np.sum([one.covered_positives for one in labels], axis=0),
        negatives=np.sum([one.negatives for one in labels], axis=0),
        covered_negatives=np.sum([one.covered_negatives for one in labels], axis=0),
        size=np.sum([one.size for one in labels], axis=0),
    )

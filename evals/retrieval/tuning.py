"""Chooses how two rankings are brought together, on the half of the reports on which no figure is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.evals.retrieval.bench import Scored
from wardround.evals.retrieval.corpus import Judgement
from wardround.evals.retrieval.measured import measured

__all__ = ["FUSIONS", "Fusion", "chosen_fusion", "fused_by"]

Floats = NDArray[np.float64]


class Fusion(NamedTuple):
    """Reciprocal-rank fusion: 1 / (k + place by words) + weight / (k + place by meaning)."""

    k: int
    dense_weight: float


FUSIONS = tuple(Fusion(k, weight) for k in (10, 30, 60, 100) for weight in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5))


def _places(scores: Floats) -> Floats:
    """1 for the highest; infinite where nothing is shared."""
    places = np.empty(len(scores))
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return np.where(scores > 0.0, places, np.inf)


def fused_by(fusion: Fusion, scored: Scored) -> Floats:
    """Every record's score by a fusion."""
    by_words = 1.0 / (fusion.k + _places(scored.keywords))
    return by_words + fusion.dense_weight / (fusion.k + _places(scored.dense))


def chosen_fusion(
    judgements: Sequence[Judgement], scored: Sequence[Scored]
) -> tuple[Fusion, Mapping[Fusion, tuple[float, float]]]:
    """The fusion with the highest mean nDCG@10 of these queries, and nDCG@10 and P@5 of all that were tried."""
    tried = {}
    for fusion in FUSIONS:
        told = measured(judgements, (fused_by(fusion, one) for one in scored))
        tried[fusion] = (float(np.nanmean(told.ndcg)), float(told.precision.mean()))
    return max(tried, key=lambda fusion: tried[fusion][0]), tried

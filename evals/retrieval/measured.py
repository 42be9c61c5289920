"""The measures of rankings, query by query, and the two floors beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.evals.retrieval.corpus import Judgement
from wardround.evals.retrieval.measures import ndcg, precision
from wardround.evals.retrieval.relevance import RELEVANT_FROM

__all__ = ["DEPTH", "Measured", "common_scores", "measured", "random_scores"]

DEPTH = 10
_SEED = 20_241_205

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One value for each query."""

    ndcg: Floats
    precision: Floats


def measured(judgements: Iterable[Judgement], scores: Iterable[Floats]) -> Measured:
    """nDCG@10 and P@5 of each query, given every record's score for it; ties keep the order of the records."""
    gained, relevant = [], []
    for judgement, score in zip(judgements, scores, strict=True):
        order = np.argsort(np.where(judgement.allowed, -score, np.inf), kind="stable")[:DEPTH]
        gains = judgement.gains[order]
        gained.append(ndcg(gains, judgement.gains[judgement.allowed], DEPTH))
        relevant.append(precision(gains, RELEVANT_FROM))
    return Measured(np.array(gained), np.array(relevant))


def random_scores(records: int, queries: int) -> Iterator[Floats]:
    """Scores that say nothing."""
    random = np.random.default_rng(_SEED)
    return (random.random(records) for _ in range(queries))


def common_scores(judgements: Sequence[Judgement]) -> Floats:
    """Scores that are the same whatever is asked: each record's mean agreement with the reports of the other half."""
    told: Floats = np.mean([judgement.gains for judgement in judgements], axis=0, dtype=np.float64)
    return told

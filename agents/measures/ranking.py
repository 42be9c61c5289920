"""How well scores rank films: area under the ROC curve, average precision, and the ROC curve itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats, Statistic

__all__ = ["auc", "auc_statistic", "average_precision", "average_precision_statistic", "roc_points"]


def _tie_starts(ranked: Floats) -> NDArray[np.intp]:
    """Where each run of equal values begins in sorted values (n,), n at least 1."""
    return np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))


def auc_statistic(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> Statistic:
    """The weighted Mann-Whitney statistic of scores (n,), sorted once; see `auc`. n is at least 1."""
    order = np.argsort(scores, kind="stable")
    starts = _tie_starts(np.asarray(scores, dtype=np.float64)[order])
    ranked = positive[order].astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        drawn = weights[:, order]
        present = drawn * ranked
        absent = np.add.reduceat(drawn - present, starts, axis=1)
        present = np.add.reduceat(present, starts, axis=1)
        beaten = np.cumsum(absent, axis=1) - 0.5 * absent
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((present * beaten).sum(axis=1) / (present.sum(axis=1) * absent.sum(axis=1)))

    return statistic


def average_precision_statistic(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> Statistic:
    """Weighted average precision of scores (n,), sorted once; see `average_precision`. n is at least 1."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    starts = _tie_starts(np.asarray(scores, dtype=np.float64)[order])
    ranked = positive[order].astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        drawn = weights[:, order]
        called = np.cumsum(np.add.reduceat(drawn, starts, axis=1), axis=1)
        found = np.add.reduceat(drawn * ranked, starts, axis=1)
        hits = np.cumsum(found, axis=1)
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((found * precision).sum(axis=1) / hits[:, -1])

    return statistic


def auc(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: how often a positive film outranks a negative one (Hanley and McNeil 1982).

    Ties count half. NaN where one class is empty.
    """
    if not positive.any() or positive.all():
        return float("nan")
    return float(auc_statistic(scores, positive)(np.ones((1, len(scores))))[0])


def average_precision(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Precision averaged over recall, a step at each distinct score, without interpolation.

    Its floor is the prevalence. NaN where nothing is positive.
    """
    if not positive.any():
        return float("nan")
    return float(average_precision_statistic(scores, positive)(np.ones((1, len(scores))))[0])


def roc_points(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """False and true positive rates, each (distinct scores + 1,), from (0, 0) to (1, 1); both classes are there."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    ends = np.append(_tie_starts(np.asarray(scores, dtype=np.float64)[order])[1:], len(order)) - 1
    hits = np.cumsum(positive[order])[ends]
    false = ends + 1 - hits
    return np.concatenate([[0.0], false / false[-1]]), np.concatenate([[0.0], hits / hits[-1]])

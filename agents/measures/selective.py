"""What a predictor gains by leaving its least confident films to a person: risk against coverage.

Confidence is max(p, 1 - p), the answer is p >= 0.5 (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017). Films of
equal confidence are taken in equal shares, so their order in the table means nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats, Statistic

__all__ = ["aurc", "error_at", "error_statistic", "risk_coverage"]


def error_statistic(probabilities: NDArray[np.floating], positive: NDArray[np.bool_], coverage: float) -> Statistic:
    """The share of wrong answers among the most confident share `coverage` in (0, 1] of films."""
    p = np.asarray(probabilities, dtype=np.float64)
    confidence = np.maximum(p, 1.0 - p)
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    wrong = ((p >= 0.5) != positive)[order].astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        drawn = weights[:, order]
        mass = np.add.reduceat(drawn, starts, axis=1)
        errors = np.add.reduceat(drawn * wrong, starts, axis=1)
        ends = np.cumsum(mass, axis=1)
        wanted = coverage * ends[:, -1:]
        taken = np.clip(wanted - (ends - mass), 0.0, mass)
        rate = np.divide(errors, mass, out=np.zeros_like(errors), where=mass > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((taken * rate).sum(axis=1) / wanted[:, 0], dtype=np.float64)

    return statistic


def error_at(probabilities: NDArray[np.floating], positive: NDArray[np.bool_], coverage: float) -> float:
    """`error_statistic` on the films themselves, n at least 1."""
    return float(error_statistic(probabilities, positive, coverage)(np.ones((1, len(positive))))[0])


def risk_coverage(probabilities: NDArray[np.floating], positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Coverage 1/n, 2/n … 1 and the error among that many most confident films, each (n,)."""
    p = np.asarray(probabilities, dtype=np.float64)
    confidence = np.maximum(p, 1.0 - p)
    order = np.argsort(-confidence, kind="stable")
    _, group = np.unique(-confidence[order], return_inverse=True)
    wrong = ((p >= 0.5) != positive)[order].astype(np.float64)
    shared = (np.bincount(group, weights=wrong) / np.bincount(group))[group]
    counts = np.arange(1, len(p) + 1)
    return counts / len(p), np.cumsum(shared) / counts


def aurc(probabilities: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Area under the risk-coverage curve: the mean error over all coverages; lower is better."""
    return float(risk_coverage(probabilities, positive)[1].mean())

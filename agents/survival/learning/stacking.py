"""How the ridge part and the networks are joined, and how sure the baseline is, both from held-out predictions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from wardround.agents.survival.learning.ridge import Bools, RiskSets

__all__ = ["baseline_variance", "stacked"]

_PRIOR = np.array([0.5, 0.5])
_STRENGTH = 4.0  # of the prior, in log-likelihood: what some dozen events say of two correlated weights
_Array = NDArray[np.float64]


def stacked(parts: _Array, sets: Sequence[tuple[Bools, RiskSets]], *, linear: bool) -> _Array:
    """The weights (2,) >= 0 of ridge and networks that make held-out log hazards (n, 2) likeliest.

    Each fold's partial likelihood is its own, since each was predicted by other fits (Wolpert 1992; non-negative
    weights after Breiman 1996). Drawn towards the plain mean. Without `linear` the first weight is 0.

    Args:
        sets: for each fold, who is in it (n,) and its risk sets.
    """
    prior = _PRIOR if linear else np.array([0.0, 1.0])

    def loss(weights: _Array) -> float:
        risk = parts @ weights
        gained = sum(of.log_likelihood(risk[who]) for who, of in sets)
        return 0.5 * _STRENGTH * float(((weights - prior) ** 2).sum()) - gained

    bounds = [(0.0, 2.0 if linear else 0.0), (0.0, 2.0)]
    return np.asarray(minimize(loss, prior, method="L-BFGS-B", bounds=bounds).x, dtype=np.float64)


def baseline_variance(risk: _Array, times: _Array, events: Bools, at: _Array) -> _Array:
    """The variance of log H0(t) (t,) by Breslow's estimator at log hazards (n,), Σ d/R² over H0² (Tsiatis 1981).

    Before the first event, that of the first.
    """
    order = np.argsort(times, kind="stable")
    at_risk = np.cumsum(np.exp(risk[order])[::-1])[::-1]
    first = np.searchsorted(times[order], times[order], side="left")
    happened = events[order]
    steps = 1.0 / at_risk[first][happened]
    hazard, variance = np.cumsum(steps), np.cumsum(steps**2)
    place = np.maximum(np.searchsorted(times[order][happened], at, side="right") - 1, 0)
    return np.asarray(variance[place] / hazard[place] ** 2)

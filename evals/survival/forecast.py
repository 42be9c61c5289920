"""What a model says of the patients of a fold: a risk for each, and a curve of survival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import kaplan_meier
from wardround.evals.survival.datasets import Fold

__all__ = ["Forecast", "Model", "constant", "stepped"]


@dataclass(frozen=True)
class Forecast:
    """`risk` (n,) is higher for an earlier event. `survival` gives the curves (n, t) at times (t,).

    `low` and `high` give a 90 % band in the same way, where a model has one. `chosen` says what it chose for itself.
    """

    risk: Floats
    survival: Callable[[Floats], Floats]
    low: Callable[[Floats], Floats] | None = None
    high: Callable[[Floats], Floats] | None = None
    chosen: str = ""


Model = Callable[[Fold, int], Forecast]  # a fold and a seed


def stepped(risk: Floats, times: Floats, survival: Floats) -> Forecast:
    """Curves (n, t) that keep their value until the next time."""

    def at(wanted: Floats) -> Floats:
        whole = np.concatenate([np.ones((len(survival), 1)), survival], axis=1)
        return np.asarray(whole[:, np.searchsorted(times, wanted, side="right")], dtype=np.float64)

    return Forecast(np.asarray(risk, dtype=np.float64), at)


def constant(fold: Fold, seed: int) -> Forecast:
    """The floor: one risk for all, and for all the training fold's Kaplan–Meier curve."""
    del seed
    curve = kaplan_meier(fold.observed)
    n = len(fold.test)
    return stepped(np.zeros(n), curve.times, np.broadcast_to(curve.values, (n, len(curve.values))))

"""How well a way of fitting does on patients held out, beside ridge Cox on the same folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.survival import (
    Observed,
    agreement,
    brier_terms,
    d_calibration,
    integrated,
    time_grid,
)

__all__ = ["CALIBRATED_FROM", "Forecast", "figures"]

CALIBRATED_FROM = 0.05  # the p of D-calibration from which curves are not found out to be wrong

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Forecast:
    """`risk` (n,) is higher for an earlier event; `survival` (n, t) is the curve at `times` (t,)."""

    risk: Floats
    times: Floats
    survival: Floats

    def at(self, wanted: Floats) -> Floats:
        """The curves (n, w) at other times (w,), linear in between, from 1 at 0."""
        known = np.concatenate([[0.0], self.times[self.times > 0.0]])
        ones = np.ones((len(self.survival), 1))
        curves = np.concatenate([ones, self.survival[:, self.times > 0.0]], axis=1)
        return np.stack([np.interp(wanted, known, curve) for curve in curves])


def _brier(training: Observed, test: Observed, forecast: Forecast) -> float:
    """The integrated Brier score; NaN where the patients' times leave no span to integrate over."""
    grid = time_grid(training, test)
    if not grid[-1] > grid[0]:
        return float("nan")
    return float(integrated(brier_terms(training, test, forecast.at(grid), grid), grid).mean())


def figures(
    times: Floats,
    events: Bools,
    folds: NDArray[np.int64],
    forecast: Callable[[Bools, Bools], Forecast],
) -> dict[str, float]:
    """Harrell's C and the integrated Brier score as means over folds, and the p of D-calibration over all patients.

    One that cannot be told in any fold is left out.

    Args:
        folds: the fold of each patient (n,).
        forecast: learns from the patients of a mask, and forecasts those of another.
    """
    told: dict[str, list[float]] = {"harrell_c": [], "integrated_brier": []}
    own = np.empty(len(times))
    for fold in np.unique(folds):
        test, rest = folds == fold, folds != fold
        made = forecast(rest, test)
        seen, unseen = Observed(times[rest], events[rest]), Observed(times[test], events[test])
        told["harrell_c"].append(agreement(unseen, made.risk).value)
        told["integrated_brier"].append(_brier(seen, unseen, made))
        known = made.at(np.unique(times[test]))
        own[test] = known[np.arange(test.sum()), np.searchsorted(np.unique(times[test]), times[test])]
    finite = {name: [value for value in values if np.isfinite(value)] for name, values in told.items()}
    means = {name: float(np.mean(values)) for name, values in finite.items() if values}
    return {**means, "d_calibration_p": d_calibration(own, events).p, "folds": float(len(np.unique(folds)))}

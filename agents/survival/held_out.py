"""How well a way of fitting does on patients held out, beside ridge Cox on the same folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from wardround.agents.survival.curves import Steps, kaplan_meier

__all__ = ["CALIBRATED_FROM", "Forecast", "brier", "concordance", "d_calibration", "figures"]

CALIBRATED_FROM = 0.05  # the p of D-calibration from which curves are not found out to be wrong
_BINS = 10
_GRID = 50

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


def concordance(times: Floats, events: Bools, risk: Floats) -> float:
    """Harrell's C (1982); NaN without a comparable pair."""
    later = (times[:, None] < times[None, :]) | ((times[:, None] == times[None, :]) & ~events[None, :])
    pairs = later & events[:, None]
    ahead = np.sign(risk[:, None] - risk[None, :]) / 2.0 + 0.5
    return float(ahead[pairs].mean()) if pairs.any() else float("nan")


def brier(training: tuple[Floats, Bools], test: tuple[Floats, Bools], forecast: Forecast) -> float:
    """The integrated Brier score (Graf et al. 1999), weighted by the training fold's censoring.

    From the first time of the test patients to where nine in ten of them have ended; NaN where these are one time.
    """
    times, events = test
    grid = np.linspace(times.min(), np.quantile(times, 0.9), _GRID)
    if not grid[-1] > grid[0]:
        return float("nan")
    followed = kaplan_meier(training[0], ~training[1])
    own, there = _value(followed, times, "left"), _value(followed, grid, "right")
    survival = forecast.at(grid)
    died = (times[:, None] <= grid) & events[:, None] & (own > 0.0)[:, None]
    alive = times[:, None] > grid
    terms = np.where(died, survival**2 / np.maximum(own, 1e-9)[:, None], 0.0)
    terms += np.where(alive, (1.0 - survival) ** 2 / np.maximum(there, 1e-9), 0.0)
    return float(np.trapezoid(terms.mean(axis=0), grid) / (grid[-1] - grid[0]))


def _value(curve: Steps, at: Floats, side: str) -> Floats:
    places = np.searchsorted(curve.times, at, side="left" if side == "left" else "right")
    return np.concatenate([[1.0], curve.survival])[places]


def d_calibration(survival: Floats, events: Bools) -> float:
    """The p of D-calibration (Haider et al., JMLR 2020), from each one's forecast survival at its own time (n,).

    A censored patient is shared out evenly over [0, survival].
    """
    edges = np.arange(_BINS) / _BINS
    place = np.minimum((survival[events] * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(place, minlength=_BINS).astype(np.float64)
    at = np.maximum(survival[~events], 1e-9)[:, None]
    counts += (np.clip(at - edges, 0.0, 1.0 / _BINS) / at).sum(axis=0)
    expected = len(survival) / _BINS
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), _BINS - 1))


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
        told["harrell_c"].append(concordance(times[test], events[test], made.risk))
        told["integrated_brier"].append(brier((times[rest], events[rest]), (times[test], events[test]), made))
        known = made.at(np.unique(times[test]))
        own[test] = known[np.arange(test.sum()), np.searchsorted(np.unique(times[test]), times[test])]
    finite = {name: [value for value in values if np.isfinite(value)] for name, values in told.items()}
    means = {name: float(np.mean(values)) for name, values in finite.items() if values}
    return {**means, "d_calibration_p": d_calibration(own, events), "folds": float(len(np.unique(folds)))}

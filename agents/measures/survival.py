"""How well a risk ranks, how well a curve forecasts, and whether it means what it says, under right censoring.

Censoring is taken to be independent of the covariates: a case counts by the inverse of the chance G of still being
followed, by the Kaplan–Meier estimator of the training fold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from wardround.agents.measures.resampling import Floats, Statistic

__all__ = [
    "Agreement",
    "DCalibration",
    "Observed",
    "Step",
    "agreement",
    "breslow",
    "brier_terms",
    "censoring_curve",
    "covered",
    "d_calibration",
    "dynamic_auc",
    "horizon",
    "integrated",
    "kaplan_meier",
    "mean_auc",
    "time_grid",
    "weighted_agreement",
]

_SAME_RISK = 1e-8
_LATE = 90.0  # the percentile of the training events' times up to which models are measured
_EARLY = 10.0
_STEPS = 50


@dataclass(frozen=True)
class Observed:
    """When each patient (n,) had the event, or was last seen without it."""

    times: Floats
    events: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.times)

    def subset(self, rows: NDArray[np.intp]) -> Observed:
        """Some of the patients, in the order of `rows`."""
        return Observed(self.times[rows], self.events[rows])


@dataclass(frozen=True)
class Step:
    """A function that is 1 before the first time, and from each time on has its value."""

    times: Floats
    values: Floats

    def at(self, times: Floats) -> Floats:
        """Its values, of the shape of `times`."""
        return np.concatenate([[1.0], self.values])[np.searchsorted(self.times, times, side="right")]


def kaplan_meier(observed: Observed) -> Step:
    """The share without an event (Kaplan and Meier 1958)."""
    times, events, _, at_risk = _counts(observed)
    return Step(times, np.asarray(np.cumprod(1.0 - events / at_risk), dtype=np.float64))


def breslow(observed: Observed, log_hazard: Floats) -> Step:
    """The survival of a patient whose log relative hazard is 0, exp(-H(t)), with H after Breslow (1974)."""
    times, place = np.unique(observed.times, return_inverse=True)
    events = np.bincount(place, weights=observed.events, minlength=len(times))
    hazard = np.bincount(place, weights=np.exp(log_hazard), minlength=len(times))
    return Step(times, np.exp(-np.cumsum(events / np.cumsum(hazard[::-1])[::-1])))


def censoring_curve(observed: Observed) -> Step:
    """The share still followed: events are no censoring, and at one time come before it."""
    times, events, censored, at_risk = _counts(observed)
    left = at_risk - events
    lost = np.divide(censored, left, out=np.zeros_like(left), where=left > 0)
    return Step(times, np.asarray(np.cumprod(1.0 - lost), dtype=np.float64))


def _counts(observed: Observed) -> tuple[Floats, Floats, Floats, Floats]:
    times, place = np.unique(observed.times, return_inverse=True)
    events = np.bincount(place, weights=observed.events, minlength=len(times)).astype(np.float64)
    all_here = np.bincount(place, minlength=len(times)).astype(np.float64)
    return times, events, all_here - events, np.cumsum(all_here[::-1])[::-1]


@dataclass(frozen=True)
class Agreement:
    """Comparable pairs (n, n), earlier event by row, and how much each is in order: 1, a half for equal risks, or 0."""

    weight: NDArray[np.float32]
    order: NDArray[np.float32]

    @property
    def value(self) -> float:
        """The concordance index; NaN without a comparable pair."""
        total = float(self.weight.sum(dtype=np.float64))
        return float((self.weight * self.order).sum(dtype=np.float64)) / total if total else float("nan")

    def statistic(self) -> Statistic:
        """The concordance index for the bootstrap: a pair counts as often as both its patients were drawn."""
        good = self.weight * self.order

        def statistic(weights: Floats) -> Floats:
            drawn = weights.astype(np.float32)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.asarray(
                    np.einsum("rn,rn->r", drawn @ good, drawn) / np.einsum("rn,rn->r", drawn @ self.weight, drawn),
                    dtype=np.float64,
                )

        return statistic


def agreement(observed: Observed, risk: Floats) -> Agreement:
    """Harrell's C (1982): the earlier event should have the higher risk.

    A patient censored at the very time of an event outlived it; two events at one time do not compare.
    """
    times, events = observed.times, observed.events
    later = (times[:, None] < times[None, :]) | ((times[:, None] == times[None, :]) & ~events[None, :])
    gap = risk[:, None] - risk[None, :]
    order = np.where(np.abs(gap) <= _SAME_RISK, np.float32(0.5), (gap > 0).astype(np.float32))
    return Agreement((later & events[:, None]).astype(np.float32), order)


def weighted_agreement(train: Observed, test: Observed, risk: Floats, tau: float) -> Agreement:
    """Uno's C (2011): pairs count by 1 / G² of the event's time; only events before `tau`."""
    plain = agreement(test, risk)
    followed = censoring_curve(train).at(test.times)
    counts = test.events & (test.times < tau) & (followed > 0)
    weight = np.where(counts, 1.0 / np.square(np.where(counts, followed, 1.0)), 0.0)
    return Agreement((plain.weight * weight[:, None]).astype(np.float32), plain.order)


def brier_terms(train: Observed, test: Observed, survival: Floats, grid: Floats) -> Floats:
    """Each patient's part (n, t) of the Brier score at the grid's times (Graf et al. 1999); the score is their mean.

    Args:
        survival: (n, t) forecast chances of being without the event.
        grid: (t,) increasing times at which G is above 0.
    """
    curve = censoring_curve(train)
    own = curve.at(test.times)
    with_event = (test.times[:, None] <= grid) & (test.events & (own > 0))[:, None]
    without = test.times[:, None] > grid
    at_event = np.square(survival) / np.where(own > 0, own, 1.0)[:, None]
    at_time = np.square(1.0 - survival) / curve.at(grid)
    return np.asarray(np.where(with_event, at_event, 0.0) + np.where(without, at_time, 0.0), dtype=np.float64)


def integrated(terms: Floats, grid: Floats) -> Floats:
    """The mean over time (n,) of terms (n, t), by the trapezoid rule."""
    return np.asarray(np.trapezoid(terms, grid, axis=1) / (grid[-1] - grid[0]), dtype=np.float64)


def dynamic_auc(train: Observed, test: Observed, risk: Floats, grid: Floats) -> Floats:
    """The cumulative/dynamic AUC (t,): those with an event by t against those still without (Hung and Chiang 2010).

    NaN at a time that has no patient on one of the sides.
    """
    followed = censoring_curve(train).at(test.times)
    case_weight = np.where(test.events & (followed > 0), 1.0 / np.where(followed > 0, followed, 1.0), 0.0)
    gap = risk[:, None] - risk[None, :]
    order = np.where(np.abs(gap) <= _SAME_RISK, 0.5, (gap > 0).astype(np.float64))
    cases = np.where(test.times[:, None] <= grid, case_weight[:, None], 0.0)
    controls = (test.times[:, None] > grid).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.einsum("nt,nt->t", cases, order @ controls) / (cases.sum(axis=0) * controls.sum(axis=0))
    return np.asarray(found, dtype=np.float64)


def mean_auc(test: Observed, values: Floats, grid: Floats) -> float:
    """The AUC over the grid's times, each by the share of the test patients who have the event up to it."""
    survival = kaplan_meier(test).at(grid)
    share = -np.diff(np.concatenate([[1.0], survival]))
    known = np.isfinite(values)
    total = float(share[known].sum())
    return float((values[known] * share[known]).sum()) / total if total else float("nan")


def horizon(train: Observed, test: Observed) -> float:
    """Until when is measured: the 90th percentile of the training events' times, at most the last test time."""
    return float(min(np.percentile(train.times[train.events], _LATE), test.times.max()))


def time_grid(train: Observed, test: Observed) -> Floats:
    """Fifty times from the 10th percentile of the training events' to the horizon, all before the last test time."""
    tau = horizon(train, test)
    before = test.times[test.times < test.times.max()]
    last = min(tau, float(before.max())) if len(before) else tau
    first = max(float(np.percentile(train.times[train.events], _EARLY)), float(test.times.min()))
    return np.linspace(first, last, _STEPS)


@dataclass(frozen=True)
class DCalibration:
    """The share of patients in each tenth of forecast survival, and Pearson's test of their being equal.

    `p` below 0.05 says that the curves are not calibrated; a large one does not prove that they are.
    """

    shares: tuple[float, ...]
    statistic: float
    p: float


def d_calibration(survival: Floats, events: NDArray[np.bool_], bins: int = 10) -> DCalibration:
    """D-calibration (Haider et al., JMLR 2020): at the event, the forecast chance of survival is uniform.

    A patient censored where it is s had the event at some chance in [0, s), and is shared out evenly over it.

    Args:
        survival: (n,) each one's forecast chance of being without the event at the time that was observed, in [0, 1].
        events: (n,) whether that was the event.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(edges, survival, side="right") - 1, 0, bins - 1)
    counts = np.bincount(place[events], minlength=bins).astype(np.float64)
    at = survival[~events][:, None]
    length = np.clip(at - edges[:-1], 0.0, 1.0 / bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        shared = length / at
    shared[at[:, 0] <= 0] = np.eye(bins)[0]
    counts += shared.sum(axis=0)
    expected = len(survival) / bins
    statistic = float((np.square(counts - expected) / expected).sum())
    return DCalibration(tuple((counts / len(survival)).tolist()), statistic, float(chi2.sf(statistic, bins - 1)))


def covered(truth: Floats, low: Floats, high: Floats) -> float:
    """The share of a true curve's points (n, t) that lie within the bands."""
    return float(np.mean((low <= truth) & (truth <= high)))

"""Whether probabilities come true: reliability curve, expected calibration error, Brier score and skill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.measures.resampling import Floats, Statistic

__all__ = ["BINS", "Bin", "brier", "brier_skill", "brier_skill_statistic", "chance_ece", "ece", "reliability_curve"]

BINS = 15


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability curve: its mean probability, the share that was positive, and how many films."""

    probability: float
    share: float
    films: int


def _bin_of_film(probabilities: Floats, bins: int) -> NDArray[np.intp]:
    """Bins of equal mass: edges at the quantiles. Equal probabilities share a bin, so there may be fewer bins."""
    edges = np.unique(np.quantile(probabilities, np.arange(1, bins) / bins, method="inverted_cdf"))
    return np.asarray(np.searchsorted(edges, probabilities, side="left"), dtype=np.intp)


def _gaps(probabilities: Floats, outcomes: Floats, bins: int) -> float:
    """The films' mean of |mean probability - share of positives| of their bins."""
    which = _bin_of_film(probabilities, bins)
    return float(np.abs(np.bincount(which, weights=probabilities - outcomes)).sum() / len(probabilities))


def reliability_curve(
    probabilities: NDArray[np.floating], positive: NDArray[np.bool_], bins: int = BINS
) -> tuple[Bin, ...]:
    """The bins of equal mass, from low to high; those that no film falls into are left out."""
    p = np.asarray(probabilities, dtype=np.float64)
    which = _bin_of_film(p, bins)
    return tuple(
        Bin(float(p[which == one].mean()), float(positive[which == one].mean()), int((which == one).sum()))
        for one in np.unique(which)
    )


def ece(probabilities: NDArray[np.floating], positive: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass (Naeini 2015; equal mass: Nixon 2019), n at least 1.

    Of few films it is above zero even for a perfect predictor: see `chance_ece`.
    """
    return _gaps(np.asarray(probabilities, dtype=np.float64), positive.astype(np.float64), bins)


def chance_ece(probabilities: NDArray[np.floating], bins: int = BINS, draws: int = 50, seed: int = 0) -> float:
    """The mean ECE that these very probabilities (n,) would show if they were true: what is left to chance alone."""
    p = np.asarray(probabilities, dtype=np.float64)
    random = np.random.default_rng(seed)
    return float(np.mean([_gaps(p, (random.random(len(p)) < p).astype(np.float64), bins) for _ in range(draws)]))


def brier(probabilities: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Mean squared distance of probability and outcome (Brier 1950)."""
    return float(np.mean((np.asarray(probabilities, dtype=np.float64) - positive) ** 2))


def brier_skill_statistic(
    probabilities: NDArray[np.floating], positive: NDArray[np.bool_], reference: float | NDArray[np.floating]
) -> Statistic:
    """See `brier_skill`."""
    ours = (np.asarray(probabilities, dtype=np.float64) - positive) ** 2
    theirs = (np.asarray(reference, dtype=np.float64) - positive) ** 2

    def statistic(weights: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(1.0 - (weights @ ours) / (weights @ theirs), dtype=np.float64)

    return statistic


def brier_skill(
    probabilities: NDArray[np.floating], positive: NDArray[np.bool_], reference: float | NDArray[np.floating]
) -> float:
    """1 - Brier / Brier of a reference predictor, such as the training prevalence; above zero is better than it."""
    return float(brier_skill_statistic(probabilities, positive, reference)(np.ones((1, len(positive))))[0])

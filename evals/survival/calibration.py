"""Whether forecast curves mean what they say: D-calibration on outcomes, and bands against curves that are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from wardround.agents.measures.resampling import Floats

__all__ = ["DCalibration", "covered", "d_calibration"]


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

"""Applies a stored calibration: probabilities, conformal sets, and whether to defer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.calibration import Calibration, DeferralCut, LabelCalibration, PredictionSet

__all__ = ["Calibrator", "logistic", "logit"]

_CLIP = 1e-6


def logit(p: NDArray[np.floating]) -> NDArray[np.float64]:
    """Natural log-odds of p in [0, 1], kept off the ends by 1e-6."""
    kept = np.clip(np.asarray(p, dtype=np.float64), _CLIP, 1.0 - _CLIP)
    return np.asarray(np.log(kept) - np.log1p(-kept), dtype=np.float64)


def logistic(x: NDArray[np.floating]) -> NDArray[np.float64]:
    """The inverse of `logit`, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(x, dtype=np.float64))), dtype=np.float64)


class Calibrator:
    """Looks up a calibration by label. Labels that it does not have, or has demoted, keep their scores."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._labels = {row.label: row for row in calibration.labels}

    def trusted(self, label: str) -> LabelCalibration | None:
        """The label's calibration, or None where its numbers are only scores."""
        row = self._labels.get(label)
        return None if row is None or row.demoted else row

    def probabilities(self, label: str, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Scores (n,) in [0, 1] to probabilities at the calibration films' prevalence.

        A demoted label is bent all the same, so that it stays comparable; `trusted` says that it is a score. Scores of
        an unknown label come back as they are.
        """
        row = self._labels.get(label)
        if row is None:
            return np.asarray(scores, dtype=np.float64)
        return logistic(row.slope * logit(scores) + row.intercept)

    def prediction_set(self, label: str, probability: float, level: float) -> PredictionSet | None:
        """The conformal set at a nominal coverage; None where the label is not calibrated or the level not fitted."""
        row = self.trusted(label)
        for cut in row.cuts if row else ():
            if cut.level == level:
                return PredictionSet(
                    level=level, present=probability >= cut.present_from, absent=probability <= cut.absent_to
                )
        return None

    def deferral_cuts(self, label: str) -> tuple[DeferralCut, ...]:
        """All cuts of the label's selective mode; none where it has none or its numbers are only scores."""
        return self.calibration.deferral.get(label, ()) if self.trusted(label) else ()

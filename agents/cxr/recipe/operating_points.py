"""Operating points on the evidence's log-odds, from out-of-fold probabilities.

The evidence of a probability p is logit(p) - logit(prevalence). A finding is suspected from the cut at which nine in
ten films without it stay below; it is unlikely below the cut under which only one in ten films with it lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.weighing import OperatingPoint

__all__ = ["evidence_log_odds", "operating_point"]

_SPECIFICITY, _SENSITIVITY = 0.90, 0.90


def evidence_log_odds(scores: NDArray[np.float64], prevalence: float) -> NDArray[np.float64]:
    """logit(score) - logit(prevalence), natural log-odds, scores kept off 0 and 1 by 1e-6."""
    p = np.clip(scores, 1e-6, 1 - 1e-6)
    gain: NDArray[np.float64] = np.log(p / (1 - p)) - np.log(prevalence / (1 - prevalence))
    return gain


def operating_point(gain: NDArray[np.float64], positive: NDArray[np.bool_], source: str) -> OperatingPoint:
    """The two cuts for one label; where the label is so well told apart that they cross, both are the lower one."""
    suspect = float(np.quantile(gain[~positive], _SPECIFICITY))
    unlikely = float(np.quantile(gain[positive], 1 - _SENSITIVITY))
    return OperatingPoint(
        suspect_at=round(suspect, 4),
        unlikely_at=round(min(unlikely, suspect), 4),
        sensitivity=round(float((gain[positive] >= suspect).mean()), 4),
        specificity=round(float((gain[~positive] < suspect).mean()), 4),
        source=source,
    )

"""CUC, our formulation: what a censored patient says of its risk, and how uncertain that leaves it.

Each patient's log hazard r is normal with mean m and spread s, both of which a network reads from its data. Given the
cumulative baseline hazard H(t), a patient seen until t adds the expected right-censored log-likelihood

    E[log L] = event · (m + log h(t)) - exp(m + s²/2) H(t)

so a censored one constrains survival beyond its time and claims nothing about when it ends. A prior holds the spread:

    KL(N(m, s²) | N(m, w²)) = (s²/w² - 1 - log(s²/w²)) / 2,    w = scale · (1 + earliness)

whose sum is least at 1/s² = 1/w² + exp(m + s²/2) H(t): the spread is wide where little hazard was lived through, and a
patient who was censored early, as seen from the distribution of censoring, has a wider prior still. Earliness is the
share of the cohort that is followed longer, by the reversed Kaplan-Meier curve; 0 for those who had the event.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.measures.survival import Observed, kaplan_meier

__all__ = ["earliness", "expected_log_likelihood", "gone", "spread_loss"]

_SCALE = 1.0  # of the prior's spread, in log hazard: a factor of 2.7 in hazard, what a strong covariate does
_MOST = 30.0


def _survival(times: NDArray[np.float64], events: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Kaplan-Meier's S(t) at each patient's own time (n,)."""
    return kaplan_meier(Observed(times, events)).at(times)


def gone(times: NDArray[np.float64], events: NDArray[np.bool_]) -> NDArray[np.float64]:
    """F(t) at each patient's own time (n,): the share of the cohort that has had the event by then."""
    return 1.0 - _survival(times, events)


def earliness(times: NDArray[np.float64], events: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How early each patient was censored (n,), in [0, 1]: the share followed longer; 0 after an event."""
    return np.where(events, 0.0, _survival(times, ~events))


def expected_log_likelihood(
    mean: Tensor, spread: Tensor, log_hazard: Tensor, cumulative: Tensor, events: Tensor
) -> Tensor:
    """E[log L] (n,) as above.

    Args:
        log_hazard: log h(t) of the baseline at each patient's time (n,).
        cumulative: H(t) >= 0 there (n,).
        events: (n,) bool.
    """
    lived = torch.exp((mean + 0.5 * spread**2).clamp_max(_MOST)) * cumulative
    return torch.where(events, mean + log_hazard, torch.zeros_like(mean)) - lived


def spread_loss(spread: Tensor, early: Tensor) -> Tensor:
    """The divergence from the prior (n,), >= 0, of spreads (n,) and earliness (n,)."""
    ratio = (spread / (_SCALE * (1.0 + early))) ** 2
    return 0.5 * (ratio - 1.0 - torch.log(ratio))

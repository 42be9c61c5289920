"""The continuous-time head: a baseline survival curve as a mixture of Weibull curves, and its fit to given risks.

S0(t) = Σ w_k exp(-(t / b_k)^a_k): no time is cut into bins, S0 falls from 1 to 0 whatever the weights, and its hazard
may rise and fall. A patient's curve at log hazard r is S0(t)^exp(r).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["WeibullMixture", "fit_baseline", "gauss_hermite"]

_NODES = 9
_SLOPES = (0.5, 6.0)  # bounds of a Weibull's shape: hazards of cohorts, not of machines
_FRAILTY_SCALE = 0.45
_STEPS = 60


def gauss_hermite(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Places and weights (q,) of sums over a standard normal."""
    at, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    return torch.as_tensor(at, dtype=dtype), torch.as_tensor(weight / weight.sum(), dtype=dtype)


class WeibullMixture(nn.Module):
    """`components` Weibull curves. Times are in units of the buffer `unit`, which `start` sets to a typical time."""

    def __init__(self, components: int) -> None:
        super().__init__()
        self.register_buffer("unit", torch.ones(()))
        self.logits = nn.Parameter(torch.zeros(components))
        self.scales = nn.Parameter(torch.zeros(components))
        self.slopes = nn.Parameter(torch.zeros(components))

    @torch.no_grad()
    def start(self, times: NDArray[np.float64], events: NDArray[np.bool_]) -> None:
        """Begin at an exponential curve's mean, spread out over the components."""
        mean = float(times.sum() / max(int(events.sum()), 1))
        self.get_buffer("unit").fill_(mean)
        count = len(self.scales)
        self.scales.copy_(torch.linspace(-1.0, 1.0, count) if count > 1 else torch.zeros(1))
        self.logits.zero_()
        low, high = _SLOPES
        self.slopes.fill_(math.log((1.1 - low) / (high - 1.1)))

    def _logs(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """log S0(t) and log f0(t) (n,), at t > 0."""
        low, high = _SLOPES
        slope = low + (high - low) * torch.sigmoid(self.slopes)
        weight = torch.log_softmax(self.logits, dim=0)
        unit = self.get_buffer("unit")
        ratio = torch.log(times.clamp_min(1e-30) / unit)[..., None] - self.scales
        risen = torch.exp((slope * ratio).clamp_max(60.0))
        log_survival = torch.logsumexp(weight - risen, dim=-1)
        density = weight + torch.log(slope) - self.scales - torch.log(unit) + (slope - 1.0) * ratio - risen
        return log_survival, torch.logsumexp(density, dim=-1)

    def forward(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """log h0(t) and H0(t) >= 0 (n,) at times (n,) > 0, in the cohort's unit."""
        log_survival, log_density = self._logs(times)
        return log_density - log_survival, (-log_survival).clamp_min(0.0)


def _marginal(head: WeibullMixture, risk: Tensor, width: Tensor, times: Tensor, events: Tensor) -> Tensor:
    """The mean log-likelihood with a normal log frailty of standard deviation `width` (n,)."""
    at, weight = gauss_hermite(risk.dtype)
    log_hazard, cumulative = head(times)
    r = risk[:, None] + width[:, None] * at
    inner = (
        torch.where(events[:, None], r + log_hazard[:, None], torch.zeros_like(r)) - torch.exp(r) * cumulative[:, None]
    )
    return torch.logsumexp(inner + torch.log(weight), dim=1).mean()


def fit_baseline(
    components: int, risk: NDArray[np.float64], times: NDArray[np.float64], events: NDArray[np.bool_], *, frailty: bool
) -> tuple[WeibullMixture, float]:
    """The curve most likely under these log hazards (n,), and the standard deviation of what they leave unexplained.

    Fitted by the right-censored likelihood, over a normal log frailty where `frailty`, whose size has a half-normal
    prior of 0.45 that the data of a small cohort do not move far. `risk` must be held-out predictions, or the curve
    takes the model to be surer than it is.
    """
    head = WeibullMixture(components).double()
    head.start(times, events)
    given, at = torch.as_tensor(risk, dtype=torch.float64), torch.as_tensor(times, dtype=torch.float64)
    happened = torch.as_tensor(events)
    log_width = torch.tensor(math.log(_FRAILTY_SCALE), dtype=torch.float64, requires_grad=True)
    trained = [*head.parameters(), *([log_width] if frailty else [])]
    optimiser = torch.optim.LBFGS(trained, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        width = torch.exp(log_width) if frailty else log_width.detach() * 0.0
        loss = -_marginal(head, given, width.expand_as(given), at, happened)
        held = (
            head.logits.square().sum() + (head.scales - head.scales.mean()).square().sum() + head.slopes.square().sum()
        )
        loss = loss + 0.01 * held / len(given)
        if frailty:
            loss = loss + (0.5 * (width / _FRAILTY_SCALE) ** 2 - log_width) / len(given)
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return head, float(torch.exp(log_width.detach())) if frailty else 0.0

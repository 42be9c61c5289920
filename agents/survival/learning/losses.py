"""What a member learns by: Cox's partial likelihood, the head's likelihood, and the three modules' losses."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from wardround.agents.survival.learning.ball import Space
from wardround.agents.survival.learning.censoring import expected_log_likelihood, spread_loss
from wardround.agents.survival.learning.head import WeibullMixture
from wardround.agents.survival.learning.hierarchy import entailment_loss, order_loss
from wardround.agents.survival.learning.network import Output
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.ordinal import ordinal_loss

with warnings.catch_warnings():
    # Its metrics' package calls what torch means to retire; of it only the loss is used here.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from torchsurv.loss.cox import neg_partial_log_likelihood

__all__ = ["Outcome", "cox_loss", "total_loss"]


@dataclass(frozen=True)
class Outcome:
    """`times` (n,) > 0 and `events` (n,), F(t) as `places` (n,), and how `early` (n,) each was censored."""

    times: Tensor
    events: Tensor
    places: Tensor
    early: Tensor

    def at(self, index: Tensor) -> Outcome:
        """Those of some patients."""
        return Outcome(self.times[index], self.events[index], self.places[index], self.early[index])


def cox_loss(risk: Tensor, times: Tensor, events: Tensor, ties: Literal["efron", "breslow"] = "efron") -> Tensor:
    """Minus Cox's log partial likelihood per event, of log hazards (n,); 0 without an event."""
    happened = int(events.sum())
    if happened == 0 or len(risk) < 2:
        return risk.sum() * 0.0
    # The likelihood knows no level; at 0 from above, no exponential overflows.
    level = risk - risk.detach().max()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Ties in `time`", category=UserWarning)
        loss: Tensor = neg_partial_log_likelihood(
            level.float(), events, times.float(), ties_method=ties, reduction="sum"
        )
    return loss / happened


def total_loss(out: Output, outcome: Outcome, space: Space, head: WeibullMixture, options: SurvivalOptions) -> Tensor:
    """The weighted sum of all losses that the options turn on, over one batch."""
    times, events = outcome.times, outcome.events
    total = options.cox_weight * cox_loss(out.risk, times, events, options.ties)
    spread = out.spread if options.cuc else torch.zeros_like(out.spread)
    log_hazard, cumulative = head(times)
    likelihood = expected_log_likelihood(out.risk, spread, log_hazard, cumulative, events)
    total = total - options.likelihood_weight * likelihood.mean()
    if options.cuc:
        total = total + options.cuc_weight * spread_loss(out.spread, outcome.early).mean()
    if options.hierarchy:
        order = order_loss(space, out.edges, options.margin)
        cones = entailment_loss(space, out.cones, options.cone)
        total = total + options.hierarchy_weight * (order.to(total.device) + cones.to(total.device))
    if options.arcl:
        ranked = ordinal_loss(space, out.point, outcome.places, events, options.temperature)
        total = total + options.arcl_weight * ranked
    return total

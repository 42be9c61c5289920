"""A fitted model as one module: scaling, ridge part, members, how they are joined, and the baseline with its error."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wardround.agents.survival.learning.collate import Batch
from wardround.agents.survival.learning.encoders import Pathways
from wardround.agents.survival.learning.head import WeibullMixture, gauss_hermite
from wardround.agents.survival.learning.network import SurvivalNetwork
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.scaling import Scaling, Shape

__all__ = ["Ensemble", "Layout", "Risks"]

Z = 1.6448536  # half the width of a 90 % interval, in standard deviations


@dataclass(frozen=True)
class Layout:
    """The sizes from which an ensemble is made again; `directions` of the genes are 0 where the ridge reads all."""

    shape: Shape
    pathways: int
    memberships: int
    directions: int
    times: int


@dataclass(frozen=True)
class Risks:
    """Log relative hazards (n,), the standard deviation of their estimation, and of what the model cannot know."""

    mean: Tensor
    error: Tensor
    frailty: Tensor

    @property
    def spread(self) -> Tensor:
        """Both together (n,)."""
        return torch.sqrt(self.error**2 + self.frailty**2)


class Ensemble(nn.Module):
    """risk = a · ridge + b · mean of the members, with a, b >= 0.

    The error of the ridge part is that of its penalised information (a Laplace approximation). The members' is the
    jackknife's over groups, since each member was trained without another fold: (k - 1) times the variance over
    members. The two are added, as they learn from the same patients and err together.
    """

    def __init__(self, layout: Layout, options: SurvivalOptions) -> None:
        super().__init__()
        self.layout, self.options = layout, options
        shape = layout.shape
        self.scaling = Scaling(shape)
        empty = torch.zeros(layout.memberships, 2, dtype=torch.int64)
        pathways = Pathways(layout.pathways, empty)
        self.members = nn.ModuleList(SurvivalNetwork(shape, options, pathways) for _ in range(options.members))
        self.head = WeibullMixture(options.components)
        wide = shape.clinical + shape.bends + (layout.directions or shape.genes)
        self.register_buffer("directions", torch.zeros(shape.genes, layout.directions))
        self.register_buffer("coefficients", torch.zeros(wide))
        self.register_buffer("covariance", torch.zeros(wide, wide))
        self.register_buffer("levels", torch.zeros(options.members))
        self.register_buffer("stack", torch.zeros(2))
        self.register_buffer("frailty", torch.zeros(()))
        self.register_buffer("typical_spread", torch.ones(()))
        self.register_buffer("times", torch.zeros(layout.times))
        self.register_buffer("baseline_variance", torch.zeros(layout.times))

    def columns(self, batch: Batch) -> Tensor:
        """What the ridge part reads (n, q): standardised clinical columns, their bends, genes or their directions."""
        clinical = self.scaling.clinical(batch.clinical)
        parts = [clinical, self.scaling.bends(clinical)]
        if self.layout.shape.genes:
            absent = torch.full((len(batch), self.layout.shape.genes), torch.nan, device=clinical.device)
            genes = self.scaling.genes(absent if batch.genes is None else batch.genes)
            parts.append(genes @ self.get_buffer("directions") if self.layout.directions else genes)
        return torch.cat(parts, dim=1)

    def of_members(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Log hazards and spreads of the members, each (members, n)."""
        outs = [member(batch, self.scaling) for member in self.members]
        return torch.stack([out.risk for out in outs]), torch.stack([out.spread for out in outs])

    def risks(self, batch: Batch) -> Risks:
        """The joined log hazards; can be differentiated by what is in the batch."""
        weight = self.get_buffer("stack")
        columns = self.columns(batch)
        mean = weight[0] * (columns @ self.get_buffer("coefficients"))
        error = weight[0] * ((columns @ self.get_buffer("covariance")) * columns).sum(dim=1).clamp_min(0.0).sqrt()
        risk, spread = self.of_members(batch)
        level = risk - self.get_buffer("levels")[:, None]
        mean = mean + weight[1] * level.mean(dim=0)
        jackknife = (len(level) - 1) * level.var(dim=0, unbiased=False)
        error = error + weight[1] * jackknife.clamp_min(1e-12).sqrt()
        relative = spread.mean(dim=0) / self.get_buffer("typical_spread") if self.options.cuc else torch.ones_like(mean)
        return Risks(mean, error, self.get_buffer("frailty") * relative)

    def curves(self, risks: Risks) -> tuple[Tensor, Tensor, Tensor]:
        """S(t) at `times`, averaged over what cannot be known, and its 90 % band, each (n, t) and never rising."""
        times = self.get_buffer("times")
        _, cumulative = self.head(times)
        cumulative = torch.where(times > 0.0, cumulative, torch.zeros_like(cumulative))
        at, weight = gauss_hermite(risks.mean.dtype)
        hazards = torch.exp(risks.mean[:, None] + risks.frailty[:, None] * at.to(times.device))
        survival = torch.einsum("nqt,q->nt", torch.exp(-hazards[:, :, None] * cumulative), weight.to(times.device))
        wide = Z * torch.sqrt((risks.spread**2)[:, None] + self.get_buffer("baseline_variance"))
        low = torch.exp(-torch.exp(risks.mean[:, None] + wide) * cumulative)
        high = torch.exp(-torch.exp(risks.mean[:, None] - wide) * cumulative)
        low, high = torch.minimum(low, survival), torch.maximum(high, survival)
        return survival, torch.cummin(low, dim=1).values, torch.cummax(high.flip(1), dim=1).values.flip(1)

"""One member of a survival model: from any subset of modalities to a point in the ball, a log hazard and its spread.

Our formulation of HySurvPred's multimodal hyperbolic mapping (MHM): each modality is encoded into a tangent vector,
mapped to one ball, and what is there of a patient is joined by the midpoint, so that a missing modality is left out
instead of being filled in. The log hazard is read from the midpoint's tangent vector, where a flat network may read.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wardround.agents.survival.learning.ball import Ball, Flat, Space
from wardround.agents.survival.learning.collate import Batch
from wardround.agents.survival.learning.encoders import Edges, PathwayEncoder, Pathways, SlideEncoder, TableEncoder
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.scaling import Scaling, Shape

__all__ = ["Cones", "Output", "SurvivalNetwork", "present"]

_SPREAD = 0.7  # of a log hazard before anything is known of it
_WIDEST = 2.0


@dataclass(frozen=True)
class Cones:
    """Points (e, d) whose cone should hold others (e, d): a more general view of a patient, and a more special one."""

    parents: Tensor
    children: Tensor


@dataclass(frozen=True)
class Output:
    """`risk` (n,) is a log relative hazard, `spread` (n,) > 0 its standard deviation, `point` (n, d) in the ball.

    `edges` and `cones` are for the losses of the hierarchy.
    """

    risk: Tensor
    spread: Tensor
    point: Tensor
    edges: tuple[Edges, ...]
    cones: tuple[Cones, ...]


def present(batch: Batch, shape: Shape) -> Tensor:
    """Which of the model's modalities each patient has, (n, modalities), in the order clinical, genes, histology."""
    columns = []
    if shape.clinical:
        columns.append(~batch.clinical.isnan().all(dim=1))
    if shape.genes:
        genes = batch.genes
        none = torch.zeros(len(batch), dtype=torch.bool, device=batch.clinical.device)
        columns.append(none if genes is None else ~genes.isnan().all(dim=1))
    if shape.levels:
        slides = torch.zeros(len(batch), dtype=torch.bool, device=batch.clinical.device)
        if batch.levels:
            slides[batch.levels[0].patient] = True
        columns.append(slides)
    return torch.stack(columns, dim=1)


class SurvivalNetwork(nn.Module):
    """See the module. `pathways` are of its genes, and of no gene where it reads none."""

    def __init__(self, shape: Shape, options: SurvivalOptions, pathways: Pathways) -> None:
        super().__init__()
        self.shape, self.hidden = shape, options.modality_dropout
        width, dimensions, dropout = options.width, options.dimensions, options.dropout
        self.space: Space = Ball(options.curvature) if options.hyperbolic else Flat()
        self.table = TableEncoder(shape.clinical, width, dimensions, dropout) if shape.clinical else None
        self.genes = PathwayEncoder(shape.genes, pathways, width, dimensions, dropout) if shape.genes else None
        self.attention = nn.Linear(dimensions, 1) if shape.genes else None
        self.slides = SlideEncoder(shape.patch, shape.levels, width, dimensions, dropout) if shape.levels else None
        self.weight = nn.Parameter(torch.zeros(sum(map(bool, (shape.clinical, shape.genes, shape.levels)))))
        self.risk = nn.Sequential(nn.Dropout(dropout), nn.Linear(dimensions, 1))
        self.spread = nn.Linear(dimensions, 1)
        nn.init.zeros_(self.spread.weight)
        nn.init.constant_(self.spread.bias, float(torch.logit(torch.tensor(_SPREAD / _WIDEST))))

    def _genes(self, genes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The point of a patient's genes (n, d), and the points and tangent vectors of the pathways (n, q, d)."""
        assert self.genes is not None and self.attention is not None
        tangents = self.genes(genes)
        points = self.space.exp0(tangents)
        share = torch.softmax(self.attention(tangents)[..., 0], dim=1)
        return self.space.midpoint(points, share), points, tangents

    def forward(self, batch: Batch, scaling: Scaling, nodes: bool = False) -> Output:
        """Without `nodes`, edges and cones are left out; which edges are looked at is drawn."""
        there = present(batch, self.shape)
        points: list[Tensor] = []
        edges: list[Edges] = []
        pathways: Tensor | None = None
        if self.table is not None:
            points.append(self.space.exp0(self.table(scaling.clinical(batch.clinical))))
        if self.genes is not None:
            absent = torch.full((len(batch), self.shape.genes), torch.nan, device=there.device)
            genes = scaling.genes(absent if batch.genes is None else batch.genes)
            joined, pathways, tangents = self._genes(genes)
            points.append(joined)
            if nodes:
                edges.append(self.genes.edges(genes, tangents))
        if self.slides is not None:
            points.append(self._slides(batch, scaling, edges, nodes))
        weights = self._kept(there) * torch.softmax(self.weight, dim=0)
        point = self.space.midpoint(torch.stack(points, dim=1), weights)
        tangent = self.space.log0(point)
        spread = _WIDEST * torch.sigmoid(self.spread(tangent)[:, 0])
        cones = self._cones(points, pathways, there) if nodes else ()
        return Output(self.risk(tangent)[:, 0], spread, point, tuple(edges), cones)

    def _slides(self, batch: Batch, scaling: Scaling, edges: list[Edges], nodes: bool) -> Tensor:
        assert self.slides is not None
        if not batch.levels:
            return torch.zeros(len(batch), self.spread.in_features, device=batch.clinical.device)
        features = [scaling.patches(level.features, number) for number, level in enumerate(batch.levels)]
        tangents, of_slides = self.slides(batch.levels, features, len(batch), nodes)
        edges.extend(of_slides)
        return self.space.exp0(tangents)

    def _kept(self, there: Tensor) -> Tensor:
        """Which modalities are joined: in training some are hidden, but never a patient's last."""
        if not self.training or there.shape[1] < 2 or self.hidden == 0.0:
            return there.float()
        kept = there & (torch.rand(there.shape, device=there.device) >= self.hidden)
        return torch.where(kept.any(dim=1, keepdim=True), kept, there).float()

    def _cones(self, points: list[Tensor], pathways: Tensor | None, there: Tensor) -> tuple[Cones, ...]:
        """The table entails genes and slide, and each pathway entails the slide: the more general the nearer in.

        A stage or a grade fits many tumours, a pathway's activity fewer, and a slide is of one.
        """
        names = [name for name, wide in zip(("table", "genes", "slides"), self._widths(), strict=True) if wide]
        of = dict(zip(names, range(len(names)), strict=True))
        found = []
        if "table" in of:
            for name in set(names) - {"table"}:
                both = there[:, of["table"]] & there[:, of[name]]
                found.append(Cones(points[of["table"]][both], points[of[name]][both]))
        if pathways is not None and "slides" in of:
            both = there[:, of["genes"]] & there[:, of["slides"]]
            above = pathways[both]
            found.append(Cones(above, points[of["slides"]][both][:, None].expand_as(above)))
        return tuple(cone for cone in found if len(cone.parents))

    def _widths(self) -> tuple[int, int, int]:
        return self.shape.clinical, self.shape.genes, self.shape.levels

"""Encoders of one modality each into tangent vectors at the origin, and the edges of their hierarchies."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wardround.agents.survival.learning.collate import Level

__all__ = ["Edges", "PathwayEncoder", "Pathways", "SlideEncoder", "TableEncoder"]

_FIRST, _PLACE = 0.5, 0.1  # of what is drawn first, in standard deviations
_SAMPLED = 512  # edges of a hierarchy that are looked at in a step: all of them teach no more


@dataclass(frozen=True)
class Edges:
    """Tangent vectors of parents (e, d) and of their children (e, d)."""

    parents: Tensor
    children: Tensor


def _sampled(count: int, device: torch.device) -> Tensor:
    return torch.randperm(count, device=device)[:_SAMPLED]


class TableEncoder(nn.Module):
    """A clinical vector (n, p) as a tangent vector (n, d): one hidden layer."""

    def __init__(self, columns: int, width: int, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(columns, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, dimensions)
        )

    def forward(self, table: Tensor) -> Tensor:
        out: Tensor = self.layers(table)
        return out


@dataclass(frozen=True)
class Pathways:
    """`count` pathways of some genes; `members` (e, 2) int64 are gene and pathway, in the pathways' order."""

    count: int
    members: Tensor


class PathwayEncoder(nn.Module):
    """Genes (n, g) to a tangent vector per pathway (n, q, d).

    Each gene has a direction and a place of its own among the hidden units: it shows as place + value · direction. A
    pathway takes the sum over its members, through one layer that all pathways share, plus a place of its own; a gene
    by itself goes through the same layer. Sharing keeps the number of weights to about two per gene and hidden unit.
    """

    def __init__(self, genes: int, pathways: Pathways, width: int, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.pathways = pathways.count
        self.register_buffer("members", pathways.members)
        self.direction = nn.Parameter(_FIRST * torch.randn(genes, width))
        self.place = nn.Parameter(_PLACE * torch.randn(genes, width))
        self.own = nn.Parameter(_PLACE * torch.randn(self.pathways, dimensions))
        self.shared = nn.Sequential(nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, dimensions))

    def forward(self, genes: Tensor) -> Tensor:
        gene, pathway = self.get_buffer("members").unbind(1)
        # One product a pathway: a matrix of all genes by all pathways would be nearly all zeros.
        pooled = [
            genes[:, some] @ self.direction[some] / len(some) ** 0.5 + self.place[some].mean(dim=0)
            for some in torch.split(gene, torch.bincount(pathway, minlength=self.pathways).tolist())
        ]
        out: Tensor = self.shared(torch.stack(pooled, dim=1)) + self.own
        return out

    def edges(self, genes: Tensor, pathways: Tensor) -> Edges:
        """Some pathways (by their tangent vectors (n, q, d)) and members of theirs."""
        members = self.get_buffer("members")
        edge = members[torch.randint(len(members), (_SAMPLED,), device=genes.device)]
        patient = torch.randint(len(genes), (_SAMPLED,), device=genes.device)
        gene, pathway = edge[:, 0], edge[:, 1]
        children = self.shared(self.place[gene] + genes[patient, gene][:, None] * self.direction[gene])
        return Edges(pathways[patient, pathway], children)


class _Pooling(nn.Module):
    """Gated attention (Ilse et al., ICML 2018) from patches to whatever they belong to."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.open, self.gate, self.score = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, hidden: Tensor, group: Tensor, groups: int) -> Tensor:
        """Weighted means (groups, w) of hidden (m, w) by group (m,); 0 for a group without any."""
        score = self.score(torch.tanh(self.open(hidden)) * torch.sigmoid(self.gate(hidden)))[:, 0]
        top = torch.zeros(groups, dtype=score.dtype, device=score.device)
        top = top.scatter_reduce(0, group, score.detach(), reduce="amax", include_self=False)
        weight = torch.exp(score - top[group])
        total = torch.zeros(groups, dtype=score.dtype, device=score.device).index_add(0, group, weight)
        share = weight / total[group]
        return torch.zeros(groups, hidden.shape[1], dtype=hidden.dtype, device=hidden.device).index_add(
            0, group, share[:, None] * hidden
        )


class SlideEncoder(nn.Module):
    """Bags of patches, coarse to fine, to a tangent vector per patient (n, d).

    What a region shows is its own features and the attended ones of its patches; a slide is its attended regions.
    """

    def __init__(self, features: int, levels: int, width: int, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.read = nn.ModuleList(nn.Linear(features, width) for _ in range(levels))
        self.up = nn.ModuleList(nn.Linear(width, width) for _ in range(levels - 1))
        self.pool = nn.ModuleList(_Pooling(width) for _ in range(levels))
        self.dropped = nn.Dropout(dropout)
        self.out = nn.Linear(width, dimensions)

    def forward(
        self, levels: tuple[Level, ...], features: list[Tensor], patients: int, nodes: bool
    ) -> tuple[Tensor, list[Edges]]:
        """Tangent vectors of the patients (n, d), 0 without a slide; edges slide to region and region to patch.

        Args:
            features: the levels' features, standardised.
            nodes: whether edges are wanted.
        """
        below: Tensor | None = None
        hidden: list[Tensor] = []
        for number in reversed(range(len(levels))):
            own: Tensor = self.dropped(torch.relu(self.read[number](features[number])))
            if below is not None:
                own = own + torch.relu(self.up[number](below))
            hidden.insert(0, own)
            groups = len(features[number - 1]) if number else patients
            below = self.pool[number](own, levels[number].parent, groups)
        assert below is not None
        slide: Tensor = self.out(below)
        edges = []
        for number, level in enumerate(levels if nodes else ()):
            some = _sampled(len(level.parent), slide.device)
            above = slide[level.parent[some]] if number == 0 else self.out(hidden[number - 1][level.parent[some]])
            edges.append(Edges(above, self.out(hidden[number][some])))
        return slide, edges

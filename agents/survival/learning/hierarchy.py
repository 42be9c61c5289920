"""The losses that keep a hierarchy: parents nearer the origin than their children, children in their parents' cones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from wardround.agents.survival.learning.ball import Space
from wardround.agents.survival.learning.encoders import Edges
from wardround.agents.survival.learning.network import Cones

__all__ = ["entailment_loss", "in_order", "order_loss"]


def order_loss(space: Space, edges: Sequence[Edges], margin: float) -> Tensor:
    """Mean of max(0, margin + |parent| - |child|), where |.| is the geodesic distance from the origin.

    The volume of the ball grows exponentially outwards, so there is room for the many children of few parents.
    """
    terms = [_gaps(space, edge).add(margin).clamp_min(0.0).mean() for edge in edges]
    return torch.stack(terms).mean() if terms else torch.zeros(())


def in_order(space: Space, edges: Sequence[Edges]) -> float:
    """The share of pairs whose parent is nearer the origin; NaN without any."""
    gaps = [_gaps(space, edge) for edge in edges]
    return float((torch.cat(gaps) < 0.0).float().mean()) if gaps else float("nan")


def _gaps(space: Space, edge: Edges) -> Tensor:
    return space.norm(space.exp0(edge.parents)) - space.norm(space.exp0(edge.children))


def entailment_loss(space: Space, cones: Sequence[Cones], cone: float) -> Tensor:
    """Mean of max(0, exterior angle - half aperture), in radians (MERU, Desai et al., ICML 2023).

    One form in print is max(0, 1 - (exterior - aperture) / pi), which is least where the child lies furthest outside.
    """
    terms = []
    for pair in cones:
        outside = space.exterior(pair.parents, pair.children) - space.aperture(pair.parents, cone)
        terms.append(outside.clamp_min(0.0).mean())
    return torch.stack(terms).mean() if terms else torch.zeros(())

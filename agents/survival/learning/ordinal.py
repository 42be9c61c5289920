"""ARCL, our formulation: a contrastive loss on angle and distance whose positives are ordered by survival time.

After Rank-N-Contrast (Zha et al., NeurIPS 2023): seen from an anchor, each other patient is a positive against all who
are certainly further off in time, so that likeness falls with the gap in time and no time is cut into bins. Under
censoring:

- an anchor and a positive have had the event, so that their times are known;
- a patient censored at c lived beyond c. From an anchor at t it is further off than a gap g for certain only if
  c - t >= g; it is then among those that the positive is held against, and otherwise it is not looked at.

Time is measured as F(t), the share of the cohort that has gone by Kaplan-Meier, so that a gap is worth the patients in
it and neither a unit nor a long tail matters.
"""

from __future__ import annotations

import torch
from torch import Tensor

from wardround.agents.survival.learning.ball import Space

__all__ = ["certain_gaps", "likeness", "ordinal_loss"]

_ANCHORS = 96  # of a batch: more cost time in proportion, and teach little more
_DISTANCE = 0.5  # weight of a distance against the cosine of an angle, which spans 2


def likeness(space: Space, anchors: Tensor, points: Tensor) -> Tensor:
    """How alike anchors (a, d) and points (n, d) are, (a, n): the cosine of their angle less half their distance."""
    lengths = [torch.linalg.vector_norm(of, dim=-1).clamp_min(1e-9) for of in (anchors, points)]
    cosine = (anchors @ points.T) / (lengths[0][:, None] * lengths[1][None, :])
    alike: Tensor = cosine - _DISTANCE * space.distance(anchors[:, None], points[None, :])
    return alike


def certain_gaps(places: Tensor, events: Tensor) -> tuple[Tensor, Tensor]:
    """By anchor and other (n, n): how far off in time the other is at least, and whether exactly so.

    -1 where nothing is certain: the anchor is censored, or the other was before the anchor's event, or is the anchor.

    Args:
        places: F(t) of each patient (n,) in [0, 1].
        events: (n,) bool.
    """
    ahead = places[None, :] - places[:, None]
    other_event, anchor = events[None, :], events[:, None]
    gaps = torch.where(other_event, ahead.abs(), ahead)
    known = anchor & (other_event | (ahead > 0.0)) & ~torch.eye(len(places), dtype=torch.bool, device=places.device)
    return torch.where(known, gaps, -1.0), known & other_event


def ordinal_loss(space: Space, points: Tensor, places: Tensor, events: Tensor, temperature: float) -> Tensor:
    """The mean over anchors and positives of -log softmax of the positive among those certainly as far off or further.

    0 where there are no two events. Of many anchors some are drawn.
    """
    gaps, positive = certain_gaps(places, events)
    drawn = events.nonzero()[:, 0]
    if len(drawn) > _ANCHORS:
        drawn = drawn[torch.randperm(len(drawn), device=drawn.device)[:_ANCHORS]]
    gaps, positive = gaps[drawn], positive[drawn]
    score = likeness(space, points[drawn], points) / temperature
    score = torch.where(gaps >= 0.0, score, -torch.inf)
    # From the furthest to the nearest: a running sum then holds all who are further off than each.
    order = torch.argsort(gaps, dim=1, descending=True, stable=True)
    sorted_score, sorted_positive = score.gather(1, order), positive.gather(1, order)
    anchors = sorted_positive.any(dim=1)
    if not bool(anchors.any()):
        return points.sum() * 0.0
    sorted_score, sorted_positive = sorted_score[anchors], sorted_positive[anchors]
    # What is not known comes last, so no running sum that is used holds it; a finite stand-in keeps gradients finite.
    sorted_score = sorted_score.masked_fill(sorted_score.isinf(), -1e4)
    total = torch.logcumsumexp(sorted_score, dim=1)
    return (total - sorted_score)[sorted_positive].mean()

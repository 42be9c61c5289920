"""What a lesion network learns by: cross entropy and soft overlap of each crop, weighed by the curriculum."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["crop_losses", "weighed"]

_SMOOTH = 1.0  # pixels: the overlap of a lesion of three pixels is no lottery


def crop_losses(logits: Tensor, masks: Tensor, overlap: float, positive: float) -> Tensor:
    """Of each crop (n,): the mean cross entropy of its pixels, and where it has a lesion `overlap` times 1 - soft Dice.

    A lesion's pixel counts as `positive` others: of small lesions there are so few that a network does best, for
    hundreds of steps, by calling nothing (measured: a plain VM-UNet still called nothing after 150 steps at 1, and told
    lesions from their ground at 20). Of a crop without a lesion Dice says only how much is called, which the cross
    entropy says better.

    Args:
        logits: (n, 1, H, W).
        masks: (n, 1, H, W), 0 or 1.
    """
    wanted = masks.to(logits.dtype)
    weight = torch.tensor(positive, dtype=logits.dtype, device=logits.device)
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, pos_weight=weight, reduction="none")
    chance, wanted = torch.sigmoid(logits).flatten(1), wanted.flatten(1)
    shared = (chance * wanted).sum(dim=1)
    dice = (2.0 * shared + _SMOOTH) / (chance.sum(dim=1) + wanted.sum(dim=1) + _SMOOTH)
    there = (wanted.sum(dim=1) > 0).to(logits.dtype)
    return entropy.flatten(1).mean(dim=1) + overlap * there * (1.0 - dice)


def weighed(losses: Tensor, weights: Tensor) -> Tensor:
    """The mean of losses (n,) that count by weights (n,) whose mean is 1."""
    return (losses * weights).mean()

"""What a lesion network learns by: cross entropy and soft overlap of each crop, weighed by the curriculum."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["crop_losses", "weighed"]

_SMOOTH = 1.0  # pixels: an empty crop that is called empty has no loss, and one false pixel has little


def crop_losses(logits: Tensor, masks: Tensor, overlap: float) -> Tensor:
    """Of each crop (n,): the mean cross entropy of its pixels, and `overlap` times 1 less its soft Dice.

    Args:
        logits: (n, 1, H, W).
        masks: (n, 1, H, W), 0 or 1.
    """
    wanted = masks.to(logits.dtype)
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none").flatten(1).mean(dim=1)
    chance, wanted = torch.sigmoid(logits).flatten(1), wanted.flatten(1)
    shared = (chance * wanted).sum(dim=1)
    dice = (2.0 * shared + _SMOOTH) / (chance.sum(dim=1) + wanted.sum(dim=1) + _SMOOTH)
    return entropy + overlap * (1.0 - dice)


def weighed(losses: Tensor, weights: Tensor) -> Tensor:
    """The mean of losses (n,) that count by weights (n,) whose mean is 1."""
    return (losses * weights).mean()

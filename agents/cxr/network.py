"""What the bundled detector's network, EfficientNet-Lite0, wants of a film."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

__all__ = ["SIZE", "prepare"]

SIZE = 256


def prepare(films: Tensor, size: int = SIZE) -> Tensor:
    """A batch of films (n, 1, h, w), any size, stretched to `size` squared, with mean 0 and deviation 0.5 each.

    So a film's brightness and contrast, which differ between makers, do not reach the network. A blank film gives
    zeros.
    """
    if tuple(films.shape[-2:]) != (size, size):
        films = F.interpolate(films, (size, size), mode="bilinear", antialias=True, align_corners=False)
    centred = films - films.mean(dim=(2, 3), keepdim=True)
    return centred * (0.5 / centred.pow(2).mean(dim=(2, 3), keepdim=True).sqrt().clamp_min(1e-3))

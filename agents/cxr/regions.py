"""Where the detector looks: soft weights of ten regions of a film, from its anatomical masks."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.anatomy.zones import regions

__all__ = ["REGIONS", "SIDE", "region_stack"]

SIDE = 128
REGIONS = 10  # six lung zones, heart, mediastinum, the rest of the film, and the whole of it


def _shrunk(mask: NDArray[np.bool_]) -> Tensor:
    """A mask (h, w) as the share (128, 128) float32 that it holds of each cell of the film."""
    height, width = mask.shape
    if height % SIDE or width % SIDE:
        return F.interpolate(torch.from_numpy(mask.astype(np.float32))[None, None], (SIDE, SIDE), mode="area")[0, 0]
    # The same, several times as fast, where no two cells share a pixel.
    down, across = height // SIDE, width // SIDE
    rows = mask.view(np.uint8).reshape(SIDE, down, width).sum(axis=1, dtype=np.uint16).reshape(SIDE, SIDE, across)
    held = sum((rows[..., place] for place in range(across)), np.zeros((SIDE, SIDE), dtype=np.uint16))
    return torch.from_numpy(held.astype(np.float32) / np.float32(down * across))


def region_stack(masks: NDArray[np.uint8]) -> Tensor:
    """Regions (10, 128, 128) float32 in [0, 1] of a film stretched to a square, from its masks (5, h, w).

    A region that was not found is empty.
    """
    small = torch.stack([_shrunk(mask) for mask in regions(masks).values()])
    rest = (1.0 - small.sum(dim=0, keepdim=True)).clamp(0.0, 1.0)
    return torch.cat([small, rest, torch.ones_like(rest)])

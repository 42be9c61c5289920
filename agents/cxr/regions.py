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


def _shrunk(named: NDArray[np.bool_]) -> Tensor:
    """Masks (n, h, w) as the shares (n, 128, 128) float32 that they hold of each cell of the film."""
    count, height, width = named.shape
    if height % SIDE or width % SIDE:
        return F.interpolate(torch.from_numpy(named.astype(np.float32))[None], (SIDE, SIDE), mode="area")[0]
    # The same where cells do not share pixels, without a copy of every mask in floating point.
    down, across = height // SIDE, width // SIDE
    rows = named.view(np.uint8).reshape(count, SIDE, down, width).sum(axis=2, dtype=np.uint16)
    cells = rows.reshape(count, SIDE, SIDE, across)
    held = sum(cells[..., place] for place in range(across))
    return torch.from_numpy(np.asarray(held, dtype=np.float32) / np.float32(down * across))


def region_stack(masks: NDArray[np.uint8]) -> Tensor:
    """Regions (10, 128, 128) float32 in [0, 1] of a film stretched to a square, from its masks (5, h, w).

    A region that was not found is empty.
    """
    small = _shrunk(np.stack(list(regions(masks).values())))
    rest = (1.0 - small.sum(dim=0, keepdim=True)).clamp(0.0, 1.0)
    return torch.cat([small, rest, torch.ones_like(rest)])

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


def region_stack(masks: NDArray[np.uint8]) -> Tensor:
    """Regions (10, 128, 128) float32 in [0, 1] of a film stretched to a square, from its masks (5, h, w).

    A region that was not found is empty.
    """
    named = np.stack(list(regions(masks).values())).astype(np.float32)
    small = F.interpolate(torch.from_numpy(named)[None], (SIDE, SIDE), mode="area")[0]
    rest = (1.0 - small.sum(dim=0, keepdim=True)).clamp(0.0, 1.0)
    return torch.cat([small, rest, torch.ones_like(rest)])

"""Tensor-based cross-feature multi-scale attention: a skip that also sees the picture and its edges, near and far.

An independent re-implementation from the published description of S3-Mamba (Wang et al. 2025, arXiv 2412.14546): the
picture, intermediate features and edges in one tensor, with attention over scales. The edge operator, the scales and
the place on each skip are ours. Maps between blocks are (B, H, W, C), inside they are channels first.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.lesions.vss import EPS

__all__ = ["EDGES", "TCMA", "WINDOWS", "edges"]

EDGES = 3  # across, down, and their length
SOURCES = 3  # picture, skip, edges
WINDOWS = (1, 2, 4)  # tokens a side over which a source is averaged
_SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
_NOUGHT = 1e-12  # keeps the gradient of a root finite where there is no slope
_TINY = 1e-4  # less than a grey level of eight bits


def edges(pictures: Tensor) -> Tensor:
    """Sobel's gradients (B, 3, H, W) of the grey of pictures (B, channels, H, W): across, down, and their length.

    They are divided by the picture's mean length, so that its contrast does not matter; a blank one has none.
    """
    across = torch.tensor(_SOBEL, device=pictures.device, dtype=pictures.dtype) / 8.0
    kernel = torch.stack([across, across.T])[:, None]  # (2, 1, 3, 3)
    grey = F.pad(pictures.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    slopes = F.conv2d(grey, kernel)  # (B, 2, H, W)
    length = (slopes.square().sum(dim=1, keepdim=True) + _NOUGHT).sqrt()  # (B, 1, H, W)
    scaled: Tensor = torch.cat([slopes, length], dim=1) / length.mean(dim=(1, 2, 3), keepdim=True).clamp_min(_TINY)
    return scaled


def _averaged(x: Tensor, window: int) -> Tensor:
    """Maps (B, C, H, W) averaged over squares of tokens, and drawn out to their size again."""
    if window == 1:
        return x
    small = F.avg_pool2d(x, window, ceil_mode=True, count_include_pad=False)
    large: Tensor = F.interpolate(small, scale_factor=window, mode="bilinear", align_corners=False)
    return large[..., : x.shape[-2], : x.shape[-1]]


class TCMA(nn.Module):
    """Adds to a skip what it asks for of three sources at three scales: nine candidates, whose weights sum to one.

    Every token asks for itself. Keys and values are made before the averages, with which they commute.
    """

    def __init__(self, width: int, stem: int) -> None:
        super().__init__()
        self.narrow = max(width // 4, 8)
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.from_stem = nn.Conv2d(stem, width, 1)
        self.from_edges = nn.Conv2d(EDGES, width, 1)
        self.query = nn.Conv2d(width, self.narrow, 1)
        self.keys = nn.Conv2d(SOURCES * width, SOURCES * self.narrow, 1, groups=SOURCES)
        self.values = nn.Conv2d(SOURCES * width, SOURCES * width, 1, groups=SOURCES)
        self.bias = nn.Parameter(torch.zeros(len(WINDOWS), SOURCES, 1, 1))
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, skip: Tensor, stem: Tensor, edges: Tensor) -> Tensor:
        """The skip (B, h, w, C), enriched, of the stem's tokens (B, h0, w0, C0) and `edges` (B, 3, H, W)."""
        own = self.norm(skip).permute(0, 3, 1, 2)  # (B, C, h, w)
        height = own.shape[-2]
        pooled = F.avg_pool2d(stem.permute(0, 3, 1, 2), stem.shape[1] // height)  # (B, C0, h, w)
        seen = F.avg_pool2d(edges, edges.shape[-2] // height)  # (B, 3, h, w)
        sources = torch.cat([self.from_stem(pooled), own, self.from_edges(seen)], dim=1)  # (B, 3C, h, w)
        keys = self._candidates(self.keys(sources))  # (B, scales, 3, d, h, w)
        asked = self.query(own)[:, None, None] * self.narrow**-0.5  # (B, 1, 1, d, h, w)
        score = (asked * keys).sum(dim=3) + self.bias  # (B, scales, 3, h, w)
        share = score.flatten(1, 2).softmax(dim=1).reshape(score.shape)  # (B, scales, 3, h, w)
        values = self._candidates(self.values(sources))  # (B, scales, 3, C, h, w)
        found = (share[:, :, :, None] * values).sum(dim=(1, 2))  # (B, C, h, w)
        out: Tensor = skip + self.out(found).permute(0, 2, 3, 1)  # (B, h, w, C)
        return out

    @staticmethod
    def _candidates(maps: Tensor) -> Tensor:
        """Three sources' maps (B, 3 · C, h, w) at each scale: (B, scales, 3, C, h, w)."""
        scales = torch.stack([_averaged(maps, window) for window in WINDOWS], dim=1)
        return torch.unflatten(scales, 2, (SOURCES, -1))

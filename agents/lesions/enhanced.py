"""The enhanced visual state space block: a VSS block with a scale per channel and a branch that keeps local detail.

An independent re-implementation from the published description of S3-Mamba (Wang et al. 2025, arXiv 2412.14546): one
learnable weight per channel, and two residual paths, one for the block's input and one that strengthens small lesions.
What the description leaves open is ours: the branch's form, its place behind the scan, and the squeeze. Maps are
(B, H, W, C), channels last.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.vss import EPS, SS2D, drop_path

__all__ = ["EnCF", "EnVSSBlock"]

_SQUEEZE = 4


class EnCF(nn.Module):
    """Enhanced channel features of a map (B, H, W, C): local detail u, times sigmoid(a + MLP(mean of u)).

    `emphasis`, a, is one learnable number per channel, nought at first; the MLP adds what the whole map calls for.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.local = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.emphasis = nn.Parameter(torch.zeros(width))
        narrow = max(width // _SQUEEZE, 1)
        self.called_for = nn.Sequential(nn.Linear(width, narrow), nn.SiLU(), nn.Linear(narrow, width))

    def forward(self, x: Tensor) -> Tensor:
        u = self.local(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # (B, H, W, C)
        share = torch.sigmoid(self.emphasis + self.called_for(u.mean(dim=(1, 2))))  # (B, C)
        out: Tensor = u * share[:, None, None]  # (B, H, W, C)
        return out


class EnVSSBlock(nn.Module):
    """y = x + s · SS2D(norm(x)), then y + EnCF(norm(y)), of a map (B, H, W, C); s is one number per channel."""

    def __init__(self, width: int, options: NetworkOptions, drop: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.scan = SS2D(width, options)
        self.scale = nn.Parameter(torch.ones(width))
        self.norm_local = nn.LayerNorm(width, eps=EPS)
        self.local = EnCF(width)
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        y = x + drop_path(self.scale * self.scan(self.norm(x)), self.drop, self.training)
        return y + drop_path(self.local(self.norm_local(y)), self.drop, self.training)

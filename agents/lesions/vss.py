"""The visual state space block: a map read by selective scans in four directions, added to itself.

SS2D and the VSS block of VMamba (Liu et al. 2024) in the form of VM-UNet (Ruan and Xiang 2024), without an MLP. Maps
are (B, H, W, C), channels last.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.lesions.cross_scan import DIRECTIONS, dealt_out, gathered, to_map, to_sequences
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.scan.scan import selective_scan

__all__ = ["EPS", "SS2D", "VSSBlock", "drop_path"]

EPS = 1e-6  # of the norm before each branch
_EXPAND = 2
_STEPS = (1e-3, 1e-1)  # between which a step lies at first, evenly in its logarithm


def drop_path(x: Tensor, share: float, training: bool) -> Tensor:
    """A branch (B, ...) that in training is left out of `share` of the samples, and raised in the others to match."""
    if not training or share == 0.0:
        return x
    kept = torch.rand(x.shape[0], *(1,) * (x.ndim - 1), device=x.device) >= share
    return x * (kept / (1.0 - share)).to(x.dtype)


def _first_rates(heads: int, states: int, per_state: bool) -> Tensor:
    """Logarithms of decay rates (4, H, N) or (4, H, 1): 1 to N over the states, or spread so over the heads."""
    if per_state:
        return torch.arange(1.0, states + 1.0).log().expand(DIRECTIONS, heads, -1).clone()
    return torch.linspace(0.0, math.log(states), heads)[:, None].expand(DIRECTIONS, -1, -1).clone()


def _first_steps(heads: int) -> Tensor:
    """What softplus turns into the first steps (4, H)."""
    low, high = map(math.log, _STEPS)
    steps = torch.exp(torch.rand(DIRECTIONS, heads) * (high - low) + low)
    return steps + torch.log(-torch.expm1(-steps))


class SS2D(nn.Module):
    """Selective scans of a map (B, H, W, C) in four directions, summed, normed and gated: (B, H, W, C).

    With one rate per state it has VM-UNet's weights, number for number; with one per head the steps are fewer.
    """

    def __init__(self, width: int, options: NetworkOptions) -> None:
        super().__init__()
        self.method, self.chunk = options.scan, options.chunk
        inner, rank, states = _EXPAND * width, -(-width // 16), options.states
        self.split_channels = options.directions == "split"
        read = inner // DIRECTIONS if self.split_channels else inner  # channels of one direction
        per_state = options.decay == "state"
        heads = read if per_state else read // min(options.head, read)
        self.split = [rank, states, states]
        self.in_proj = nn.Linear(width, 2 * inner, bias=False)
        self.conv = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.x_proj = nn.Parameter(torch.empty(DIRECTIONS, read, sum(self.split)).uniform_(-1, 1) * read**-0.5)
        self.dt_proj = nn.Parameter(torch.empty(DIRECTIONS, rank, heads).uniform_(-1, 1) * rank**-0.5)
        self.dt_bias = nn.Parameter(_first_steps(heads))
        self.a_log = nn.Parameter(_first_rates(heads, states, per_state))
        self.d = nn.Parameter(torch.ones(DIRECTIONS, read))
        self.norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        read, gate = self.in_proj(x).chunk(2, dim=-1)  # (B, H, W, D) each, D = 2C
        read = F.silu(self.conv(read.permute(0, 3, 1, 2))).permute(0, 2, 3, 1)  # (B, H, W, D)
        tokens = dealt_out(read) if self.split_channels else to_sequences(read)  # (B, 4, L, D or D / 4)
        low, b, c = torch.split(tokens @ self.x_proj, self.split, dim=-1)  # (B, 4, L, R), then (B, 4, L, N) twice
        dt = F.softplus(low @ self.dt_proj + self.dt_bias[:, None])  # (B, 4, L, heads)
        y = selective_scan(tokens, dt, -self.a_log.exp(), b, c, self.d, method=self.method, chunk=self.chunk)
        join = gathered if self.split_channels else to_map
        scanned = self.norm(join(y, *x.shape[1:3]))  # (B, H, W, D)
        out: Tensor = self.out_proj(scanned * F.silu(gate))  # (B, H, W, C)
        return out


class VSSBlock(nn.Module):
    """x + SS2D(norm(x)) of a map (B, H, W, C); `drop` is the chance that a sample goes round it in training."""

    def __init__(self, width: int, options: NetworkOptions, drop: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.scan = SS2D(width, options)
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        return x + drop_path(self.scan(self.norm(x)), self.drop, self.training)

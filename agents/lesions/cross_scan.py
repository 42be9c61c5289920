"""The four directions in which a map is read as a sequence, and the way back: rows, columns, and both reversed.

The cross scan of VMamba (Liu et al. 2024). Each of its two functions is the other's transpose.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["DIRECTIONS", "dealt_out", "gathered", "to_map", "to_sequences"]

DIRECTIONS = 4


def to_sequences(x: Tensor) -> Tensor:
    """Sequences (B, 4, H · W, D) of a map (B, H, W, D): by row, by column, by row from the end, by column likewise."""
    forth = torch.stack([x.flatten(1, 2), x.transpose(1, 2).flatten(1, 2)], dim=1)  # (B, 2, L, D)
    return torch.cat([forth, forth.flip(2)], dim=1)  # (B, 4, L, D)


def to_map(y: Tensor, height: int, width: int) -> Tensor:
    """The map (B, H, W, D) whose every place holds the sum of what the four sequences (B, 4, H · W, D) say of it."""
    forth, back = y.chunk(2, dim=1)  # (B, 2, L, D) each
    rows, columns = (forth + back.flip(2)).unbind(1)  # (B, L, D) each
    return torch.unflatten(rows, 1, (height, width)) + torch.unflatten(columns, 1, (width, height)).transpose(1, 2)


def dealt_out(x: Tensor) -> Tensor:
    """As `to_sequences`, but each direction reads a quarter of the channels: (B, 4, H · W, D / 4)."""
    first, second, third, fourth = x.chunk(DIRECTIONS, dim=-1)
    across, down, back, up = first, second.transpose(1, 2), third, fourth.transpose(1, 2)
    forth = torch.stack([across.flatten(1, 2), down.flatten(1, 2)], dim=1)  # (B, 2, L, D / 4)
    return torch.cat([forth, torch.stack([back.flatten(1, 2), up.flatten(1, 2)], dim=1).flip(2)], dim=1)


def gathered(y: Tensor, height: int, width: int) -> Tensor:
    """The map (B, H, W, D) of sequences (B, 4, H · W, D / 4): each direction's channels beside the others'."""
    across, down = y[:, :2].unbind(1)
    back, up = y[:, 2:].flip(2).unbind(1)  # (B, L, D / 4)
    rows = (torch.unflatten(one, 1, (height, width)) for one in (across, back))
    columns = (torch.unflatten(one, 1, (width, height)).transpose(1, 2) for one in (down, up))
    first, third = rows
    second, fourth = columns
    return torch.cat([first, second, third, fourth], dim=-1)

"""The selective scan token by token: the exact reference of what the other ways compute.

S6 of Mamba (Gu and Dao 2023, algorithm 2), with the decay discretised exactly and the input by a step of Euler's:

    state(t) = exp(dt(t) a) state(t-1) + dt(t) x(t) b(t)        y(t) = c(t) · state(t)
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["sequential"]

_BLOCK = 256  # tokens that are discretised at once, which bounds the memory of a pass without gradients


def sequential(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The scan (B, K, L, D) of `x`; shapes are those of `scan.selective_scan`, rates per head or per state.

    Time and memory of both passes grow with L: tokens are taken apart by `unbind`, whose gradient is one stack. An
    index in the loop would fill a whole sequence of zeros for each token on the way back.
    """
    channels = x.shape[-1] // dt.shape[-1]
    dt = dt.repeat_interleave(channels, dim=-1)  # (B, K, L, D)
    a = a.repeat_interleave(channels, dim=1)[:, None]  # (K, 1, D, N or 1)
    state = x.new_zeros(*x.shape[:2], x.shape[-1], b.shape[-1])  # (B, K, D, N)
    outputs: list[Tensor] = []
    blocks = (torch.split(part, _BLOCK, dim=2) for part in (x, dt, b, c))
    for some_x, some_dt, some_b, some_c in zip(*blocks, strict=True):
        kept = torch.exp(some_dt[..., None] * a)  # (B, K, T, D, N or 1)
        added = (some_dt * some_x)[..., None] * some_b[..., None, :]  # (B, K, T, D, N)
        states: list[Tensor] = []
        for keep, add in zip(kept.unbind(2), added.unbind(2), strict=True):
            state = keep * state + add
            states.append(state)
        outputs.append((torch.stack(states, dim=2) @ some_c[..., None])[..., 0])  # (B, K, T, D)
    return torch.cat(outputs, dim=2)

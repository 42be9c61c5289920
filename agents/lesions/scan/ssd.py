"""The selective scan as matrix products over chunks of tokens, where all channels of a head decay at one rate.

State space duality (Dao and Gu 2024): within a chunk of Q tokens the scan is a masked, decaying attention, and from
chunk to chunk only its state is handed on. No tensor of L × D × N arises: a token costs a few times D values, Q + N for
each head, and D · N / Q of the states, however long the sequence is.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["ssd"]

_SPAN = 64  # chunks whose states are handed on in one product


def _later(size: int, first: int, device: torch.device) -> Tensor:
    """True (Q, Q) where the column is `first` or more places after the row."""
    return torch.ones(size, size, dtype=torch.bool, device=device).triu(first)


def _handed_on(states: Tensor, kept: Tensor) -> Tensor:
    """The state before each chunk (..., C, F), of what each adds (..., C, F) and the log of what it keeps (..., C).

    Spans of chunks are one product each, and what passes from span to span is this problem again, a span's length
    smaller: the work grows with C, and no loop runs over it.
    """
    count = kept.shape[-1]
    spans = -(-count // _SPAN)
    size = -(-count // spans)
    # (..., S, C', F) and (..., S, C'): padded by chunks that add nothing and keep all
    states = torch.unflatten(F.pad(states, (0, 0, 0, spans * size - count)), -2, (spans, size))
    kept = torch.unflatten(F.pad(kept, (0, spans * size - count)), -1, (spans, size))
    # The sums over a whole span are long, and their differences are what counts.
    through = kept.double().cumsum(dim=-1)
    since = (through - kept)[..., :, None] - through[..., None, :]  # (..., S, C', C')
    weights = since.masked_fill(_later(size, 0, kept.device), -torch.inf).exp().to(states.dtype)
    before = weights @ states
    if spans > 1:
        ends = states[..., -1, :] + kept[..., -1:].exp() * before[..., -1, :]  # (..., S, F)
        earlier = _handed_on(ends, through[..., -1].to(kept.dtype))[..., None, :]  # (..., S, 1, F)
        before = before + (through - kept).exp().to(states.dtype)[..., None] * earlier
    return before.flatten(-3, -2)[..., :count, :]


def ssd(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, chunk: int) -> Tensor:
    """The scan (B, K, L, D) of `x`; shapes are those of `scan.selective_scan`, with one rate per head: a (K, H, 1).

    Q is `chunk` tokens at most, and such that the last chunk is nearly full. It changes the rounding alone.
    """
    length, heads = x.shape[2], dt.shape[-1]
    count = -(-length // chunk)
    size = -(-length // count)
    # A token of padding has a step of nought: it keeps the state and adds nothing.
    x, dt, b, c = (  # (B, K, C, Q, D or H or N)
        torch.unflatten(F.pad(part, (0, 0, 0, count * size - length)), 2, (count, size)) for part in (x, dt, b, c)
    )
    entering = torch.unflatten(x, -1, (heads, -1)) * dt[..., None]  # (B, K, C, Q, H, P)
    entering = entering.transpose(3, 4).contiguous()  # (B, K, C, H, Q, P)
    # Where next to nothing is kept, it matters not how little, and a long sum would take the digits of the others.
    least = 2.0 * math.log(torch.finfo(x.dtype).eps)
    kept = (dt.transpose(3, 4).contiguous() * a[:, None]).clamp(min=least)  # (B, K, C, H, Q), in logarithms, as are:
    passed = kept.cumsum(dim=-1)  # (B, K, C, H, Q), of what is left of the state before the chunk
    whole = passed[..., -1:]  # (B, K, C, H, 1), after its last token

    since = passed[..., :, None] - passed[..., None, :]  # (B, K, C, H, Q, Q)
    # Masked before exp, which is infinite for what lies ahead; in place, as this is the largest tensor.
    share = since.masked_fill_(_later(size, 1, x.device), -torch.inf).exp_()
    met = (c @ b.transpose(3, 4))[:, :, :, None]  # (B, K, C, 1, Q, Q)
    within = (met * share) @ entering  # (B, K, C, H, Q, P)

    left = b.transpose(3, 4)[:, :, :, None] * (whole - passed).exp()[..., None, :]  # (B, K, C, H, N, Q)
    states = (left @ entering).transpose(2, 3)  # (B, K, H, C, N, P)
    before = _handed_on(states.flatten(4), whole[..., 0].transpose(2, 3)).reshape(states.shape)
    read = c[:, :, :, None] * passed.exp()[..., None]  # (B, K, C, H, Q, N)
    y = within + read @ before.transpose(2, 3)  # (B, K, C, H, Q, P)
    return y.transpose(3, 4).flatten(4).flatten(2, 3)[:, :, :length]  # (B, K, L, D)

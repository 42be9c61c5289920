"""The selective scan: a recurrence whose steps, inputs and outputs depend on the token, by a choice of methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from wardround.agents.lesions.options import Method
from wardround.agents.lesions.scan.cuda import cuda
from wardround.agents.lesions.scan.sequential import sequential
from wardround.agents.lesions.scan.ssd import ssd
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["selective_scan"]

_Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]

# Those that take any rates and no chunk; "ssd" stands beside them.
_METHODS: Mapping[Method, _Scan] = {"s6": sequential, "cuda": cuda}


def selective_scan(
    x: Tensor,
    dt: Tensor,
    a: Tensor,
    b: Tensor,
    c: Tensor,
    d: Tensor,
    *,
    method: Method = "ssd",
    chunk: int = 64,
) -> Tensor:
    """The outputs (B, K, L, D), in the type of `x`, of K scans over L tokens of D channels with N states each.

    Args:
        x: inputs (B, K, L, D).
        dt: steps (B, K, L, H), positive; a head is D / H neighbouring channels, and H = D where each is its own.
        a: rates (K, H, N), negative, or (K, H, 1) where all states of a head share one.
        b: what of an input enters the states, (B, K, L, N).
        c: what of the states is read, (B, K, L, N).
        d: what of an input passes by, (K, D).
        method: "ssd" for rates (K, H, 1) alone; "s6" and "cuda" for both. Where two apply, they agree to rounding.
        chunk: tokens that "ssd" takes at once; no other method looks at it.

    Half precision is computed in single, also under autocast, since a state is a product of thousands of decays.

    Raises:
        CallerError: BAD_ARGUMENT where D is no multiple of H, where "ssd" is given rates per state, and where "cuda"
            cannot run.
    """
    if x.shape[-1] % dt.shape[-1]:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"{x.shape[-1]} channels do not divide into {dt.shape[-1]} heads.",
            "Give a step for each channel, or for each of several heads of as many channels.",
        )
    if method == "ssd" and a.shape[-1] != 1:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The scan 'ssd' has one rate per head, and {a.shape[-1]} were given.",
            "Choose scan 's6' or 'cuda', or a network whose decay is per head.",
        )
    kind = x.dtype if x.dtype == torch.float64 else torch.float32
    with torch.autocast(x.device.type, enabled=False):
        x_, dt, a, b, c, d = (part.to(kind) for part in (x, dt, a, b, c, d))
        y = ssd(x_, dt, a, b, c, chunk) if method == "ssd" else _METHODS[method](x_, dt, a, b, c)
        return torch.addcmul(y, x_, d[:, None]).to(x.dtype)

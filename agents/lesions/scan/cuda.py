"""The selective scan by Mamba's own CUDA kernel, where the package mamba-ssm is installed (Gu and Dao 2023)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Tensor

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["KernelArguments", "cuda", "kernel_arguments"]

_KERNEL = "mamba_ssm.ops.selective_scan_interface"
_HINT = "Choose scan 'ssd', or 's6' where the decay is per state."


class KernelArguments(NamedTuple):
    """What `selective_scan_fn` takes, in its order: channels before tokens, and the K sequences as its groups."""

    u: Tensor  # (B, K · D, L)
    delta: Tensor  # (B, K · D, L)
    a: Tensor  # (K · D, N)
    b: Tensor  # (B, K, N, L)
    c: Tensor  # (B, K, N, L)


def kernel_arguments(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> KernelArguments:
    """The kernel's layout of the arguments of `scan.selective_scan`; a head's step and rate go to all its channels."""
    channels = x.shape[-1] // dt.shape[-1]
    step = dt.repeat_interleave(channels, dim=-1)  # (B, K, L, D)
    rates = a.repeat_interleave(channels, dim=1).expand(-1, -1, b.shape[-1])  # (K, D, N)
    return KernelArguments(
        x.transpose(2, 3).flatten(1, 2).contiguous(),
        step.transpose(2, 3).flatten(1, 2).contiguous(),
        rates.flatten(0, 1).contiguous(),
        b.transpose(2, 3).contiguous(),
        c.transpose(2, 3).contiguous(),
    )


def cuda(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The scan (B, K, L, D) of `x`; shapes are those of `scan.selective_scan`, rates per head or per state.

    Raises:
        CallerError: BAD_ARGUMENT where the package is not installed, or the tensors are not on a CUDA device.
    """
    try:
        kernel = importlib.import_module(_KERNEL)
    except ImportError:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The scan 'cuda' is a kernel of the package mamba-ssm, which is not installed here.",
            f"{_HINT} Or install mamba-ssm on a machine with an NVIDIA card.",
        ) from None
    if not x.is_cuda:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The scan 'cuda' runs on an NVIDIA card, and the network is on '{x.device}'.",
            _HINT,
        )
    run = cast("Callable[..., Tensor]", kernel.selective_scan_fn)
    y = run(*kernel_arguments(x, dt, a, b, c))  # (B, K · D, L)
    return torch.unflatten(y, 1, (x.shape[1], x.shape[-1])).transpose(2, 3)

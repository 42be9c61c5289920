"""The one place that chooses the device and the precision in which models run."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Placement", "placement"]


@dataclass(frozen=True)
class Placement:
    """Where a model lies, and in which floating-point type it computes."""

    device: torch.device
    dtype: torch.dtype


def _threads() -> int:
    """WARDROUND_THREADS, else at most two: sums depend on how they are shared out, so all processes do it alike."""
    named = os.environ.get("WARDROUND_THREADS", "")
    if named and not (named.isdecimal() and int(named) > 0):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{named[:40]}' is not a number of threads.",
            "Set WARDROUND_THREADS to 1 or more, or leave it out.",
        )
    return int(named) if named else min(2, os.cpu_count() or 1)


def placement(wanted: str | None = None) -> Placement:
    """The placement for 'auto' (a CUDA device where there is one, else the CPU), 'cpu', 'cuda' or 'cuda:N'.

    Without `wanted`, `WARDROUND_DEVICE` decides, and without that 'auto'. CUDA computes in half precision, the CPU in
    single: half precision is slower there. Also sets how many threads torch uses.

    Raises:
        CallerError: BAD_ARGUMENT, no such device here, or WARDROUND_THREADS is no number.
    """
    torch.set_num_threads(_threads())
    name = (wanted or os.environ.get("WARDROUND_DEVICE") or "auto").strip().lower()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind == "cpu" and not index:
        return Placement(torch.device("cpu"), torch.float32)
    if kind == "cuda" and (not index or index.isdecimal()):
        if int(index or 0) < torch.cuda.device_count():
            return Placement(torch.device(name), torch.float16)
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The device '{name}' is not there: torch sees {torch.cuda.device_count()} CUDA devices.",
            "Set WARDROUND_DEVICE to auto or cpu.",
        )
    raise CallerError(
        ProblemCode.BAD_ARGUMENT,
        f"'{name[:40]}' is not a device.",
        "Use auto, cpu, cuda or cuda:N in WARDROUND_DEVICE.",
    )

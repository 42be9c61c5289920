"""How fast the scans are, as ratios within one run, beside mambapy's parallel scan; how time and memory grow with maps.

`python -m wardround.evals.lesions.scan_bench [--json]` measures all; `grow SIDE` measures one map in its own process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from wardround.agents.lesions.cross_scan import DIRECTIONS
from wardround.agents.lesions.scan.scan import selective_scan
from wardround.agents.weights.device import placement
from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.evals.memory import peak_megabytes

__all__ = ["Growth", "ScanBench", "Timing", "measured"]

MAPS = ((28, 384), (56, 192), (128, 64))
"""Sides of maps, and the channels that a VM-UNet of width 96 has there."""
_STATES, _HEAD, _CHUNK = 16, 32, 64
_GROWN = ((32, 64), (64, 64), (128, 64), (192, 64), (256, 64))
_ROUNDS = 5
_LONGEST = 300  # seconds of one size
_SELF = "wardround.evals.lesions.scan_bench"  # whose own name is another where it is run


class Timing(Word):
    """One method on one map, the least of several rounds, and how many times as long mambapy takes."""

    method: str
    side: int
    channels: int
    forward_ms: float
    both_ms: float
    forward_ratio: float
    both_ratio: float


class Growth(Word):
    """The chunked scan with its way back on one map: milliseconds, and megabytes beyond those of the smallest map."""

    side: int
    tokens: int
    both_ms: float
    megabytes: float
    bytes_per_token: float


class ScanBench(Word):
    """Everything; `threads` are torch's. Ratios above 1 say that the method is faster than mambapy's scan."""

    threads: int
    timings: tuple[Timing, ...]
    growth: tuple[Growth, ...]
    notice: str = NOTICE


@dataclass(frozen=True)
class _Inputs:
    x: Tensor
    dt: Tensor
    a: Tensor
    b: Tensor
    c: Tensor
    d: Tensor


def _inputs(side: int, channels: int, *, per_state: bool) -> _Inputs:
    """One map's four sequences, with steps of about 0.05 and rates of 1 to N."""
    make = torch.Generator().manual_seed(0)
    length, heads = side * side, channels if per_state else channels // _HEAD
    rates = torch.arange(1.0, _STATES + 1.0).expand(DIRECTIONS, heads, -1) if per_state else None
    return _Inputs(
        x=torch.randn(1, DIRECTIONS, length, channels, generator=make).requires_grad_(),
        dt=0.05 * torch.rand(1, DIRECTIONS, length, heads, generator=make) + 0.025,
        a=-(rates if rates is not None else torch.linspace(1.0, _STATES, heads)[:, None].expand(DIRECTIONS, -1, -1)),
        b=torch.randn(1, DIRECTIONS, length, _STATES, generator=make),
        c=torch.randn(1, DIRECTIONS, length, _STATES, generator=make),
        d=torch.ones(DIRECTIONS, channels),
    )


def _ours(method: Any, given: _Inputs) -> Callable[[], Tensor]:
    def run() -> Tensor:
        return selective_scan(given.x, given.dt, given.a, given.b, given.c, given.d, method=method, chunk=_CHUNK)

    return run


def _mambapy(given: _Inputs) -> Callable[[], Tensor]:
    """Its parallel scan, on the recurrence discretised as its own block does; the directions are its batch."""
    try:
        pscan = import_module("mambapy.pscan").pscan
    except ImportError:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            "The scan that ours is compared with is mambapy's, which is not installed.",
            "Install the extra: pip install 'wardround[bench]'.",
        ) from None

    def run() -> Tensor:
        x, dt, b, c = given.x[0], given.dt[0], given.b[0], given.c[0]  # (4, L, D), (4, L, D), (4, L, N) twice
        kept = torch.exp(dt[..., None] * given.a[:, None])  # (4, L, D, N)
        added = (dt * x)[..., None] * b[:, :, None]  # (4, L, D, N)
        y: Tensor = (pscan(kept, added) @ c[..., None])[..., 0] + given.d[:, None] * x
        return y

    return run


def _least(run: Callable[[], Tensor], given: _Inputs, rounds: int, *, back: bool) -> float:
    """Seconds of the fastest round, after one that warms up."""
    best = float("inf")
    for number in range(rounds + 1):
        given.x.grad = None
        begin = time.perf_counter()
        if back:
            torch.autograd.backward(run().sum())
        else:
            with torch.no_grad():
                run()
        if number:
            best = min(best, time.perf_counter() - begin)
    return best


def _timings(rounds: int) -> tuple[Timing, ...]:
    told = []
    for side, channels in MAPS:
        full, tied = (_inputs(side, channels, per_state=one) for one in (True, False))
        runs = {"mambapy": (_mambapy(full), full), "s6": (_ours("s6", full), full), "ssd": (_ours("ssd", tied), tied)}
        seconds = {
            name: tuple(_least(run, given, rounds, back=back) for back in (False, True))
            for name, (run, given) in runs.items()
        }
        for name, (forward, both) in seconds.items():
            told.append(
                Timing(
                    method=name,
                    side=side,
                    channels=channels,
                    forward_ms=round(1000.0 * forward, 1),
                    both_ms=round(1000.0 * both, 1),
                    forward_ratio=round(seconds["mambapy"][0] / forward, 2),
                    both_ratio=round(seconds["mambapy"][1] / both, 2),
                )
            )
    return tuple(told)


def _grown(side: int, channels: int) -> dict[str, float]:
    given = _inputs(side, channels, per_state=False)
    seconds = _least(_ours("ssd", given), given, 2, back=True)
    return {"both_ms": round(1000.0 * seconds, 1), "megabytes": peak_megabytes()}


def _elsewhere(side: int, channels: int) -> dict[str, float]:
    command = [sys.executable, "-P", "-m", _SELF, "grow", str(side), str(channels)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LONGEST)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise Fault(
            ProblemCode.INTERNAL, f"A map of {side} a side could not be measured.", "Free some memory."
        ) from None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _growth() -> tuple[Growth, ...]:
    found = [(side, _elsewhere(side, channels)) for side, channels in _GROWN]
    base_side, base = found[0]
    return tuple(
        Growth(
            side=side,
            tokens=side * side,
            both_ms=one["both_ms"],
            megabytes=round(one["megabytes"] - base["megabytes"], 1),
            bytes_per_token=_each(one["megabytes"] - base["megabytes"], side * side - base_side**2),
        )
        for side, one in found
    )


def _each(megabytes: float, tokens: int) -> float:
    return round(1024.0**2 * megabytes / tokens) if tokens else 0.0


def measured(rounds: int = _ROUNDS) -> ScanBench:
    """Everything, on as many threads as `WARDROUND_THREADS` says.

    Raises:
        CallerError: NOT_FOUND, mambapy is not installed.
        Fault: INTERNAL, a size could not be measured.
    """
    placement("cpu")  # sets torch's threads
    return ScanBench(threads=torch.get_num_threads(), timings=_timings(rounds), growth=_growth())


def _tables(bench: ScanBench) -> tuple[Table, ...]:
    first = Table(
        "map", "method", "forward, ms", "times mambapy's speed", "with the way back, ms", "times", caption=NOTICE
    )
    for one in bench.timings:
        cells = (f"{one.forward_ms:.1f}", f"{one.forward_ratio:.1f}", f"{one.both_ms:.1f}", f"{one.both_ratio:.1f}")
        first.add_row(f"{one.side}², D={one.channels}", one.method, *cells)
    second = Table("map", "tokens", "ssd with the way back, ms", "MB more", "bytes a token", caption=NOTICE)
    for grown in bench.growth:
        cells = (str(grown.tokens), f"{grown.both_ms:.0f}", f"{grown.megabytes:.0f}", f"{grown.bytes_per_token:.0f}")
        second.add_row(f"{grown.side}²", *cells)
    return first, second


def _main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["grow"]:
        placement("cpu")
        sys.stdout.write(json.dumps(_grown(int(arguments[1]), int(arguments[2]))) + "\n")
        return 0
    try:
        bench = measured()
    except (CallerError, Fault) as error:
        sys.stderr.write(f"{error.problem}\n")
        return 2
    if "--json" in arguments:
        sys.stdout.write(bench.model_dump_json(indent=1) + "\n")
    else:
        Console().print(*_tables(bench))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))

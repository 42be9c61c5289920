"""How long a film of 2048 × 2048 pixels takes a lesion network by sliding window, warm, and how much memory at most.

`python -m wardround.evals.lesions.film_bench [--json] [--model NAME] [--side PIXELS]` measures in a process of its own,
beside MONAI's U-Net of as many weights in another, so that there is a ratio, too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from wardround.agents.lesions.folder import load
from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.peers import Peer, count, peer
from wardround.agents.lesions.reading import read_film
from wardround.agents.lesions.registry import SHELF
from wardround.agents.weights.device import placement
from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.evals.lesions import jsrt
from wardround.evals.memory import peak_megabytes

__all__ = ["FilmBench", "FilmTiming", "measured"]

SIDE = 2048
_ROUNDS = 3
_LONGEST = 600  # seconds of one network
_SELF = "wardround.evals.lesions.film_bench"  # whose own name is another where it is run
_PEER: Peer = "unet"


class FilmTiming(Word):
    """One network: weights, the first reading, the least of the later ones, and the process's largest memory."""

    network: str
    parameters: int
    window: int
    cold_s: float
    warm_s: float
    megabytes: float


class FilmBench(Word):
    """Ours and U-Net of as many weights; `ratio` is ours over U-Net's, warm."""

    side: int
    threads: int
    timings: tuple[FilmTiming, ...]
    ratio: float
    notice: str = NOTICE


def measured(model: str = "", side: int = SIDE) -> FilmBench:
    """Both networks, one after the other.

    Args:
        model: a fitted model's name or folder; "" for random weights of the benchmark's shape.

    Raises:
        CallerError: as `SHELF.named`; BAD_ARGUMENT, a side outside 256 to 8192.
        Fault: INTERNAL, a network could not be measured.
    """
    if not 256 <= side <= 8192:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "A film has a side of 256 to 8192 pixels.", "For example 2048.")
    folder = str(SHELF.named(model)) if model else ""
    placement("cpu")  # sets torch's threads
    timings = tuple(_elsewhere(name, side, folder) for name in ("ours", _PEER))
    ratio = round(timings[0].warm_s / max(timings[1].warm_s, 1e-6), 2)
    return FilmBench(side=side, threads=torch.get_num_threads(), timings=timings, ratio=ratio)


def _elsewhere(name: str, side: int, folder: str) -> FilmTiming:
    command = [sys.executable, "-P", "-m", _SELF, "--one", name, "--side", str(side), "--model", folder]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LONGEST)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise Fault(
            ProblemCode.INTERNAL, f"A film of {side} a side could not be measured.", "Free some memory, or time."
        ) from None
    return FilmTiming.model_validate_json(done.stdout.splitlines()[-1])


def _networks(folder: str) -> tuple[nn.Module, NetworkOptions, int]:
    """A network, its options and the side of its windows: a fitted one, or one of random weights."""
    if folder:
        loaded = load(Path(folder), "cpu")
        network = loaded.network
        assert isinstance(network, LesionNetwork)
        return network, network.options, loaded.card.window
    torch.manual_seed(0)
    return LesionNetwork(jsrt.NETWORK).eval(), jsrt.NETWORK, 2 * jsrt.TRAINING.crop


def _one(name: str, side: int, folder: str) -> FilmTiming:
    placement("cpu")
    ours, options, window = _networks(folder)
    network = ours if name == "ours" else peer(_PEER, options).eval()
    film = np.random.default_rng(0).random((side, side), dtype=np.float32)
    seconds = []
    for _ in range(1 + _ROUNDS):
        begin = time.perf_counter()
        read_film(network, film, window)
        seconds.append(time.perf_counter() - begin)
    return FilmTiming(
        network=name,
        parameters=count(network),
        window=window,
        cold_s=round(seconds[0], 2),
        warm_s=round(min(seconds[1:]), 2),
        megabytes=peak_megabytes(),
    )


def _table(bench: FilmBench) -> Table:
    title = (
        f"a film of {bench.side} × {bench.side}, {bench.threads} threads: ours takes {bench.ratio:.1f} times U-Net's"
    )
    table = Table("network", "weights", "window", "first, s", "warm, s", "MB at most", title=title, caption=NOTICE)
    for one in bench.timings:
        cells = (
            f"{one.parameters:,}",
            str(one.window),
            f"{one.cold_s:.2f}",
            f"{one.warm_s:.2f}",
            f"{one.megabytes:.0f}",
        )
        table.add_row(one.network, *cells)
    return table


def _main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {_SELF}", description="Time and memory of one film.")
    parser.add_argument("--json", action="store_true", help="JSON on stdout")
    parser.add_argument("--model", default="", help="a name of 'lesions list' or a model's folder; else random weights")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.one:
        sys.stdout.write(_one(asked.one, asked.side, asked.model).model_dump_json() + "\n")
        return 0
    try:
        bench = measured(asked.model, asked.side)
    except (CallerError, Fault) as error:
        sys.stderr.write(f"{error.problem}\n")
        return 2
    if asked.json:
        sys.stdout.write(bench.model_dump_json(indent=1) + "\n")
    else:
        Console().print(_table(bench))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))

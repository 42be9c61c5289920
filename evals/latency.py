"""Where the time of a warm diagnosis goes: `python -m wardround.evals.latency FILM… ` prints medians and shares.

Everything runs embedded in one process, without a language model. `run` is from a stored film's handle to the verified,
kept result. Each moment of it is one of three (`evals.clock`): `forward`, any of the bundled models' networks computes,
from a prepared film to logits and contributions by place; `disk`, it waits for artefacts, checkpoints or the result to
be written; `everything else`, which takes in resizing, outlines from logits, measuring, locating, screening, weighing,
wording and verifying, MCP, pydantic and LangGraph. `overhead` is everything else over the run without disk. The forward
passes are also timed alone, in a process that does nothing else. Milliseconds depend on the machine; the shares are
what to keep.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.cxr.bundled import open_bundled
from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.agents.imaging.reader import film_array
from wardround.agents.imaging.store import Store
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import WardroundError
from wardround.evals.clock import Clock
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration, load_configuration
from wardround.orchestrator.report import write_report

__all__ = ["OVERHEAD", "measure"]

OVERHEAD = "overhead"
_Film = NDArray[np.float32]
_Taken = dict[str, list[float]]
_WARM = 3  # phantoms that are run before anything is timed; a film that was run before would find its outlines kept
_REPORTS = 3  # films that a report is written of


def _phantoms(folder: Path, count: int, first: int = 0) -> list[Path]:
    """Films of so many phantoms, written to a folder."""
    paths = [folder / f"{seed}.dcm" for seed in range(first, first + count)]
    for seed, path in enumerate(paths, start=first):
        write_phantom_dicom(make_phantom(seed), path)
    return paths


async def _runs(configuration: Configuration, films: Sequence[Path], clock: Clock, taken: _Taken) -> list[Diagnosis]:
    """Each film's result; what each part took is added to `taken`."""
    results = []
    async with open_house(configuration, None) as house:
        for path in _phantoms(configuration.home, _WARM, first=100):
            await house.diagnose(await house.open_study([str(path)]))
        for film in films:
            begun = time.perf_counter()
            study = await house.open_study([str(film)])
            taken["decode and store"].append(time.perf_counter() - begun)
            async with clock.run() as parts:
                result = await house.diagnose(study)
            parts[OVERHEAD] = parts["everything else"] / (parts["run"] - parts["disk"])
            for name, seconds in parts.items():
                taken[name].append(seconds)
            for timing in result.timings:
                if timing.step != "run":
                    taken[f"step {timing.step}"].append(timing.seconds)
            results.append(result)
        for result in results[:_REPORTS]:
            begun = time.perf_counter()
            await write_report(house, result, configuration.home / "report.html")
            taken["report"].append(time.perf_counter() - begun)
    return results


def _alone(films: Sequence[_Film]) -> _Taken:
    """Seconds of each bundled model's network alone, film by film; the first film is run once more before."""
    detector, segmenter = open_bundled(), bundled_segmenter()
    taken: _Taken = defaultdict(list)
    for film in [films[0], *films]:
        prepared, regions = detector.prepared(film)
        letterboxed = segmenter.prepared([film])
        for name, run in (
            (detector.source.model, partial(detector.forward, prepared, regions)),
            (segmenter.source.model, partial(segmenter.forward, letterboxed)),
        ):
            begun = time.perf_counter()
            run()
            taken[f"alone {name}"].append(time.perf_counter() - begun)
    return {name: seconds[1:] for name, seconds in taken.items()}


def measure(films: Sequence[Path]) -> _Taken:
    """Seconds by part, a value for each film: see this module.

    The parts are `run` and its `forward`, `disk` and `everything else`; `forward NAME` by model; `step …`; and beside
    the run `alone NAME` by model, `decode and store` and `report`. `overhead` is a share.
    """
    taken: _Taken = defaultdict(list)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        configuration = load_configuration(environment={"WARDROUND_HOME": folder})
        with clock.installed(), asyncio.Runner(loop_factory=clock.loop) as runner:
            results = runner.run(_runs(configuration, films, clock, taken))
        store = Store(configuration.store)
        arrays = [film_array(store, result.study.images[0]) for result in results if result.study is not None]
        # In a process of its own: here, the thread that ran the models has a team of threads already.
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            alone = apart.submit(_alone, arrays).result()
    return {**taken, **alone}


def _table(taken: _Taken, films: int) -> Table:
    """One line for each part: median and least, and the share of the run where it is a part of it."""
    of_run = ("run", "forward", "disk", "everything else")
    table = Table("a warm film", "median ms", "least ms", "share of the run", title=f"{films} films")
    for name in sorted(taken, key=lambda name: (name not in of_run, of_run.index(name) if name in of_run else name)):
        if name == OVERHEAD:
            continue
        middle, least = statistics.median(taken[name]), min(taken[name])
        inside = name in of_run or name.startswith(("forward", "step"))
        share = f"{middle / statistics.median(taken['run']):.0%}" if inside else ""
        table.add_row(name, f"{middle * 1000:.1f}", f"{least * 1000:.1f}", share)
    table.add_section()
    overhead = taken[OVERHEAD]
    table.add_row(
        "everything else over the run without disk", f"{statistics.median(overhead):.1%}", f"{min(overhead):.1%}", ""
    )
    return table


def main() -> None:
    """Measures the films named on the command line, or eight phantoms where none is."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("films", nargs="*", type=Path)
    films: list[Path] = parser.parse_args().films
    with tempfile.TemporaryDirectory() as folder:
        try:
            taken = measure(films or _phantoms(Path(folder), 8))
        except WardroundError as error:
            raise SystemExit(str(error.problem)) from None
    Console().print(_table(taken, len(taken["run"])))


if __name__ == "__main__":
    main()

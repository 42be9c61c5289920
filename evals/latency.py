"""Where the time of a warm diagnosis goes: `python -m wardround.evals.latency FILM… ` prints medians and shares.

Everything runs embedded in one process. `forward` is each bundled model's network alone, on the same films in the same
process: without reading, resizing, outlining for the detector, or drawing masks. `run` is from a stored film's
handle to the verified result, `everything else` what of it is beyond the forward passes. Milliseconds depend on the
machine; the shares are what to keep.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
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
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration, load_configuration

__all__ = ["measure"]

_Film = NDArray[np.float32]


async def _runs(configuration: Configuration, films: Sequence[Path]) -> tuple[list[float], list[Diagnosis]]:
    """Seconds to open each film, and each result; the first film is run once more before, to warm up."""
    opened, results = [], []
    async with open_house(configuration, None) as house:
        await house.diagnose(await house.open_study([str(films[0])]))
        for film in films:
            begun = time.perf_counter()
            study = await house.open_study([str(film)])
            opened.append(time.perf_counter() - begun)
            results.append(await house.diagnose(study))
    return opened, results


def _forward(films: Sequence[_Film]) -> dict[str, float]:
    """Median seconds of each bundled model's network alone, film by film."""
    detector, segmenter = open_bundled(), bundled_segmenter()
    taken: dict[str, list[float]] = defaultdict(list)
    for film in [films[0], *films]:
        prepared, regions = detector.prepared(film)
        letterboxed = segmenter.prepared([film])
        for name, run in (
            (detector.source.model, partial(detector.forward, prepared, regions)),
            (segmenter.source.model, partial(segmenter.forward, letterboxed)),
        ):
            begun = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def measure(films: Sequence[Path]) -> dict[str, float]:
    """Median seconds: `decode`, `run`, `step …` for each step of the run, `forward …` for each model alone."""
    with tempfile.TemporaryDirectory() as folder:
        configuration = load_configuration(environment={"WARDROUND_HOME": folder})
        opened, results = asyncio.run(_runs(configuration, films))
        store = Store(configuration.store)
        arrays = [film_array(store, result.study.images[0]) for result in results if result.study is not None]
        forward = _forward(arrays)
    steps: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for timing in result.timings:
            steps[timing.step].append(timing.seconds)
    run = statistics.median(steps.pop("run"))
    return {
        "decode and store": statistics.median(opened),
        **{f"step {name}": statistics.median(seconds) for name, seconds in sorted(steps.items())},
        "run": run,
        **{f"forward {name}": seconds for name, seconds in forward.items()},
        "everything else": run - sum(forward.values()),
    }


def main() -> None:
    """Measures the films named on the command line, or eight phantoms where none is."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("films", nargs="*", type=Path)
    films: list[Path] = parser.parse_args().films
    with tempfile.TemporaryDirectory() as folder:
        if not films:
            films = [Path(folder) / f"{seed}.dcm" for seed in range(8)]
            for seed, path in enumerate(films):
                write_phantom_dicom(make_phantom(seed), path)
        try:
            medians = measure(films)
        except WardroundError as error:
            raise SystemExit(str(error.problem)) from None
    table = Table("median of a warm film", "ms", "share of the run", title=f"{len(films)} films")
    for name, seconds in medians.items():
        table.add_row(
            name, f"{seconds * 1000:.0f}", "" if name.startswith("decode") else f"{seconds / medians['run']:.0%}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()

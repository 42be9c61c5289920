"""How time and memory of our model grow with patients and with patches; each size in a process of its own.

`python -m wardround.evals.survival.growth cohort PATIENTS GENES` or `bag PATCHES` measures one size and prints it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from wardround.agents.survival.learning.cohort import Bag, Patients
from wardround.agents.survival.learning.fitting import fit
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.contracts.errors import Fault, ProblemCode
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.memory import peak_megabytes
from wardround.evals.survival.figures import BagGrowth, CohortGrowth, GrowthFigure

__all__ = ["GENES", "PATCHES", "PATIENTS", "exponent", "measured_growth"]

PATIENTS = (1250, 2500, 5000, 10_000)
GENES = 2000
PATCHES = (2500, 5000, 10_000, 20_000)
_EPOCHS = 2
_PATHWAY = 20  # genes of each
_CLINICAL = 10
_FEATURES = 1024  # of a patch, as today's encoders give
_PER_REGION = 64
_LEARNED = 40  # slides that the model of the bags learns from
_SMALL = 64
_LONGEST = 1200  # seconds of one size


def measured_growth(
    patients: Sequence[int] = PATIENTS, genes: int = GENES, patches: Sequence[int] = PATCHES, tick: Tick = no_tick
) -> GrowthFigure:
    """Measures every size.

    Raises:
        Fault: INTERNAL, a size could not be measured.
    """
    cohorts, bags = [], []
    for size in patients:
        cohorts.append(CohortGrowth(**_elsewhere("cohort", str(size), str(genes))))
        tick()
    for size in patches:
        bags.append(BagGrowth(**_elsewhere("bag", str(size))))
        tick()
    return GrowthFigure(
        threads=int(os.environ.get("WARDROUND_THREADS") or min(2, os.cpu_count() or 1)),
        cohorts=tuple(cohorts),
        bags=tuple(bags),
        cohort_exponent=exponent(patients, [one.seconds_per_epoch for one in cohorts]),
        bag_exponent=exponent(patches, [one.seconds for one in bags]),
    )


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float | None:
    """The slope of time over size on logarithms; None of fewer than two sizes."""
    if len(sizes) < 2 or min(seconds) <= 0.0:
        return None
    return round(float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]), 2)


def _elsewhere(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", __name__, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LONGEST)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise Fault(
            ProblemCode.INTERNAL,
            f"The growth of '{' '.join(arguments)}' could not be measured.",
            "It may need more memory or time than there is; try smaller sizes.",
        ) from None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _cohort(count: int, genes: int) -> CohortGrowth:
    random = np.random.default_rng(0)
    values = random.normal(size=(count, genes)).astype(np.float32)
    clinical = random.normal(size=(count, _CLINICAL)).astype(np.float32)
    times = random.exponential(1000.0 * np.exp(-clinical[:, 0]))
    lost = random.exponential(1500.0, count)
    patients = Patients(np.minimum(times, lost), times <= lost, clinical, values)
    pathways = np.zeros((genes // _PATHWAY, genes), dtype=np.float32)
    pathways[np.minimum(np.arange(genes) // _PATHWAY, len(pathways) - 1), np.arange(genes)] = 1.0
    moments = [time.perf_counter()]
    options = SurvivalOptions(epochs=_EPOCHS, patience=_EPOCHS)
    fit(patients, options, pathways, lambda _: moments.append(time.perf_counter()))
    whole = time.perf_counter() - moments[0]
    # What comes before the first epoch is in the first step, so that an epoch is what the later ones take.
    return CohortGrowth(
        patients=count,
        genes=genes,
        epochs=_EPOCHS,
        seconds=round(whole, 2),
        seconds_per_epoch=round((moments[-1] - moments[1]) / (len(moments) - 2), 3),
        megabytes=peak_megabytes(),
    )


def _slide(random: np.random.Generator, patches: int) -> tuple[Bag, ...]:
    regions = max(1, patches // _PER_REGION)
    coarse, fine = (random.normal(size=(size, _FEATURES)).astype(np.float32) for size in (regions, patches))
    parents = np.minimum(np.arange(patches) // _PER_REGION, regions - 1).astype(np.int64)
    return Bag(coarse, None, 4.0), Bag(fine, parents, 0.5)


def _bag(patches: int) -> BagGrowth:
    random = np.random.default_rng(0)
    clinical = random.normal(size=(_LEARNED, 2)).astype(np.float32)
    slides = tuple(_slide(random, _SMALL) for _ in range(_LEARNED))
    times = random.exponential(1000.0, _LEARNED)
    events = np.arange(_LEARNED) % 2 == 0
    fitted = fit(Patients(times, events, clinical, None, slides), SurvivalOptions(epochs=1, patience=1))
    one = Patients(times[:1], events[:1], clinical[:1], None, (_slide(random, patches),))
    begin = time.perf_counter()
    fitted.predict(one)
    return BagGrowth(patches=patches, seconds=round(time.perf_counter() - begin, 4), megabytes=peak_megabytes())


def _main(arguments: Sequence[str]) -> None:
    sizes = [int(argument) for argument in arguments[1:]]
    found = _cohort(*sizes) if arguments[0] == "cohort" else _bag(*sizes)
    sys.stdout.write(found.model_dump_json() + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])

"""One variant, trained with one seed and read on films that it never saw; kept, so that a stopped run goes on."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file
from torch import nn

from wardround.agents.imaging.store import write_whole
from wardround.agents.lesions.checkpoint import Checkpoints
from wardround.agents.lesions.data.samples import Sample
from wardround.agents.lesions.instances import find_instances
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.peers import count
from wardround.agents.lesions.reading import read_film
from wardround.agents.lesions.training import Progress, train
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.agents.measures.froc import Matched
from wardround.agents.measures.resampling import Floats
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.lesions.seen import Detections, Seen, seen
from wardround.evals.lesions.source import source
from wardround.evals.lesions.variants import VARIANTS

__all__ = ["LEAST", "Films", "Plan", "Run", "measured", "network_detections"]

LEAST = 0.02
"""The lowest peak that is a detection: of what is less likely no cut would make one."""
_MINIMUM_PX = 3
_EVERY = 50  # steps between two states of a training


@dataclass(frozen=True)
class Plan:
    """What all variants share: shape, budget, crops and their variation, and the side of the windows that are read."""

    network: NetworkOptions
    training: TrainingOptions
    window: int

    def words(self) -> dict[str, Any]:
        """All that makes a run another; the device does not."""
        return {
            "network": self.network.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json", exclude={"device"}),
            "window": self.window,
        }

    def of(self, variant: str, seed: int) -> Plan:
        """The plan as one variant follows it with a seed."""
        return replace(self, training=VARIANTS[variant].training(self.training, seed))


@dataclass(frozen=True)
class Films:
    """Films to learn from, and films of other patients to measure on, in one order for all variants."""

    learned: Sequence[Sample]
    tested: Sequence[Sample]

    @cached_property
    def digest(self) -> str:
        """Of every pixel and mask, in their order."""
        told = sha256()
        for part in (self.learned, self.tested):
            told.update(b"part")
            for sample in part:
                told.update(f"{sample.patient} {sample.subtlety} {sample.spacing_mm}".encode())
                told.update(np.ascontiguousarray(sample.image).data)
                told.update(np.ascontiguousarray(sample.mask).data)
        return told.hexdigest()


@dataclass(frozen=True)
class Run:
    """A variant's detections on each film tested, how many weights it has, and the seconds to learn and to read."""

    variant: str
    seed: int
    seen: tuple[Seen, ...]
    parameters: int
    learned_s: float
    read_s: float


def network_detections(network: nn.Module, sample: Sample, window: int) -> Detections:
    """Every peak of at least `LEAST` that a network sees on a film."""
    read = read_film(network, sample.image, window)
    found = find_instances(read.probability, LEAST, _MINIMUM_PX, sample.spacing_mm)
    return Detections(found.labels, tuple(one.peak for one in found.found), tuple(one.centroid for one in found.found))


def measured(plan: Plan, variant: str, seed: int, films: Films, keep: Path | None = None, tick: Tick = no_tick) -> Run:
    """Trains and reads, or gives what was kept of the same.

    Args:
        keep: a folder for what was measured, for the weights, and for the state of a training that was stopped, which
            goes on from there.
        tick: called once for each step of the training and each film that is read, those that were kept too.
    """
    plan = plan.of(variant, seed)
    named = {"variant": variant, "seed": seed, "source": source(), "films": films.digest, "plan": plan.words()}
    digest = sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
    name = f"{variant.replace(' ', '-')}.{seed}.{digest[:24]}"
    path = None if keep is None else keep / f"lesions.{name}.json"
    kept = None if path is None else _kept(path)
    if kept is not None:
        _repeat(tick, plan.training.steps + len(films.tested))
        return kept
    state = None if keep is None else keep / f"training.{name}"
    begin = time.perf_counter()
    network = train(
        VARIANTS[variant].network(plan.network, seed),
        films.learned,
        plan.training,
        None if state is None else Checkpoints(state, digest, _EVERY),
        _steps(tick),
    )
    middle = time.perf_counter()
    found = []
    for sample in films.tested:
        found.append(seen(sample, network_detections(network, sample, plan.window)))
        tick()
    if keep is not None:
        save_file(
            {key: value.contiguous() for key, value in network.state_dict().items()},
            keep / f"weights.{name}.safetensors",
        )
    # Rounded as they are kept, so that what is read again says the same.
    learned_s, read_s = round(middle - begin, 2), round(time.perf_counter() - middle, 2)
    run = Run(variant, seed, tuple(found), count(network), learned_s, read_s)
    if path is not None and state is not None:
        write_whole(path, json.dumps({**named, **_words(run)}).encode())
        shutil.rmtree(state, ignore_errors=True)
    return run


def _repeat(tick: Tick, times: int) -> None:
    for _ in range(times):
        tick()


def _steps(tick: Tick) -> Callable[[Progress], None]:
    """Ticks once a step; those of a training that goes on from a state are ticked at its first."""
    done = 0

    def at(progress: Progress) -> None:
        nonlocal done
        _repeat(tick, progress.step - done)
        done = progress.step

    return at


def _listed(values: np.ndarray[Any, Any]) -> list[float | None]:
    return [float(one) if math.isfinite(one) else None for one in values]


def _array(values: Sequence[float | None], missing: float) -> Floats:
    return np.array([missing if one is None else one for one in values], dtype=np.float64)


def _words(run: Run) -> dict[str, Any]:
    films = [
        {
            "patient": one.matched.patient,
            "found": _listed(one.matched.found),
            "diameters": _listed(one.matched.diameters),
            "dice": _listed(one.matched.dice),
            "false": _listed(one.matched.false),
            "subtlety": one.matched.subtlety,
            "hausdorff": _listed(one.hausdorff),
            "finders": one.finders.tolist(),
            "spacing_mm": one.spacing_mm,
        }
        for one in run.seen
    ]
    return {
        "parameters": run.parameters,
        "learned_s": round(run.learned_s, 2),
        "read_s": round(run.read_s, 2),
        "seen": films,
    }


def _film(told: dict[str, Any]) -> Seen:
    matched = Matched(
        patient=told["patient"],
        found=_array(told["found"], -np.inf),
        diameters=_array(told["diameters"], np.nan),
        dice=_array(told["dice"], np.nan),
        false=_array(told["false"], np.nan),
        subtlety=told["subtlety"],
    )
    finders = np.array(told["finders"], dtype=np.int64)
    return Seen(matched, _array(told["hausdorff"], np.nan), finders, told["spacing_mm"])


def _kept(path: Path) -> Run | None:
    try:
        told = json.loads(path.read_text("utf-8"))
        films = tuple(map(_film, told["seen"]))
        return Run(told["variant"], told["seed"], films, told["parameters"], told["learned_s"], told["read_s"])
    except (OSError, ValueError, LookupError, TypeError):
        return None  # not there, or cut off: it is measured again

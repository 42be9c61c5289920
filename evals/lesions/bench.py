"""Several networks on the same films by the same budget: trained and read, then told beside floors and differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wardround.agents.lesions.data.samples import Sample
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.figures import rounded
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.lesions.aggregate import COMPARED, MEAN, Curves, Judge, cut_at
from wardround.evals.lesions.figures import BenchFigure, FloorFigure, GapFigure, VariantFigure
from wardround.evals.lesions.floors import Masks, blobs, random_marks
from wardround.evals.lesions.measured import Films, Plan, Run, measured
from wardround.evals.lesions.seen import Seen, seen
from wardround.evals.lesions.variants import OURS, VARIANTS

__all__ = ["OUTLINED_AT", "Bench", "Benched", "Ground", "demand_variants", "floor", "floors", "run_bench"]

OUTLINED_AT = 2.0
"""False alarms an image at which outlines are measured."""
_RANDOM = 8  # draws of marks at random


@dataclass(frozen=True)
class Ground:
    """Where and how large a blob may be on films of one kind, for what learns nothing.

    `inside` gives the mask of a film; `sizes` are radii in pixels.
    """

    inside: Callable[[Sample], Masks]
    sizes: tuple[float, ...]
    bright: bool = True


@dataclass(frozen=True)
class Bench:
    """What is compared, on what. `compared` names the groups of lesions whose differences are told."""

    data: str
    plan: Plan
    films: Films
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    ground: Ground
    in_mm: bool
    compared: tuple[str, ...]

    @property
    def steps(self) -> int:
        """How often `run_bench` will tick."""
        each = self.plan.training.steps + len(self.films.tested)
        return each * len(self.variants) * len(self.seeds) + len(self.films.tested)


@dataclass(frozen=True)
class Benched:
    """The figures, and every run by variant, for pictures."""

    figure: BenchFigure
    runs: Mapping[str, Sequence[Run]]


def demand_variants(named: Sequence[str]) -> tuple[str, ...]:
    """The names, each once.

    Raises:
        CallerError: BAD_ARGUMENT, there is none of that name, or none at all.
    """
    for name in named:
        if name not in VARIANTS:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"'{name[:60]}' is no network of the benchmark.",
                f"Choose from: {', '.join(VARIANTS)}.",
            )
    if not named:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "No network is named.", f"Choose from: {', '.join(VARIANTS)}.")
    return tuple(dict.fromkeys(named))


def floors(films: Sequence[Sample], ground: Ground, tick: Tick = no_tick) -> dict[str, tuple[tuple[Seen, ...], ...]]:
    """What learns nothing, on each film: blobs once, marks at random several times. Ticks once a film."""
    found: list[Seen] = []
    drawn: list[list[Seen]] = [[] for _ in range(_RANDOM)]
    for sample in films:
        inside = ground.inside(sample)
        found.append(seen(sample, blobs(sample, inside, ground.sizes, bright=ground.bright)))
        for seed, marks in enumerate(drawn):
            marks.append(seen(sample, random_marks(sample, inside, ground.sizes, seed)))
        tick()
    return {"blobs": (tuple(found),), "random marks": tuple(map(tuple, drawn))}


def run_bench(bench: Bench, keep: Path | None = None, tick: Tick = no_tick) -> Benched:
    """Trains and reads every variant with every seed, or takes what was kept.

    Raises:
        CallerError: as `train`.
    """
    # Seed by seed, so that a run that is stopped has compared all networks by then.
    runs: dict[str, list[Run]] = {name: [] for name in bench.variants}
    for seed in bench.seeds:
        for name in bench.variants:
            runs[name].append(measured(bench.plan, name, seed, bench.films, keep, tick))
    beside = floors(bench.films.tested, bench.ground, tick)
    return Benched(_figure(bench, runs, beside), runs)


def _figure(
    bench: Bench, runs: Mapping[str, Sequence[Run]], beside: Mapping[str, Sequence[Sequence[Seen]]]
) -> BenchFigure:
    films = next(iter(runs.values()))[0].seen
    judge = Judge(films, bench.in_mm)
    curves = {name: [judge.curves(run.seen) for run in some] for name, some in runs.items()}
    smallest = next(group.name for group in judge.groups if group.kind == "size")
    training = bench.plan.training
    return BenchFigure(
        data=bench.data,
        learned_samples=len(bench.films.learned),
        films=len(films),
        patients=judge.shaken.patients,
        lesions=judge.lesions["all"],
        steps=training.steps,
        batch=training.batch,
        crop=training.crop,
        models={name: _variant(judge, some, curves[name], ("all", smallest)) for name, some in runs.items()},
        floors={name: floor(judge, some) for name, some in beside.items()},
        differences=_differences(bench, judge, curves),
    )


def floor(judge: Judge, runs: Sequence[Sequence[Seen]]) -> FloorFigure:
    """The figures of what learns nothing."""
    return judge.floor([judge.curves(run) for run in runs])


def _variant(judge: Judge, runs: Sequence[Run], curves: Sequence[Curves], told: Sequence[str]) -> VariantFigure:
    films = [run.seen for run in runs]
    dice, distance = judge.outlines(films, [cut_at(some, OUTLINED_AT) for some in films])
    return VariantFigure(
        parameters=runs[0].parameters,
        seeds=tuple(run.seed for run in runs),
        froc=judge.froc(curves, "all")["all"],
        froc_by_subtlety=judge.froc(curves, "subtlety"),
        froc_by_size=judge.froc(curves, "size"),
        by_seed={group: tuple(rounded(one[group, MEAN][0]) for one in curves) for group in told},
        dice=dice,
        hd95=distance,
        hd95_unit="mm" if judge.in_mm else "px",
        learned_s=round(float(np.mean([run.learned_s for run in runs])), 1),
        film_s=round(float(np.mean([run.read_s for run in runs])) / len(films[0]), 3),
    )


def _differences(
    bench: Bench, judge: Judge, curves: Mapping[str, Sequence[Curves]]
) -> dict[str, dict[str, dict[str, GapFigure]]]:
    if OURS not in curves:
        return {}
    rates = (*(f"{rate:g}" for rate in COMPARED), MEAN)
    groups = [group.name for group in judge.groups if group.name in bench.compared]
    return {
        f"{OURS} - {other}": {
            group: {rate: judge.gap(curves[OURS], theirs, group, rate) for rate in rates} for group in groups
        }
        for other, theirs in curves.items()
        if other != OURS
    }

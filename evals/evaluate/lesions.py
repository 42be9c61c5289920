"""Measures a fitted lesion model on a folder of images, and networks beside each other on nodules and planted films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wardround.agents.lesions.folder import Loaded, load
from wardround.agents.lesions.registry import SHELF
from wardround.agents.lesions.settings import LesionSettings, read_settings
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.lesions import jsrt, synthetic
from wardround.evals.lesions.bench import Bench, Benched, demand_variants, run_bench
from wardround.evals.lesions.figures import LesionsResult
from wardround.evals.lesions.fitted import Chosen, Fitted, chosen_films, evaluate_fitted, read_images
from wardround.evals.lesions.synthetic import Planted
from wardround.evals.lesions.variants import VARIANTS

__all__ = ["LesionEvalSettings", "Measured", "Work", "evaluate_lesions", "planned"]

_NOTES = (
    "A detection finds a lesion that it overlaps by an IoU of 0.1 or more or in which its centre lies, one each, the "
    "highest score first; every image counts in the false alarms.",
    "Intervals are of 1000 resamples of patients; the cut is found anew in each.",
)
_BENCH_NOTES = (
    "All networks have about as many weights, and see the same films, the same number of crops, and the same variation "
    "of them; steps were not chosen on the films measured on.",
)


@dataclass(frozen=True)
class LesionEvalSettings:
    """What is measured.

    Attributes:
        folder: of images; None for planted films alone.
        model: a fitted model's name or folder; "" for the one that there is.
        fold: only the patients of this fold.
        every: also patients that the model learned from.
        layout: of the folder, where it is not plain.
        baselines: whether networks are trained and compared on the folder's JSRT films.
        ablation: planted films to compare all variants on; None for no such comparison.
        variants: networks to compare; () for all that the comparison has.
        steps: of every training, in place of the configuration's.
        seeds: () for those that the comparison has.
        config: a file as of `lesions fit`, whose [network] and [training] all networks share.
        keep: a folder for what was measured, from which a run that was stopped goes on.
    """

    folder: Path | None = None
    model: str = ""
    fold: int | None = None
    every: bool = False
    layout: str | None = None
    baselines: bool = False
    ablation: Planted | None = None
    variants: tuple[str, ...] = ()
    steps: int | None = None
    seeds: tuple[int, ...] = ()
    config: Path | None = None
    keep: Path | None = None


@dataclass(frozen=True)
class Work:
    """What is to be done, checked and read."""

    settings: LesionEvalSettings
    loaded: Loaded | None
    chosen: Chosen | None
    chest: bool
    bench: Bench | None
    ablation: Bench | None

    @property
    def steps(self) -> int:
        """How often `evaluate_lesions` will tick."""
        fitted = 2 * len(self.chosen.samples) if self.chosen else 0
        return fitted + sum(bench.steps for bench in (self.bench, self.ablation) if bench)


@dataclass(frozen=True)
class Measured:
    """The figures, and what pictures are drawn from."""

    result: LesionsResult
    fitted: Fitted | None
    chosen: Chosen | None
    bench: Benched | None
    ablation: Benched | None


def planned(settings: LesionEvalSettings) -> Work:
    """Reads the model, the folder's table and the films that networks learn from.

    Beside a comparison the fitted model is measured only where one is named or there is one.

    Raises:
        CallerError: as the folder's reader and `SHELF`; BAD_ARGUMENT, nothing is to be measured, an unknown variant, or
            no film is left.
    """
    compared = settings.baselines or settings.ablation is not None
    if settings.folder is None and (settings.baselines or not compared):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "Without a folder of images there is nothing to measure on.",
            "Name a folder, or ask for --ablation, which plants its own films.",
        )
    loaded = chosen = None
    chest = False
    if settings.folder is not None and (settings.model or not compared or SHELF.folders()):
        path = SHELF.named(settings.model) if settings.model else SHELF.the_one("")
        loaded = load(path)
        samples, chest = read_images(settings.folder, settings.layout)
        chosen = chosen_films(samples, loaded.card, settings.fold, settings.every)
    return Work(settings, loaded, chosen, chest, _bench(settings), _ablation(settings))


def _options(settings: LesionEvalSettings, usual: LesionSettings) -> LesionSettings:
    """The configuration's options, or the usual ones, with the steps that were asked for."""
    chosen = read_settings(settings.config) if settings.config else usual
    if settings.steps is None:
        return chosen
    return chosen.model_copy(update={"training": chosen.training.model_copy(update={"steps": settings.steps})})


def _bench(settings: LesionEvalSettings) -> Bench | None:
    if not settings.baselines or settings.folder is None:
        return None
    options = _options(settings, LesionSettings(network=jsrt.NETWORK, training=jsrt.TRAINING))
    return jsrt.nodule_bench(
        settings.folder,
        options.network,
        options.training,
        demand_variants(settings.variants or jsrt.VARIANTS),
        settings.seeds or (0,),
        settings.fold or 0,
        options.model.longest or jsrt.LONGEST,
    )


def _ablation(settings: LesionEvalSettings) -> Bench | None:
    if settings.ablation is None:
        return None
    options = _options(settings, LesionSettings(network=synthetic.NETWORK, training=synthetic.TRAINING))
    variants = demand_variants(settings.variants or tuple(VARIANTS))
    seeds = settings.seeds or synthetic.SEEDS
    return synthetic.synthetic_bench(options.network, options.training, variants, seeds, settings.ablation)


def evaluate_lesions(work: Work, tick: Tick = no_tick) -> Measured:
    """Measures what was planned.

    Args:
        tick: called after each image of a model and each step of a training.

    Raises:
        CallerError: as the images' readers and `train`.
    """
    keep = work.settings.keep
    fitted = None
    if work.loaded is not None and work.chosen is not None:
        fitted = evaluate_fitted(work.loaded, work.chosen, work.chest, tick)
    bench = run_bench(work.bench, keep, tick) if work.bench else None
    ablation = run_bench(work.ablation, keep, tick) if work.ablation else None
    result = (fitted.result if fitted else LesionsResult()).model_copy(
        update={
            "bench": bench.figure if bench else None,
            "ablation": ablation.figure if ablation else None,
            "notes": _notes(work),
        }
    )
    return Measured(result, fitted, work.chosen, bench, ablation)


def _notes(work: Work) -> Sequence[str]:
    discs = (
        "Masks of JSRT's nodules are discs of the stated centre and diameter: Dice and Hausdorff measure place and "
        "size, not shape.",
    )
    return (
        *_NOTES,
        *(_BENCH_NOTES if work.bench or work.ablation else ()),
        *(discs if work.bench or work.chest else ()),
    )

"""Measures our survival model beside its peers on shared folds, its modules on simulations, and its growth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.survival.ablation import Simulation, Trial, run_trials
from wardround.evals.survival.aggregate import ablation_figure, dataset_figure
from wardround.evals.survival.datasets import SIX, Dataset, load_dataset
from wardround.evals.survival.figures import AblationFigure, DatasetFigure, SurvivalResult
from wardround.evals.survival.folds import Keep
from wardround.evals.survival.forecast import Model
from wardround.evals.survival.growth import PATCHES, PATIENTS, measured_growth
from wardround.evals.survival.ours import VARIANTS, ours, source, variant
from wardround.evals.survival.peers import PEERS
from wardround.evals.survival.splits import SEED, Split, outer_splits

__all__ = ["MODELS", "SurvivalSettings", "Work", "evaluate_survival", "planned"]

_OWN = "ours"
_ALL = "all"
_ALL_VARIANTS = "variants"
_MODELS: dict[str, Model] = {**PEERS, _OWN: ours, **{f"{_OWN}:{name}": variant(name) for name in VARIANTS}}
MODELS = tuple(_MODELS)
_NOTES = (
    f"Folds are stratified by event, 5 times 3 with seed {SEED} (flchain once); all models see the same ones.",
    "All choices are made on inner folds: Coxnet's penalty; our penalties, epochs, and weights of ridge and networks. "
    "Otherwise every model has one setting for all data sets.",
    "IPCW C and Brier score are up to the 90th percentile of the training events' times, at most the last test time.",
    "Differences are tested over folds by the corrected resampled t-test; the best peer is the best on these folds, "
    "which is hard on ours.",
    "'constant' is the floor: one risk for all, and the training fold's Kaplan–Meier curve.",
    "flchain is without `chapter`, the cause of death, which only the dead have.",
)


@dataclass(frozen=True)
class SurvivalSettings:
    """What is measured.

    Attributes:
        data: names of data sets.
        models: names of models, or 'all' (peers and ours), or 'variants' (ours, module by module).
        limit_folds: only the first folds of each data set.
        keep: a folder for what was measured, from which a run that was stopped goes on.
        simulation: simulations for the ablation; None: no ablation.
        growth: whether to measure time and memory over sizes.
    """

    data: tuple[str, ...] = SIX
    models: tuple[str, ...] = (_ALL,)
    limit_folds: int | None = None
    keep: Path | None = None
    simulation: Simulation | None = None
    growth: bool = False

    def named(self) -> tuple[str, ...]:
        """The models that are meant, each once.

        Raises:
            CallerError: BAD_ARGUMENT, there is none of that name.
        """
        short = {_ALL: (*PEERS, _OWN), _ALL_VARIANTS: tuple(f"{_OWN}:{name}" for name in VARIANTS)}
        named = tuple(dict.fromkeys(name for asked in self.models for name in short.get(asked, (asked,))))
        for name in named:
            if name not in _MODELS:
                raise CallerError(
                    ProblemCode.BAD_ARGUMENT,
                    f"'{name[:60]}' is no model of the benchmark.",
                    f"Choose from: {_ALL}, {_ALL_VARIANTS}, {', '.join(MODELS)}.",
                )
        return named


@dataclass(frozen=True)
class Work:
    """What is to be done, checked and loaded."""

    settings: SurvivalSettings
    models: tuple[str, ...]
    datasets: tuple[tuple[Dataset, tuple[Split, ...]], ...]

    @property
    def steps(self) -> int:
        """How often `evaluate_survival` will tick."""
        folds = len(self.models) * sum(len(splits) for _, splits in self.datasets)
        trials = self.settings.simulation.steps if self.settings.simulation else 0
        return folds + trials + (len(PATIENTS) + len(PATCHES) if self.settings.growth else 0)


def planned(settings: SurvivalSettings) -> Work:
    """Loads the data sets and checks the names.

    Raises:
        CallerError: BAD_ARGUMENT, an unknown data set or model; NOT_FOUND, the extra `bench` is not installed.
    """
    models = settings.named()
    datasets = [load_dataset(name) for name in dict.fromkeys(settings.data)]
    return Work(
        settings,
        models,
        tuple((one, outer_splits(one.observed.events, one.repeats)[: settings.limit_folds]) for one in datasets),
    )


def evaluate_survival(work: Work, tick: Tick = no_tick) -> SurvivalResult:
    """Measures what was planned.

    Args:
        tick: called after each fold of each model, each simulated fit, and each size.

    Raises:
        Fault: INTERNAL, a size of the growth could not be measured.
    """
    settings = work.settings
    return SurvivalResult(
        datasets={dataset.name: _measured(work, dataset, splits, tick) for dataset, splits in work.datasets},
        ablation=_ablation(settings.simulation, settings.keep, tick) if settings.simulation else (),
        growth=measured_growth(tick=tick) if settings.growth else None,
        notes=_NOTES,
    )


def _measured(work: Work, dataset: Dataset, splits: Sequence[Split], tick: Tick) -> DatasetFigure:
    keep = Keep(work.settings.keep)
    found = {}
    for name in work.models:
        folds = []
        for split in splits:
            folds.append(keep.measured(dataset, split, name, _MODELS[name], _words(name)))
            tick()
        found[name] = folds
    return dataset_figure(dataset, splits, found)


def _words(name: str) -> str:
    """What makes a model another under the same name; a peer's settings are in its name's own release."""
    if name == _OWN:
        return source()  # its options are in the source
    own = name.removeprefix(f"{_OWN}:")
    return f"{source()} {VARIANTS[own].model_dump_json()}" if own in VARIANTS else ""


def _ablation(simulation: Simulation, keep: Path | None, tick: Tick) -> tuple[AblationFigure, ...]:
    by_share: dict[float, dict[str, list[Trial]]] = defaultdict(lambda: defaultdict(list))
    for censoring, _, name, trial in run_trials(simulation, keep, tick):
        by_share[censoring][name].append(trial)
    return tuple(ablation_figure(simulation.train, share, trials) for share, trials in by_share.items())

"""From measured folds and trials to figures: means with intervals, and differences with their tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from wardround.agents.measures.resampling import (
    Floats,
    Interval,
    PatientBootstrap,
    Statistic,
    interval_of,
    mean_statistic,
)
from wardround.agents.measures.survival import agreement, d_calibration, horizon, weighted_agreement
from wardround.evals.evaluate.figures import ValueFigure, rounded, told
from wardround.evals.survival.ablation import Trial, of_variant
from wardround.evals.survival.compare import PairedTest, corrected_t, holm, resampled_means
from wardround.evals.survival.datasets import Dataset
from wardround.evals.survival.figures import AblationFigure, DatasetFigure, ModelFigure, PairedFigure, VariantFigure
from wardround.evals.survival.folds import Scored
from wardround.evals.survival.splits import FOLDS, Split

__all__ = ["COMPARED", "FLOOR", "ablation_figure", "dataset_figure"]

FLOOR = "constant"
_OURS = "ours"
_MEASURES = ("harrell", "uno", "brier")
_RESAMPLES = 400
_TEST_SHARE = 1.0 / (FOLDS - 1)
_ALPHA = 0.05
_TRIAL_MEASURES = ("uno", "true_c", "brier", "curve_error", "coverage", "angle", "distance", "ordered")

# What is added, and to what.
COMPARED = (
    ("hyperbolic", "euclidean"),
    ("hierarchy", "hyperbolic"),
    ("arcl", "hyperbolic"),
    ("cuc", "hyperbolic"),
    ("full", "hyperbolic"),
    ("full", "full_less_cuc"),
    ("full", "dropped"),
    ("full_less_cuc", "dropped"),
    ("full", "euclidean_full"),
)


def dataset_figure(dataset: Dataset, splits: Sequence[Split], found: Mapping[str, Sequence[Scored]]) -> DatasetFigure:
    """The figures of all models on one data set.

    Args:
        found: for each model, what was measured in each split, in their order.
    """
    shaken = PatientBootstrap([str(row) for row in range(len(dataset.observed))], count=_RESAMPLES)
    values = {name: _per_fold(folds) for name, folds in found.items()}
    resampled = {name: _resampled(shaken, dataset, splits, folds) for name, folds in found.items()}
    peers = [name for name in found if name != FLOOR and not name.startswith(_OURS)]
    own = next((name for name in found if name.startswith(_OURS)), None)
    others = [name for name in found if name not in (FLOOR, own)]
    best = max(peers, key=lambda name: float(np.nanmean(values[name]["harrell"])), default=None)
    least = min(peers, key=lambda name: float(np.nanmean(values[name]["brier"])), default=None)
    return DatasetFigure(
        patients=len(dataset.observed),
        events=int(dataset.observed.events.sum()),
        columns=len(dataset.columns),
        genes=int(dataset.genes.sum()),
        folds=len(splits),
        models={
            name: _model_figure(dataset, splits, folds, values[name], resampled[name]) for name, folds in found.items()
        },
        best_peer=best,
        best_peer_brier=least,
        compared=own,
        differences=_differences(values, resampled, own, others) if own is not None and others else {},
    )


def _per_fold(folds: Sequence[Scored]) -> dict[str, Floats]:
    return {
        "harrell": np.asarray([fold.harrell for fold in folds]),
        "uno": np.asarray([fold.uno for fold in folds]),
        "brier": np.asarray([fold.brier.mean() for fold in folds]),
    }


def _resampled(
    shaken: PatientBootstrap, dataset: Dataset, splits: Sequence[Split], folds: Sequence[Scored]
) -> dict[str, tuple[float, Floats]]:
    """Each measure's mean over folds, and its values (resamples,) when patients are drawn anew."""
    parts: dict[str, list[tuple[Statistic, np.ndarray[tuple[int], np.dtype[np.intp]]]]] = {
        name: [] for name in _MEASURES
    }
    for split, fold in zip(splits, folds, strict=True):
        train, test = dataset.observed.subset(split.train), dataset.observed.subset(split.test)
        uno = weighted_agreement(train, test, fold.risk, horizon(train, test))
        statistics = (agreement(test, fold.risk).statistic(), uno.statistic(), mean_statistic(fold.brier))
        for name, statistic in zip(_MEASURES, statistics, strict=True):
            parts[name].append((statistic, split.test))
    return {name: resampled_means(shaken, of_folds) for name, of_folds in parts.items()}


def _model_figure(
    dataset: Dataset,
    splits: Sequence[Split],
    folds: Sequence[Scored],
    values: Mapping[str, Floats],
    resampled: Mapping[str, tuple[float, Floats]],
) -> ModelFigure:
    intervals = {name: ValueFigure(**told(interval_of(*resampled[name]))) for name in _MEASURES}
    calibrations = []
    for repeat in dict.fromkeys(split.repeat for split in splits):
        here = [number for number, split in enumerate(splits) if split.repeat == repeat]
        rows = np.concatenate([splits[number].test for number in here])
        survival = np.concatenate([folds[number].at_observed for number in here])
        calibrations.append(d_calibration(survival, dataset.observed.events[rows]))
    middle = sorted(calibrations, key=lambda one: one.p)[len(calibrations) // 2]
    auc = np.asarray([fold.auc for fold in folds])
    return ModelFigure(
        folds=len(folds),
        harrell=intervals["harrell"],
        harrell_sd=rounded(float(np.nanstd(values["harrell"]))),
        uno=intervals["uno"],
        brier=intervals["brier"],
        auc=rounded(float(np.nanmean(auc))) if np.isfinite(auc).any() else None,
        d_calibration=rounded(middle.p),
        d_shares=tuple(round(share, 4) for share in middle.shares),
        seconds=round(float(np.mean([fold.seconds for fold in folds])), 2),
        chosen=dict(Counter(fold.chosen for fold in folds if fold.chosen).most_common()),
    )


def _differences(
    values: Mapping[str, Mapping[str, Floats]],
    resampled: Mapping[str, Mapping[str, tuple[float, Floats]]],
    own: str,
    others: Sequence[str],
) -> dict[str, dict[str, PairedFigure]]:
    found: dict[str, dict[str, PairedFigure]] = {}
    for measure in _MEASURES:
        tests = {peer: corrected_t(values[own][measure] - values[peer][measure], _TEST_SHARE) for peer in others}
        corrected = holm({peer: test.p for peer, test in tests.items()})
        found[measure] = {}
        for peer, test in tests.items():
            (ours, our_draws), (theirs, their_draws) = resampled[own][measure], resampled[peer][measure]
            shaken = interval_of(ours - theirs, our_draws - their_draws)
            found[measure][peer] = _paired(test, corrected[peer], shaken)
    return found


def _paired(test: PairedTest, corrected: float | None = None, shaken: Interval | None = None) -> PairedFigure:
    return PairedFigure(
        value=rounded(test.value),
        low=rounded(test.low),
        high=rounded(test.high),
        p=rounded(test.p),
        p_holm=rounded(corrected),
        shaken_low=rounded(shaken.low) if shaken else None,
        shaken_high=rounded(shaken.high) if shaken else None,
    )


def ablation_figure(patients: int, censoring: float, trials: Mapping[str, Sequence[Trial]]) -> AblationFigure:
    """The variants at one share of censoring.

    Args:
        trials: for each variant, what was measured in each simulation, in one order.
    """
    ceilings = [one.ceiling_c for some in trials.values() for one in some]
    return AblationFigure(
        patients=patients,
        censoring=censoring,
        simulations=max(map(len, trials.values())),
        ceiling_c=rounded(float(np.mean(ceilings))),
        variants={name: _variant_figure(some) for name, some in trials.items()},
        differences={
            f"{more} - {less}": {
                measure: _paired(
                    corrected_t(of_variant(trials[more], measure) - of_variant(trials[less], measure), 0.0)
                )
                for measure in _TRIAL_MEASURES
            }
            for more, less in COMPARED
            if more in trials and less in trials
        },
    )


def _variant_figure(trials: Sequence[Trial]) -> VariantFigure:
    means = {name: _mean(of_variant(trials, name)) for name in _TRIAL_MEASURES}
    return VariantFigure(
        simulations=len(trials),
        calibrated=round(float(np.mean(of_variant(trials, "d_p") > _ALPHA)), 4),
        seconds=round(float(np.mean(of_variant(trials, "seconds"))), 2),
        **means,
    )


def _mean(values: Floats) -> ValueFigure:
    """The mean over simulations, which are independent, with Student's interval."""
    test = corrected_t(values, 0.0)
    return ValueFigure(value=rounded(test.value), low=rounded(test.low), high=rounded(test.high))

"""Measures what a detector's numbers are worth as probabilities: reliability, conformal sets, selective answering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.calibration.apply import Calibrator
from wardround.agents.cxr.detector import Detector
from wardround.agents.measures.conformal import SetCounts, pooled, set_counts
from wardround.agents.measures.reliability import brier, brier_skill_statistic, chance_ece, ece
from wardround.agents.measures.resampling import Floats, PatientBootstrap, interval_of, ratio_statistic
from wardround.agents.measures.selective import aurc, error_statistic
from wardround.contracts.codes import NO_FINDING
from wardround.evals.evaluate.figures import (
    CalibrationFigure,
    ConformalFigure,
    ConformalLevel,
    DeferralFigure,
    MacroFigure,
    SelectiveFigure,
    ValueFigure,
    rounded,
    told,
)
from wardround.evals.evaluate.truth import Truth

__all__ = ["Reliability", "conformal_levels", "reliability", "selective"]

_COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Reliability:
    """Calibration errors, their means over labels, Brier scores, and skills over the training prevalence."""

    ece: float | None
    constant: float | None
    chance: float | None
    by_label: dict[str, CalibrationFigure]
    brier: dict[str, float | None]
    skill: dict[str, ValueFigure]
    macro_skill: MacroFigure


def _kind(calibrator: Calibrator | None, label: str) -> str:
    return "probability" if calibrator and calibrator.trusted(label) else "score"


def _prevalence(detector: Detector, label: str) -> float | None:
    """What a predictor that knows nothing of the film would say: the calibration's prevalence, else the training's."""
    rows = detector.calibration.labels if detector.calibration is not None else ()
    found = next((row.prevalence for row in rows if row.label == label), None)
    return detector.training_prevalence.get(label) if found is None else found


def _mean(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return rounded(float(np.mean(there))) if there else None


def reliability(
    detector: Detector,
    calibrator: Calibrator | None,
    truth: Truth,
    probabilities: Floats,
    bootstrap: PatientBootstrap,
) -> Reliability:
    """ECE, Brier score and Brier skill of `probabilities` (films, labels), per label and over all.

    Means of ECE are over all labels whose truth is known here; the macro skill is over the findings, without No
    Finding. The constant predictor says the training prevalence of every film.
    """
    by_label: dict[str, CalibrationFigure] = {}
    briers: dict[str, float | None] = {}
    skills: dict[str, ValueFigure] = {}
    macro_values, macro_resamples = [], []
    for index, label in enumerate(truth.labels):
        films = np.flatnonzero(truth.known[:, index])
        if not len(films):
            by_label[label], briers[label] = CalibrationFigure(of=_kind(calibrator, label)), None
            skills[label] = ValueFigure(reason="these films' labels do not decide it")
            continue
        said, positive = probabilities[films, index], truth.positive[films, index]
        prevalence = _prevalence(detector, label)
        by_label[label] = CalibrationFigure(
            value=rounded(ece(said, positive)),
            constant=None if prevalence is None else rounded(ece(np.full(len(films), prevalence), positive)),
            chance=rounded(chance_ece(said)),
            of=_kind(calibrator, label),
        )
        briers[label] = rounded(brier(said, positive))
        if prevalence is None:
            skills[label] = ValueFigure(reason="its training prevalence is not known")
            continue
        statistic = brier_skill_statistic(said, positive, prevalence)
        value, values = bootstrap.value(statistic, films), bootstrap.values(statistic, films)
        skills[label] = ValueFigure(**told(interval_of(value, values)))
        if label != NO_FINDING and np.isfinite(value):
            macro_values.append(value)
            macro_resamples.append(values)
    macro = MacroFigure(labels=0, reason="no finding has a known training prevalence and a known truth")
    if macro_values:
        spread = np.nanmean(np.stack(macro_resamples), axis=0)
        macro = MacroFigure(**told(interval_of(float(np.mean(macro_values)), spread)), labels=len(macro_values))
    return Reliability(
        ece=_mean([one.value for one in by_label.values()]),
        constant=_mean([one.constant for one in by_label.values()]),
        chance=_mean([one.chance for one in by_label.values()]),
        by_label=by_label,
        brier=briers,
        skill=skills,
        macro_skill=macro,
    )


def _conformal_figure(counts: SetCounts, bootstrap: PatientBootstrap) -> dict[str, object]:
    present = bootstrap.interval(ratio_statistic(counts.covered_positives, counts.positives))
    absent = bootstrap.interval(ratio_statistic(counts.covered_negatives, counts.negatives))
    total = float((counts.positives + counts.negatives).sum())
    return {
        "coverage_present": rounded(present.value),
        "coverage_absent": rounded(absent.value),
        "interval_present": (rounded(present.low), rounded(present.high)),
        "interval_absent": (rounded(absent.low), rounded(absent.high)),
        "mean_set_size": rounded(float(counts.size.sum()) / total) if total else None,
        "n_present": int(counts.positives.sum()),
        "n_absent": int(counts.negatives.sum()),
    }


def conformal_levels(
    calibrator: Calibrator, truth: Truth, probabilities: Floats, bootstrap: PatientBootstrap
) -> dict[str, ConformalLevel]:
    """Coverage of the stored conformal cuts by nominal level, of the labels that are trusted and decided here."""
    found: dict[float, dict[str, SetCounts]] = {}
    for index, label in enumerate(truth.labels):
        row, known = calibrator.trusted(label), truth.known[:, index]
        if row is None or not known.any():
            continue
        for cut in row.cuts:
            found.setdefault(cut.level, {})[label] = set_counts(
                probabilities[:, index], truth.positive[:, index], cut.present_from, cut.absent_to, known
            )
    return {
        f"{level:g}": ConformalLevel.model_validate(
            {
                **_conformal_figure(pooled(list(labels.values())), bootstrap),
                "labels": {
                    label: ConformalFigure.model_validate(_conformal_figure(counts, bootstrap))
                    for label, counts in labels.items()
                },
            }
        )
        for level, labels in sorted(found.items())
    }


def selective(
    calibrator: Calibrator | None,
    truth: Truth,
    probabilities: Floats,
    bootstrap: PatientBootstrap,
    label: str = NO_FINDING,
) -> SelectiveFigure | None:
    """Risk and coverage of one label at the cut 0.5; None where the detector or the films' labels do not have it."""
    if label not in truth.labels:
        return None
    index = truth.labels.index(label)
    films = np.flatnonzero(truth.known[:, index])
    if not len(films):
        return None
    said, positive = probabilities[films, index], truth.positive[films, index]
    statistics = {coverage: error_statistic(said, positive, coverage) for coverage in _COVERAGES}
    values = {coverage: bootstrap.value(statistic, films) for coverage, statistic in statistics.items()}
    full, half = (bootstrap.values(statistics[coverage], films) for coverage in (1.0, 0.5))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = interval_of(float(np.float64(values[0.5]) / values[1.0]), half / full)
    return SelectiveFigure(
        label=label,
        of=_kind(calibrator, label),
        error={f"{coverage:g}": rounded(value) for coverage, value in values.items()},
        error_full=ValueFigure(**told(interval_of(values[1.0], full))),
        error_half=ValueFigure(**told(interval_of(values[0.5], half))),
        ratio_half_to_full=ValueFigure(**told(ratio)),
        aurc=rounded(aurc(said, positive)),
        majority_error=round(float(min(positive.mean(), 1.0 - positive.mean())), 4),
        deferral=_deferral(calibrator, label, said, (said >= 0.5) != positive),
    )


def _deferral(
    calibrator: Calibrator | None, label: str, said: Floats, wrong: NDArray[np.bool_]
) -> tuple[DeferralFigure, ...]:
    if calibrator is None or calibrator.trusted(label) is None:
        return ()
    confidence = np.maximum(said, 1.0 - said)
    figures = []
    for cut in calibrator.calibration.deferral.get(label, ()):
        answered = confidence >= cut.least_confidence
        error = rounded(float(wrong[answered].mean())) if answered.any() else None
        figures.append(DeferralFigure(wanted=cut.coverage, answered=round(float(answered.mean()), 4), error=error))
    return tuple(figures)

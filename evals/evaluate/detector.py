"""Measures a detector on a table of films: ranking here, calibration and abstention in `calibrated`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.calibration.apply import Calibrator
from wardround.agents.cxr.detector import Detector
from wardround.agents.cxr.seen import fold_of_patient
from wardround.agents.measures.ranking import auc_statistic, average_precision_statistic
from wardround.agents.measures.resampling import Floats, Interval, PatientBootstrap, Statistic, interval_of
from wardround.agents.measures.views import view_ranks
from wardround.contracts.codes import NO_FINDING
from wardround.evals.evaluate.calibrated import conformal_levels, reliability, selective
from wardround.evals.evaluate.fair import read_scores, seen_warning
from wardround.evals.evaluate.figures import (
    AucFigure,
    DetectorResult,
    DifferenceFigure,
    MacroFigure,
    PrecisionFigure,
    rounded,
    told,
)
from wardround.evals.evaluate.tables import Table, Tick, no_tick
from wardround.evals.evaluate.truth import Truth, truth_of

__all__ = ["Judged", "evaluate_detector"]

_FITTED_HERE = (
    "{fresh} of {films} films are of patients whose out-of-fold scores the stored calibration was fitted on: what is "
    "said of calibration, sets and abstaining is slightly optimistic here. The card's figures are cross-fitted."
)


@dataclass(frozen=True)
class Judged:
    """What the pictures are drawn from: scores and probabilities (films, labels), and the truth."""

    truth: Truth
    scores: Floats
    probabilities: Floats
    result: DetectorResult


@dataclass(frozen=True)
class _Resampled:
    """One label's statistic on all films and on every resample."""

    label: str
    value: float
    values: Floats

    @property
    def interval(self) -> Interval:
        return interval_of(self.value, self.values)


def _unscored(truth: Truth, index: int) -> str:
    """Why a label has no AUC here; empty where it has one."""
    known = truth.known[:, index]
    positives = int(truth.positive[:, index].sum())
    if not known.any():
        return "these films' labels do not decide it"
    if positives == 0:
        return "no film has it"
    return "every film has it" if positives == int(known.sum()) else ""


def _resampled(bootstrap: PatientBootstrap, label: str, statistic: Statistic, films: NDArray[np.intp]) -> _Resampled:
    return _Resampled(label, bootstrap.value(statistic, films), bootstrap.values(statistic, films))


def _macro(each: Sequence[_Resampled]) -> _Resampled | None:
    """The mean over findings; where a resample lacks one of a label's classes, over the others."""
    findings = [one for one in each if one.label != NO_FINDING]
    if not findings:
        return None
    values = np.stack([one.values for one in findings])
    there = np.isfinite(values)
    mean = np.where(there, values, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return _Resampled("macro", float(np.mean([one.value for one in findings])), mean)


def _macro_figure(each: Sequence[_Resampled], floors: Sequence[_Resampled] = ()) -> MacroFigure:
    whole, floor = _macro(each), _macro(floors)
    if whole is None:
        return MacroFigure(labels=0, reason="none of the findings can be scored on these films")
    count = sum(one.label != NO_FINDING for one in each)
    return MacroFigure(**told(whole.interval), labels=count, floor_view=rounded(floor.value) if floor else None)


def _over_view(
    bootstrap: PatientBootstrap, each: Sequence[_Resampled], floors: Sequence[_Resampled]
) -> DifferenceFigure:
    ours, floor = _macro(each), _macro(floors)
    if ours is None or floor is None:
        return DifferenceFigure(reason="none of the findings can be scored on these films")
    return DifferenceFigure(**told(bootstrap.difference_of(ours.value - floor.value, ours.values - floor.values)))


def evaluate_detector(detector: Detector, table: Table, tick: Tick = no_tick) -> Judged:
    """Everything that `wardround evaluate detector` prints, with one bootstrap by patient for all intervals.

    Raises:
        CallerError: a film is missing or cannot be read.
    """
    rows, labels = table.rows, detector.labels
    truth = truth_of(rows, labels)
    read = read_scores(detector, table, tick)
    calibrator = Calibrator(detector.calibration) if detector.calibration is not None else None
    probabilities = np.column_stack(
        [
            calibrator.probabilities(label, read.values[:, index]) if calibrator else read.values[:, index]
            for index, label in enumerate(labels)
        ]
    )
    bootstrap = PatientBootstrap([row.patient for row in rows])
    folds = np.array([fold_of_patient(row.patient) for row in rows])
    views = view_ranks([row.view for row in rows], folds, truth.positive, truth.known)
    areas, floors, precisions = [], [], []
    auc: dict[str, AucFigure] = {}
    precision: dict[str, PrecisionFigure] = {}
    for index, label in enumerate(labels):
        films, counts = np.flatnonzero(truth.known[:, index]), int(truth.positive[:, index].sum())
        reason = _unscored(truth, index)
        if reason:
            auc[label] = AucFigure(positives=counts, films=len(films), reason=reason)
            precision[label] = PrecisionFigure(reason=reason)
            continue
        positive = truth.positive[films, index]
        areas.append(_resampled(bootstrap, label, auc_statistic(read.values[films, index], positive), films))
        floors.append(_resampled(bootstrap, label, auc_statistic(views[films, index], positive), films))
        ranked = average_precision_statistic(read.values[films, index], positive)
        precisions.append(_resampled(bootstrap, label, ranked, films))
        auc[label] = AucFigure(
            **told(areas[-1].interval), positives=counts, films=len(films), floor_view=rounded(floors[-1].value)
        )
        precision[label] = PrecisionFigure(**told(precisions[-1].interval), prevalence=rounded(counts / len(films)))
    reliable = reliability(detector, calibrator, truth, probabilities, bootstrap)
    warnings = [seen_warning(detector, table)]
    if read.fresh and calibrator:
        warnings.append(_FITTED_HERE.format(fresh=read.fresh, films=len(rows)))
    result = DetectorResult(
        model=detector.source.model,
        version=detector.source.version,
        weights_digest=detector.source.weights_digest,
        dataset=table.datasets(),
        n=len(rows),
        patients=bootstrap.patients,
        fresh=read.fresh,
        calibrated=tuple(label for label in labels if calibrator and calibrator.trusted(label)),
        warnings=tuple(filter(None, warnings)),
        macro_auc=_macro_figure(areas, floors),
        macro_auc_over_view=_over_view(bootstrap, areas, floors),
        macro_average_precision=_macro_figure(precisions),
        auc=auc,
        average_precision=precision,
        ece=reliable.ece,
        ece_constant=reliable.constant,
        ece_chance=reliable.chance,
        ece_by_label=reliable.by_label,
        brier=reliable.brier,
        brier_skill=reliable.skill,
        macro_brier_skill=reliable.macro_skill,
        conformal=conformal_levels(calibrator, truth, probabilities, bootstrap) if calibrator else {},
        selective=selective(calibrator, truth, probabilities, bootstrap),
    )
    return Judged(truth, read.values, probabilities, result)

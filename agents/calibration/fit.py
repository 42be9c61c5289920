"""Fits a calibration to out-of-fold scores: Platt scaling with a shared prior, conformal cuts, and deferral cuts.

Every score must come from a model that had not seen the film's patient. What is said of the calibration itself (Brier
skill, error rates of the selective mode) is measured by fitting on four folds of patients and looking at the fifth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from wardround.agents.calibration.apply import logistic, logit
from wardround.agents.measures.reliability import brier
from wardround.agents.measures.resampling import PatientBootstrap
from wardround.contracts.calibration import Calibration, ConformalCut, DeferralCut, LabelCalibration

__all__ = [
    "COVERAGES",
    "LEVELS",
    "conformal_cut",
    "cross_calibrated",
    "fit_calibration",
    "other_folds_prevalence",
    "platt",
]

LEVELS = (0.80, 0.90, 0.95)
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9)
_SLOPE_SPREAD = 0.3  # how far, in log units, one label's slope may stray from all labels' before it is drawn back
METHOD = (
    "Platt scaling (1999) of the log-odds per label, its slope drawn towards the slope shared by all labels; fitted on "
    "out-of-fold scores"
)
_Array = NDArray[np.float64]
_Truth = NDArray[np.bool_]


def _loss(x: _Array, y: _Truth) -> float:
    """Sum of cross-entropies of log-odds x."""
    return float(np.sum(np.logaddexp(0.0, x) - np.where(y, x, 0.0)))


def platt(scores: _Array, positive: _Truth) -> tuple[_Array, _Array]:
    """Slopes and intercepts (labels,) for scores (films, labels) in [0, 1].

    The shared slope minimises the cross-entropy with an intercept per label; then each label's slope is fitted with a
    normal prior on its logarithm around the shared one, since a label with thirty positives cannot settle its own.
    """
    x = logit(scores)
    count = x.shape[1]
    prevalence = logit(positive.mean(axis=0).clip(1e-4, 1 - 1e-4))

    def joint(parameters: _Array) -> float:
        bent = np.exp(parameters[0]) * x + parameters[1:]
        return _loss(bent, positive)

    def joint_slope(parameters: _Array) -> _Array:
        slope = np.exp(parameters[0])
        residual = logistic(slope * x + parameters[1:]) - positive
        return np.concatenate([[np.sum(residual * x) * slope], residual.sum(axis=0)])

    start = np.concatenate([[0.0], prevalence - x.mean(axis=0)])
    shared = minimize(joint, start, jac=joint_slope, method="L-BFGS-B").x
    slopes, intercepts = np.empty(count), np.empty(count)
    for label in range(count):

        def own(parameters: _Array, label: int = label) -> float:
            penalty = 0.5 * ((parameters[0] - shared[0]) / _SLOPE_SPREAD) ** 2
            return _loss(np.exp(parameters[0]) * x[:, label] + parameters[1], positive[:, label]) + float(penalty)

        found = minimize(own, np.array([shared[0], shared[1 + label]]), method="L-BFGS-B").x
        slopes[label], intercepts[label] = np.exp(found[0]), found[1]
    return slopes, intercepts


def conformal_cut(probability: _Array, positive: _Truth, level: float) -> ConformalCut:
    """The cuts of one label: the finite-sample quantile of each class's own probabilities (Vovk 2013).

    With too few films of a class for the level, its cut lets everything in, which keeps the coverage.
    """
    return ConformalCut(
        level=level,
        present_from=_lower(probability[positive], level, 0.0),
        absent_to=1.0 - _lower(1.0 - probability[~positive], level, 0.0),
    )


def _lower(values: _Array, level: float, otherwise: float) -> float:
    """The value below which at most a share 1 - level of (n + 1) exchangeable values lies."""
    rank = int(np.floor((1.0 - level) * (len(values) + 1)))
    return otherwise if rank < 1 else float(np.sort(values)[rank - 1])


def cross_calibrated(scores: _Array, positive: _Truth, folds: NDArray[np.int_]) -> _Array:
    """Probabilities (films, labels), each film's by a calibration fitted without its fold of patients."""
    out = np.empty_like(scores)
    for fold in np.unique(folds):
        rest = folds != fold
        slopes, intercepts = platt(scores[rest], positive[rest])
        out[~rest] = logistic(slopes * logit(scores[~rest]) + intercepts)
    return out


def other_folds_prevalence(positive: _Truth, folds: NDArray[np.int_]) -> _Array:
    """What a predictor says that knows nothing of the film: the other folds' prevalence (films, labels)."""
    out = np.empty(positive.shape)
    for fold in np.unique(folds):
        out[folds == fold] = positive[folds != fold].mean(axis=0)
    return out


def _deferral(probability: _Array, positive: _Truth) -> tuple[DeferralCut, ...]:
    confidence = np.maximum(probability, 1.0 - probability)
    wrong = (probability >= 0.5) != positive
    cuts = []
    for coverage in COVERAGES:
        least = float(np.quantile(confidence, 1.0 - coverage))
        answered = confidence >= least
        cuts.append(
            DeferralCut(
                coverage=coverage, least_confidence=round(least, 5), error_rate=round(float(wrong[answered].mean()), 4)
            )
        )
    return tuple(cuts)


def fit_calibration(
    model: str,
    labels: Sequence[str],
    scores: _Array,
    positive: _Truth,
    patients: Sequence[str],
    folds: NDArray[np.int_],
    *,
    data: str,
    deferral: Sequence[str] = (),
) -> Calibration:
    """Fit all labels from out-of-fold scores (films, labels) in [0, 1] and their truth.

    `folds` (films,) are folds of patients for what is said of the calibration; `deferral` names the labels that get a
    selective mode. Cuts are set on the cross-calibrated probabilities, so that they hold for new films.
    """
    slopes, intercepts = platt(scores, positive)
    crossed = cross_calibrated(scores, positive, folds)
    flat = other_folds_prevalence(positive, folds)
    bootstrap = PatientBootstrap(patients)
    rows = []
    for index, label in enumerate(labels):
        truth = positive[:, index]
        lost, floor = (crossed[:, index] - truth) ** 2, (flat[:, index] - truth) ** 2
        low, high = bootstrap.ratio_interval(lost, floor)
        skill = 1.0 - brier(crossed[:, index], truth) / brier(flat[:, index], truth)
        rows.append(
            LabelCalibration(
                label=label,
                slope=round(float(slopes[index]), 6),
                intercept=round(float(intercepts[index]), 6),
                prevalence=round(float(truth.mean()), 6),
                positives=int(truth.sum()),
                films=len(truth),
                brier_skill=round(skill, 4),
                brier_skill_low=round(1.0 - high, 4),
                brier_skill_high=round(1.0 - low, 4),
                demoted=skill <= 0.0,
                cuts=tuple(conformal_cut(crossed[:, index], truth, level) for level in LEVELS),
            )
        )
    return Calibration(
        model=model,
        method=METHOD,
        data=data,
        films=len(scores),
        patients=len(set(patients)),
        labels=tuple(rows),
        deferral={name: _deferral(crossed[:, i], positive[:, i]) for i, name in enumerate(labels) if name in deferral},
    )

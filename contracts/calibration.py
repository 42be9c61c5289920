"""A detector's calibration: what turns its scores into probabilities, prediction sets and decisions to defer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word

__all__ = ["Calibration", "ConformalCut", "DeferralCut", "LabelCalibration", "PredictionSet"]


class ConformalCut(Word):
    """Class-conditional split-conformal cuts on the probability of one label (Vovk 2013, Mondrian predictors).

    'present' is in the set from `present_from` on, 'absent' up to `absent_to`: so of films that have the finding, a
    share of at least `level` has 'present' in its set, and the like for films without it, if they come from where the
    calibration films came from.
    """

    level: Unit
    present_from: Unit
    absent_to: Unit


class PredictionSet(Word):
    """Which answers a conformal set holds at its nominal coverage: one, both (undecided), or neither (unlike any)."""

    level: Unit
    present: bool
    absent: bool


class LabelCalibration(Word):
    """One label: probability = logistic(slope * logit(score) + intercept), at the calibration films' prevalence.

    `brier_skill` is 1 - Brier / Brier of the prevalence, out of fold, with its 95 % interval by bootstrap over
    patients. A label whose skill is not above zero is `demoted`: its number stays a score.
    """

    label: str
    slope: Annotated[float, Field(gt=0)]
    intercept: float
    prevalence: Unit
    positives: int
    films: int
    brier_skill: float
    brier_skill_low: float
    brier_skill_high: float
    demoted: bool
    cuts: tuple[ConformalCut, ...] = ()


class DeferralCut(Word):
    """To answer on a share `coverage` of films, defer where max(p, 1 - p) is below `least_confidence`.

    `error_rate` is the share of wrong answers among those given, out of fold, at the cut p = 0.5.
    """

    coverage: Unit
    least_confidence: Unit
    error_rate: Unit


class Calibration(Word):
    """All of a model's labels, and for each label in `deferral` the cuts of its selective mode."""

    model: str
    method: str
    data: str
    films: int
    patients: int
    labels: tuple[LabelCalibration, ...]
    deferral: dict[str, tuple[DeferralCut, ...]] = Field(default_factory=dict)

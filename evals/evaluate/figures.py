"""The shapes of what `wardround evaluate` prints; a figure that is not defined is null, with its reason."""

from __future__ import annotations

import math
from typing import Any

from wardround.agents.measures.resampling import Difference, Interval
from wardround.contracts.base import NOTICE, Word

__all__ = [
    "AnatomyResult",
    "AucFigure",
    "CalibrationFigure",
    "ConformalFigure",
    "ConformalLevel",
    "Confusion",
    "DeferralFigure",
    "DetectorResult",
    "DiceFigure",
    "DifferenceFigure",
    "LabelCount",
    "LocateResult",
    "MacroFigure",
    "MethodFigure",
    "PrecisionFigure",
    "ScreenResult",
    "ScreenedSet",
    "SelectiveFigure",
    "TurnFigure",
    "ValueFigure",
    "ViewFigure",
    "rounded",
    "told",
]


def rounded(value: float | None) -> float | None:
    """Four decimals; None for what is not a number."""
    return None if value is None or not math.isfinite(value) else round(float(value), 4)


class ValueFigure(Word):
    """A value with its 95 % bootstrap interval by patient."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


class DifferenceFigure(ValueFigure):
    """A paired difference; `p` is one-sided, of there being no advantage."""

    p: float | None = None


def told(found: Interval | Difference) -> dict[str, Any]:
    """The rounded fields of a value or a difference, for a figure."""
    fields = {"value": rounded(found.value), "low": rounded(found.low), "high": rounded(found.high)}
    return {**fields, "p": rounded(found.p)} if isinstance(found, Difference) else fields


class MacroFigure(ValueFigure):
    """A mean over `labels` findings. `floor_view` is the same mean for the view (PA or AP) alone; chance is 0.5."""

    labels: int
    floor_view: float | None = None


class AucFigure(ValueFigure):
    """One label's AUC over `films` whose truth is known. `floor_view`: what the view alone reaches."""

    positives: int
    films: int
    floor_view: float | None = None


class PrecisionFigure(ValueFigure):
    """One label's average precision; its floor is the prevalence among the films."""

    prevalence: float | None = None


class CalibrationFigure(Word):
    """One label's reliability. `of` says whether its numbers pass for probabilities or are only scores.

    `constant` is the ECE of saying the training prevalence of every film, `chance` the ECE that these numbers would
    show on so many films if they were true.
    """

    value: float | None = None
    constant: float | None = None
    chance: float | None = None
    of: str = "score"


class ConformalFigure(Word):
    """Shares of positives and of negatives whose set holds the truth, over `n_present` and `n_absent` of them."""

    coverage_present: float | None
    coverage_absent: float | None
    interval_present: tuple[float | None, float | None]
    interval_absent: tuple[float | None, float | None]
    mean_set_size: float | None
    n_present: int
    n_absent: int


class ConformalLevel(ConformalFigure):
    """Pooled over labels, and label by label."""

    labels: dict[str, ConformalFigure]


class DeferralFigure(Word):
    """A stored deferral cut at work: the share that was answered, and the error among these."""

    wanted: float
    answered: float
    error: float | None


class SelectiveFigure(Word):
    """Answering only where confident. `error` by coverage; `majority_error` is of always giving the commoner answer."""

    label: str
    of: str
    error: dict[str, float | None]
    error_full: ValueFigure
    error_half: ValueFigure
    ratio_half_to_full: ValueFigure
    aurc: float | None
    majority_error: float
    deferral: tuple[DeferralFigure, ...]


class DetectorResult(Word):
    """`wardround evaluate detector`."""

    model: str
    version: str
    weights_digest: str | None
    dataset: tuple[str, ...]
    n: int
    patients: int
    fresh: int
    calibrated: tuple[str, ...]
    warnings: tuple[str, ...]
    macro_auc: MacroFigure
    macro_auc_over_view: DifferenceFigure
    macro_average_precision: MacroFigure
    auc: dict[str, AucFigure]
    average_precision: dict[str, PrecisionFigure]
    ece: float | None
    ece_constant: float | None
    ece_chance: float | None
    ece_by_label: dict[str, CalibrationFigure]
    brier: dict[str, float | None]
    brier_skill: dict[str, ValueFigure]
    macro_brier_skill: MacroFigure
    conformal: dict[str, ConformalLevel]
    selective: SelectiveFigure | None
    notice: str = NOTICE


class DiceFigure(ValueFigure):
    """`floor` is the Dice of the mean shape of other patients' outlines, None where fewer than ten have one."""

    n: int
    worst: float
    floor: float | None = None


class AnatomyResult(Word):
    """`wardround evaluate anatomy`. `dice` by structure; `detail` has the same with intervals and floors."""

    model: str
    version: str
    weights_digest: str | None
    dataset: tuple[str, ...]
    n: int
    patients: int
    warnings: tuple[str, ...]
    dice: dict[str, float]
    detail: dict[str, DiceFigure]
    ctr_error: ValueFigure
    ctr_films: int
    ctr_unmeasured: int
    notice: str = NOTICE


class LabelCount(Word):
    """One label's boxes: how many hold the map's peak, and the prior's centre; and the mean overlap."""

    n: int
    pointed: int
    prior_pointed: int
    overlap: float


class Confusion(Word):
    """How often a box in one region was located in another; `agreed` is the share on the diagonal."""

    counts: dict[str, dict[str, int]]
    agreed: float
    n: int


class MethodFigure(Word):
    """One kind of heat map. `pointing`: the peak lies in the box; `overlap`: IoU of the map's box and the drawn one."""

    pointing: ValueFigure
    overlap: ValueFigure
    pointing_over_prior: DifferenceFigure
    pointing_over_chance: DifferenceFigure
    overlap_over_prior: DifferenceFigure
    labels: dict[str, LabelCount]
    regions: Confusion | None


class LocateResult(Word):
    """`wardround evaluate locate`. `prior` is the centre (and mean box) of the label's boxes on other patients."""

    model: str
    version: str
    weights_digest: str | None
    dataset: tuple[str, ...]
    n: int
    films: int
    patients: int
    fresh: int
    warnings: tuple[str, ...]
    methods: dict[str, MethodFigure]
    prior_pointing: ValueFigure
    prior_overlap: ValueFigure
    chance_pointing: float
    notice: str = NOTICE


class TurnFigure(Word):
    """Films altered on purpose: the share found out (refused, or named), the share named, and all that was said."""

    n: int
    found: float
    named: float
    outcomes: dict[str, int]


class ViewFigure(Word):
    """Of `n` films whose view the table gives, how many the screen tells from the film, and the share told rightly."""

    n: int
    told: int
    right: float | None


class ScreenedSet(Word):
    """One data set's films as they are, and altered. `refusals` and `remarks` count outcomes, several to a film."""

    n: int
    accepted: float
    low: float
    high: float
    refusals: dict[str, int]
    remarks: dict[str, int]
    view: ViewFigure
    altered: dict[str, TurnFigure]


class ScreenResult(Word):
    """`wardround evaluate screen`, by data set and altogether."""

    model: str
    version: str
    n: int
    accepted: float
    datasets: dict[str, ScreenedSet]
    notice: str = NOTICE

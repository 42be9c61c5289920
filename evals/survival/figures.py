"""The shapes of what `wardround evaluate survival` prints; a figure that is not defined is null."""

from __future__ import annotations

from wardround.contracts.base import NOTICE, Word
from wardround.evals.evaluate.figures import ValueFigure

__all__ = [
    "AblationFigure",
    "BagGrowth",
    "CohortGrowth",
    "DatasetFigure",
    "GrowthFigure",
    "ModelFigure",
    "PairedFigure",
    "SurvivalResult",
    "VariantFigure",
]


class PairedFigure(Word):
    """First minus second over the same folds: interval and two-sided `p` by the corrected resampled t-test.

    `p_holm` allows for all the pairs of the same measure in the data set. `shaken_low` and `shaken_high` bound the
    same difference when patients are resampled and models are not fitted anew.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None = None
    shaken_low: float | None = None
    shaken_high: float | None = None


class ModelFigure(Word):
    """One model on one data set: means over folds, with 95 % bootstrap intervals by patient.

    `harrell_sd` is over folds. `d_calibration` is the median over repeats of the p of being calibrated, and
    `d_shares` the share of patients in each tenth of forecast survival, a tenth each if it is. `seconds` are of a fold.
    """

    folds: int
    harrell: ValueFigure
    harrell_sd: float | None
    uno: ValueFigure
    brier: ValueFigure
    auc: float | None
    d_calibration: float | None
    d_shares: tuple[float, ...]
    seconds: float
    chosen: dict[str, int]


class DatasetFigure(Word):
    """All models on one data set. `best_peer` is the one of the highest mean Harrell C on the very folds reported.

    `differences` are of `compared`, the first of ours, minus each other model, by measure: `harrell` and `uno` are
    better above 0, `brier` below.
    """

    patients: int
    events: int
    columns: int
    genes: int
    folds: int
    models: dict[str, ModelFigure]
    best_peer: str | None
    best_peer_brier: str | None
    compared: str | None
    differences: dict[str, dict[str, PairedFigure]]


class VariantFigure(Word):
    """One variant of ours on simulations whose truth is known; means over simulations with 95 % intervals.

    `true_c` is Harrell's C on the uncensored times of the test patients, `curve_error` the root mean square distance
    from the true curves, `coverage` the share of the true curves' points within the 90 % bands. `angle` and `distance`
    are Spearman's correlations, over pairs of test patients, of what lies between their points and how far apart they
    come in order of uncensored time. `ordered` is the share of parents nearer the origin than their child.
    `calibrated` is the share of simulations in which D-calibration is not rejected at 0.05.
    """

    simulations: int
    uno: ValueFigure
    true_c: ValueFigure
    brier: ValueFigure
    curve_error: ValueFigure
    coverage: ValueFigure
    calibrated: float
    angle: ValueFigure
    distance: ValueFigure
    ordered: ValueFigure
    seconds: float


class AblationFigure(Word):
    """The variants at one share of censoring. `ceiling_c` is what the true log hazard reaches of `true_c`.

    `differences` are by name of the two variants, "full - dropped", then by measure, paired over simulations.
    """

    patients: int
    censoring: float
    simulations: int
    ceiling_c: float | None
    variants: dict[str, VariantFigure]
    differences: dict[str, dict[str, PairedFigure]]


class CohortGrowth(Word):
    """Learning from so many patients and genes: seconds an epoch and in all, and the process's largest memory."""

    patients: int
    genes: int
    epochs: int
    seconds: float
    seconds_per_epoch: float
    megabytes: float


class BagGrowth(Word):
    """One slide of so many patches: seconds to forecast, and the process's largest memory."""

    patches: int
    seconds: float
    megabytes: float


class GrowthFigure(Word):
    """How time and memory grow. An exponent of 1 is linear growth; it is fitted on logarithms over all sizes."""

    threads: int
    cohorts: tuple[CohortGrowth, ...]
    bags: tuple[BagGrowth, ...]
    cohort_exponent: float | None
    bag_exponent: float | None


class SurvivalResult(Word):
    """`wardround evaluate survival`."""

    datasets: dict[str, DatasetFigure]
    ablation: tuple[AblationFigure, ...] = ()
    growth: GrowthFigure | None = None
    notes: tuple[str, ...]
    notice: str = NOTICE

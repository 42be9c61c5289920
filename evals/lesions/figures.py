"""The shapes of what `wardround evaluate lesions` prints; a figure that is not defined is null."""

from __future__ import annotations

from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure

__all__ = ["BenchFigure", "FloorFigure", "Froc", "GapFigure", "LesionsResult", "RateFigure", "VariantFigure"]


class RateFigure(ValueFigure):
    """The share of `n` lesions that are found at a rate of false alarms an image, with its 95 % interval by patient."""

    n: int


Froc = dict[str, RateFigure]
"""By false alarms an image: "0.25", "0.5", "1", "2", "4", "8"."""


class FloorFigure(Word):
    """A way that learns nothing, on the same films."""

    froc: Froc
    froc_by_subtlety: dict[str, Froc]
    froc_by_size: dict[str, Froc]


class VariantFigure(Word):
    """One network, the mean over its seeds; intervals by patient.

    `by_seed` has all lesions' and the smallest bin's mean sensitivity over the rates compared, seed by seed. `dice` and
    `hd95` are of lesions found at 2 false alarms an image, `hd95` in `hd95_unit`. Seconds are of one seed's training
    (its last stretch, where it was stopped) and of one film's reading.
    """

    parameters: int
    seeds: tuple[int, ...]
    froc: Froc
    froc_by_subtlety: dict[str, Froc]
    froc_by_size: dict[str, Froc]
    by_seed: dict[str, tuple[float | None, ...]]
    dice: ValueFigure
    hd95: ValueFigure
    hd95_unit: str
    learned_s: float
    film_s: float


class GapFigure(DifferenceFigure):
    """First minus second at equal false alarms: interval and one-sided `p` by patient, paired, seeds averaged.

    `by_seed` is the difference seed by seed on all films, and `seed_low`, `seed_high` and the two-sided `seed_p` are
    Student's over seeds; null where there is one seed.
    """

    by_seed: tuple[float | None, ...]
    seed_low: float | None = None
    seed_high: float | None = None
    seed_p: float | None = None


class BenchFigure(Word):
    """Networks that learned from the same films by the same steps.

    `differences` are by pair, by group of lesions, by rate; a rate of "mean" is the mean over the rates compared.
    """

    data: str
    learned_samples: int
    films: int
    patients: int
    lesions: int
    steps: int
    batch: int
    crop: int
    models: dict[str, VariantFigure]
    floors: dict[str, FloorFigure]
    differences: dict[str, dict[str, dict[str, GapFigure]]]


class LesionsResult(Word):
    """`wardround evaluate lesions`: a fitted model on patients new to it, and, where asked for, the benchmarks.

    `n` counts films, `fresh` those of patients of whom it is known that the model did not learn from them. `recall`,
    `precision`, `dice`, `hd95_mm`, `hd95_px` and `false_per_image` are at the score `operating_point`, which is the
    card's `balanced` one; the last two of outlines are of lesions that were found. No score is a probability.
    """

    model: str | None = None
    version: str | None = None
    weights_digest: str | None = None
    target: str | None = None
    calibrated: bool = False
    n: int = 0
    patients: int = 0
    lesions: int = 0
    fresh: int = 0
    froc: Froc = Field(default_factory=dict)
    froc_by_subtlety: dict[str, Froc] = Field(default_factory=dict)
    froc_by_size: dict[str, Froc] = Field(default_factory=dict)
    operating_point: float | None = None
    recall: ValueFigure | None = None
    precision: ValueFigure | None = None
    false_per_image: float | None = None
    dice: ValueFigure | None = None
    hd95_mm: ValueFigure | None = None
    hd95_px: ValueFigure | None = None
    floors: dict[str, FloorFigure] = Field(default_factory=dict)
    film_s: float | None = None
    bench: BenchFigure | None = None
    ablation: BenchFigure | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notice: str = NOTICE

"""Survival: what is known of a patient, what a fitted model expects of it, and what it was fitted on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from wardround.contracts.base import NOTICE, Digest, Unit, Word

__all__ = [
    "BAND",
    "Attribution",
    "Cohort",
    "Comparison",
    "Covariate",
    "Explanation",
    "Modality",
    "PatchBag",
    "RiskGroup",
    "SurvivalCurve",
    "SurvivalEstimate",
    "SurvivalInput",
    "SurvivalModelCard",
    "SurvivalModels",
    "SurvivalQuestion",
]

BAND = 0.9  # the share of the uncertainty that a band holds
_Name = Annotated[str, Field(min_length=1, max_length=120)]
_Positive = Annotated[float, Field(gt=0)]


class Modality(StrEnum):
    """What a model may read; any may be missing at inference."""

    CLINICAL = "clinical"
    GENES = "genes"
    HISTOLOGY = "histology"


class Covariate(Word):
    """One column of a clinical table: numeric with a unit and the range that was seen, or one of `levels`."""

    name: _Name
    unit: str = ""
    low: float | None = None
    high: float | None = None
    levels: tuple[_Name, ...] = ()

    @property
    def categorical(self) -> bool:
        """Whether it is one of some levels."""
        return bool(self.levels)


class PatchBag(Word):
    """The patches of a slide at one resolution: an `.npy` file of shape (patches, features), on the server's machine.

    `parents` is an `.npy` file of whole numbers: for each patch the row of its region in the bag of the next lower
    resolution; empty at the lowest. Both lie in a folder that the server may read.
    """

    microns_per_pixel: _Positive
    path: Annotated[str, Field(min_length=1, max_length=4096)]
    parents: Annotated[str, Field(max_length=4096)] = ""


class SurvivalInput(Word):
    """One patient. A value that is absent is missing; genes are expression values on the scale of the model's card.

    `bags` go from the lowest resolution to the highest.
    """

    patient_id: Annotated[str, Field(max_length=80, pattern=r"^[\w.:-]*$")] = ""
    clinical: dict[_Name, float | str | None] = Field(default_factory=dict, max_length=2000)
    genes: dict[_Name, float] = Field(default_factory=dict, max_length=60_000)
    bags: tuple[PatchBag, ...] = Field(default=(), max_length=4)


class SurvivalQuestion(Word):
    """What is asked of a survival server: a patient, under a model; empty where there is one model alone.

    `nameless` is the same question without the patient's id, which is nobody else's business.
    """

    patient: SurvivalInput
    model: Annotated[str, Field(max_length=80)] = ""

    def nameless(self) -> SurvivalQuestion:
        """See above."""
        return self.model_copy(update={"patient": self.patient.model_copy(update={"patient_id": ""})})


class RiskGroup(StrEnum):
    """Thirds of the cohort by predicted risk."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class SurvivalCurve(Word):
    """S(t) at increasing times, from 1 downwards, with the bounds of a 90 % band."""

    times: tuple[Annotated[float, Field(ge=0)], ...]
    survival: tuple[Unit, ...]
    low: tuple[Unit, ...]
    high: tuple[Unit, ...]

    @model_validator(mode="after")
    def _one_length(self) -> SurvivalCurve:
        if len({len(self.times), len(self.survival), len(self.low), len(self.high)}) != 1:
            raise ValueError("times, survival, low and high have one length")
        if list(self.times) != sorted(self.times):
            raise ValueError("times increase")
        return self


class Cohort(Word):
    """What a model was fitted on. `follow_up` is the median time of those without an event."""

    name: str
    source: str
    licence: str
    patients: int
    events: int
    endpoint: str
    time_unit: str
    follow_up: float
    digest: Digest


class SurvivalEstimate(Word):
    """What a model expects. `risk` is a log relative hazard; `percentile` its place in the cohort.

    `median` is None where the curve does not fall to one half within the cohort's time. `restricted_mean` is up to
    `horizon`. `distance` is how far the patient lies from the cohort (see the model's card), `distance_percentile` its
    place among the cohort's own; `in_cohort` False: an estimate for somebody unlike all that it was fitted on.
    """

    model: str
    version: str
    calibrated: bool
    cohort: Cohort
    curve: SurvivalCurve
    median: float | None = None
    median_low: float | None = None
    median_high: float | None = None
    restricted_mean: float
    horizon: _Positive
    risk: float
    risk_low: float
    risk_high: float
    percentile: Unit
    group: RiskGroup
    used: tuple[Modality, ...]
    missing: tuple[str, ...] = ()
    distance: Annotated[float, Field(ge=0)]
    distance_percentile: Unit
    in_cohort: bool
    warnings: tuple[str, ...] = ()
    notice: str = NOTICE


class Attribution(Word):
    """How much of the risk an input accounts for, in log relative hazard against the baseline."""

    name: str
    modality: Modality
    value: float


class Explanation(Word):
    """Integrated gradients (Sundararajan et al., ICML 2017), largest first.

    `total` is the risk less the baseline's, which is the average patient with the same gaps; `completeness_error` is
    how far the attributions' sum is from it after `steps` on the way. The sum alone is checked: single ones are good to
    two decimals.
    """

    model: str
    version: str
    baseline_risk: float
    total: float
    attributions: tuple[Attribution, ...]
    pathways: tuple[Attribution, ...] = ()
    completeness_error: float
    steps: int
    used: tuple[Modality, ...]
    missing: tuple[str, ...] = ()
    in_cohort: bool
    warnings: tuple[str, ...] = ()
    notice: str = NOTICE


class Comparison(Word):
    """Two or more patients under one model, and the picture's numbers beside each other."""

    estimates: tuple[SurvivalEstimate, ...]
    notice: str = NOTICE


class SurvivalModelCard(Word):
    """A fitted model: what it reads, from whom it learned, how well it does, and beside which floors.

    `figures` are measured on folds that were not trained on; `floors` under the same names are ridge Cox's there.
    """

    name: _Name
    version: str
    weights_digest: Digest
    modalities: tuple[Modality, ...]
    covariates: tuple[Covariate, ...]
    genes: tuple[str, ...] = ()
    pathways: tuple[str, ...] = ()
    cohort: Cohort
    figures: dict[str, float] = Field(default_factory=dict)
    floors: dict[str, float] = Field(default_factory=dict)
    calibrated: bool = False
    intended_use: str
    limits: tuple[str, ...] = ()
    notice: str = NOTICE


class SurvivalModels(Word):
    """The models that a server holds."""

    models: tuple[SurvivalModelCard, ...]
    notice: str = NOTICE

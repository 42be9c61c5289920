"""Evidence: what a specialist reports and where it comes from, so that a claim can cite it and a program check it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.anatomy import Location
from wardround.contracts.base import Digest, Unit, Word
from wardround.contracts.calibration import DeferralCut, PredictionSet
from wardround.contracts.case import CaseTrust
from wardround.contracts.change import Comparison
from wardround.contracts.cue import Cue
from wardround.contracts.lesions import LesionReport
from wardround.contracts.screening import ScreenOutcome
from wardround.contracts.study import Artefact, ViewPosition
from wardround.contracts.survival import SurvivalEstimate

__all__ = [
    "CaseLink",
    "Contribution",
    "Degree",
    "Evidence",
    "EvidenceKind",
    "EvidenceReport",
    "LesionSearch",
    "Measurement",
    "Polarity",
    "ScreenReport",
    "Source",
    "Voice",
]

ShortText = Annotated[str, Field(max_length=500)]


class EvidenceKind(StrEnum):
    """What sort of statement an item makes."""

    FINDING = "finding"  # a detector's score for a label
    LOCATION = "location"  # where a finding's heat map lies
    MEASUREMENT = "measurement"  # a number with a unit
    SEGMENTATION = "segmentation"  # the outline of a structure
    LESION = "lesion"  # one lesion that was outlined: its size, score and mask
    QUALITY = "quality"  # is this a film that the models may read
    WEIGHING = "weighing"  # the pooled belief in a finding, and what made it
    CASE = "case"  # a similar case
    OBSERVATION = "observation"  # what an uncalibrated reader saw
    CONTEXT = "context"  # what was told: age, sex, history
    PROGNOSIS = "prognosis"  # what a survival model expects of the patient
    COMPARISON = "comparison"  # how something has changed since an earlier film


class Polarity(StrEnum):
    """Whether the subject is there."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"

    @property
    def opposite(self) -> Polarity | None:
        """What contradicts it; None for UNCERTAIN, which nothing does."""
        return {Polarity.PRESENT: Polarity.ABSENT, Polarity.ABSENT: Polarity.PRESENT}.get(self)


class Degree(StrEnum):
    """How marked something is."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class CaseLink(Word):
    """A similar case: its own id in case memory, how alike it is, how far it may be relied on, and what it showed."""

    case_id: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w.:-]+$")]
    similarity: Unit
    trust: CaseTrust
    findings: tuple[Annotated[str, Field(max_length=60)], ...] = Field(default=(), max_length=40)


class Source(Word):
    """Who says it. `specialist` is set by the orchestrator from its configuration, never believed from the wire."""

    specialist: str = ""
    model: Annotated[str, Field(min_length=1, max_length=120)]
    version: Annotated[str, Field(min_length=1, max_length=60)]
    weights_digest: Digest | None = None
    calibrated: bool = Field(default=False, description="False: its numbers are scores, not probabilities.")


class Voice(Word):
    """One member of an ensemble on one label.

    `value` is a probability at `training_prevalence` where `source.calibrated`, else a score. `prediction_set` is what
    a conformal predictor would answer at its stated coverage, where one was fitted. `deferral` holds the cuts of the
    label's selective mode, where it has one: what to leave to a person so that a stated share is answered.
    """

    source: Source
    value: Unit
    training_prevalence: Unit | None = Field(
        default=None, description="Share of positives it was trained on; without it a score is not pooled."
    )
    prediction_set: PredictionSet | None = None
    deferral: tuple[DeferralCut, ...] = ()


class Measurement(Word):
    """A number with a UCUM unit; '1' is a plain ratio. `low` and `high` bound the normal range, where one is stated."""

    quantity: Annotated[str, Field(min_length=1, max_length=120)]
    value: float
    unit: str = "1"
    low: float | None = None
    high: float | None = None
    reference: str = Field(default="", description="Where the normal range comes from.")


class Contribution(Word):
    """One term of a weighing, in natural log-odds. `evidence_id` is empty for the prior."""

    evidence_id: str = ""
    name: str
    log_odds: float


class Evidence(Word):
    """One item of the ledger. Specialists leave `id`, `input_digest` and `source.specialist` to the orchestrator.

    `subject` is a finding label, a structure or a quantity; known synonyms are brought to the code table's label.
    `comparison`, `case`, `cue` and `prognosis` belong to the kinds COMPARISON, CASE, CONTEXT and PROGNOSIS.
    `detail` is shown to people and read neither by a program nor by a language model.
    """

    id: str = ""
    kind: EvidenceKind
    subject: Annotated[str, Field(min_length=1, max_length=120)]
    polarity: Polarity | None = None
    value: Unit | None = None
    voices: tuple[Voice, ...] = ()
    measurement: Measurement | None = None
    location: Location | None = None
    degree: Degree | None = None
    comparison: Comparison | None = None
    case: CaseLink | None = None
    cue: Cue | None = None
    prognosis: SurvivalEstimate | None = None
    artefacts: tuple[Artefact, ...] = ()
    derived_from: tuple[str, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    source: Source
    input_digest: str = ""
    synthetic: bool = False
    detail: ShortText = ""


class EvidenceReport(Word):
    """What every evidence-giving tool returns."""

    items: tuple[Evidence, ...] = ()
    warnings: tuple[ShortText, ...] = ()


class ScreenReport(EvidenceReport):
    """Whether the film may go to the models, and why not.

    `outcomes` lists everything that was found, refusing or not. `view` is the view to go by: the one told, else the one
    estimated from the film where that is clear.
    """

    accepted: bool
    reason: ShortText = ""
    outcomes: tuple[ScreenOutcome, ...] = ()
    view: ViewPosition = ViewPosition.UNKNOWN


class LesionSearch(EvidenceReport):
    """The lesions of one film as evidence, an item each in the order of `found.lesions`, and all that is known of them.

    An item's `value` is the lesion's peak score, `measurement` its diameter in mm, or in {pixel} where the spacing is
    unknown, and its artefact the mask's channel. `location` is there where regions were asked for and lungs were found.
    """

    found: LesionReport

"""A clinical case as case memory keeps it (the 12 fields of MedCase-RAG, Liu et al. 2024, arXiv 2412.01605, 3.3), and
what memory is asked and answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from wardround.contracts.base import NOTICE, Digest, Unit, Word
from wardround.contracts.clinic import AuxiliaryExam, Department, Exam, Treatment, Urgency, exam_named, term_named
from wardround.contracts.decision import Stage
from wardround.contracts.study import Patient

__all__ = [
    "MAX_CASE_CHARS",
    "Case",
    "CaseFields",
    "CaseFile",
    "CaseId",
    "CaseImage",
    "CaseMatch",
    "CaseMatches",
    "CaseQuery",
    "CaseTrust",
    "FieldMatch",
    "MatchExplained",
    "Remembered",
]

MAX_CASE_CHARS = 20_000
CaseId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w.:-]+$")]
_Text = Annotated[str, Field(max_length=MAX_CASE_CHARS)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


class CaseTrust(StrEnum):
    """How far a record may be relied on: lower tiers serve only where better ones are too few."""

    VALIDATED = "validated"
    USER = "user"
    FINISHED_HERE = "finished here"


class CaseImage(Word):
    """A film of a case: its file beside the case's own file, and the examination that it belongs to."""

    file: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\]+$")]
    exam: AuxiliaryExam = AuxiliaryExam.XRAY


class CaseFields(Word):
    """The clinical content of a case, whole or in part; what is empty was not recorded, or is not shown.

    Examinations, departments and treatments are brought to the closed vocabulary where they are known by another name;
    an examination or department outside it keeps its own name. `symptoms` is the present illness. `findings` are labels
    of the table of film findings, where the case has a film.
    """

    patient: Patient = Patient()
    chief_complaint: _Text = ""
    symptoms: _Text = ""
    past_history: _Text = ""
    physical_examination: dict[_Name, _Text] = Field(default_factory=dict, max_length=60)
    auxiliary_examination: dict[_Name, _Text] = Field(default_factory=dict, max_length=60)
    image_report: _Text = ""
    diagnoses: tuple[_Name, ...] = Field(default=(), max_length=40)
    treatments: tuple[Treatment, ...] = ()
    department: Annotated[str, Field(max_length=200)] = ""
    sub_departments: tuple[_Name, ...] = Field(default=(), max_length=20)
    urgency: Urgency | None = None
    findings: tuple[_Name, ...] = Field(default=(), max_length=40)

    @field_validator("physical_examination", "auxiliary_examination")
    @classmethod
    def _examinations(cls, given: dict[str, str]) -> dict[str, str]:
        """Two names of one examination become one entry with both texts."""
        told: dict[str, str] = {}
        for name, text in given.items():
            term = exam_named(name)
            key = term.value if term is not None else name
            told[key] = f"{told[key]} {text}".strip() if key in told else text
        return told

    @field_validator("department")
    @classmethod
    def _department(cls, given: str) -> str:
        term = term_named(Department, given)
        return term.value if term is not None else given

    @field_validator("treatments", mode="before")
    @classmethod
    def _treatments(cls, given: object) -> object:
        if not isinstance(given, list | tuple):
            return given
        named = [term_named(Treatment, one) or one if isinstance(one, str) else one for one in given]
        return tuple(dict.fromkeys(named))

    @property
    def exams(self) -> tuple[str, ...]:
        """The names of all examinations, physical before auxiliary."""
        return (*self.physical_examination, *self.auxiliary_examination)

    def result_of(self, exam: Exam) -> str | None:
        """What an examination found; None where it was not recorded."""
        return self.physical_examination.get(exam.value) or self.auxiliary_examination.get(exam.value)


class Case(CaseFields):
    """One encounter's record. `references` are what a written case was checked against."""

    case_id: CaseId
    trust: CaseTrust
    provenance: Annotated[str, Field(min_length=1, max_length=500)]
    licence: Annotated[str, Field(min_length=1, max_length=200)]
    synthetic: bool = False
    images: tuple[CaseImage, ...] = Field(default=(), max_length=20)
    references: tuple[Annotated[str, Field(max_length=500)], ...] = Field(default=(), max_length=20)


class CaseFile(Word):
    """The cases that one file holds."""

    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


class CaseQuery(CaseFields):
    """What is known of the case that others are sought for, and which may be found.

    Only what the `stage` may know is compared, and only that is shown of what is found. `department` is searched first;
    others follow where it holds too few. `exclude` names records that may not be found, and none that tells the same
    story in nearly the same words.
    """

    stage: Stage
    limit: Annotated[int, Field(ge=1, le=50)] = 3
    exclude: tuple[CaseId, ...] = Field(default=(), max_length=100)
    finding: Annotated[str, Field(max_length=60, description="Only cases with this film finding.")] = ""
    age_within_years: Annotated[int, Field(ge=0, le=90)] | None = Field(
        default=None, description="Only cases whose age differs by no more; needs the patient's age."
    )
    same_sex: bool = False
    synthetic: bool = Field(default=True, description="Whether written cases may be found beside real ones.")
    needs_outcome: bool = Field(default=False, description="Only cases that tell what the stage is to decide.")


class CaseMatch(Word):
    """One found case. `fields` has what the stage may see of it; `similarity` is in [0, 1] and no probability."""

    case_id: CaseId
    similarity: Unit
    trust: CaseTrust
    synthetic: bool
    provenance: str
    licence: str
    fields: CaseFields
    other_department: bool = Field(default=False, description="It was taken because the department asked has too few.")


class CaseMatches(Word):
    """What memory found, likest first within each tier of trust, and what made the numbers."""

    matches: tuple[CaseMatch, ...] = ()
    searched: int = Field(ge=0, description="How many records could have been found.")
    model: str
    version: str
    calibrated: bool = False
    warnings: tuple[str, ...] = ()
    notice: str = NOTICE


class FieldMatch(Word):
    """How well one field of a record agrees with the query's: `shared` are the rarest words that both have."""

    field: str
    keyword_score: float
    similarity: Unit | None = None
    shared: tuple[str, ...] = ()


class MatchExplained(Word):
    """Why a record was found: its place in each ranking (1 is first; None: not in it) and its fields."""

    case_id: CaseId
    keyword_rank: int | None
    dense_rank: int | None
    fused_score: float
    fields: tuple[FieldMatch, ...]
    model: str
    version: str
    digest: Digest | None = None
    notice: str = NOTICE


class Remembered(Word):
    """What became of a record: kept anew, corrected in place, or forgotten with all that was derived from it."""

    case_id: CaseId
    trust: CaseTrust | None = None
    new: bool = False
    forgotten: bool = False
    notice: str = NOTICE

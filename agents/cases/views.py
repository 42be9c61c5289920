"""What a stage of an encounter may know: of the case in hand, and of another case that memory shows.

    stage        of the case in hand, when the stage begins    of another case, besides
    referral     age, sex, complaint                           department, sub-departments, urgency
    history      + the referral, symptoms, past history        the names of its examinations
    examination  + results, save those of pictures             all results, report, film findings
    diagnosis    + all results, report, film findings          diagnoses
    treatment    + diagnoses                                   treatments

What the patient tells is gathered within the stage of history, whose outcome is the set of examinations. The outcome
of the stage of examination is the report, so a result that puts a picture in words is not known before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardround.contracts.case import CaseFields
from wardround.contracts.clinic import AuxiliaryExam
from wardround.contracts.decision import STAGES, Stage

__all__ = ["known_at", "stage_view", "tells_outcome"]

# Field by field, the stage at whose beginning it is known, and the stage at which another case shows it.
_KNOWN: dict[str, Stage] = {
    "patient": Stage.REFERRAL,
    "chief_complaint": Stage.REFERRAL,
    "department": Stage.HISTORY,
    "sub_departments": Stage.HISTORY,
    "urgency": Stage.HISTORY,
    "symptoms": Stage.HISTORY,
    "past_history": Stage.HISTORY,
    "physical_examination": Stage.EXAMINATION,
    "auxiliary_examination": Stage.EXAMINATION,
    "image_report": Stage.DIAGNOSIS,
    "findings": Stage.DIAGNOSIS,
    "diagnoses": Stage.TREATMENT,
}
_SHOWN: dict[str, Stage] = {
    "patient": Stage.REFERRAL,
    "chief_complaint": Stage.REFERRAL,
    "department": Stage.REFERRAL,
    "sub_departments": Stage.REFERRAL,
    "urgency": Stage.REFERRAL,
    "symptoms": Stage.HISTORY,
    "past_history": Stage.HISTORY,
    "physical_examination": Stage.HISTORY,
    "auxiliary_examination": Stage.HISTORY,
    "image_report": Stage.EXAMINATION,
    "findings": Stage.EXAMINATION,
    "diagnoses": Stage.DIAGNOSIS,
    "treatments": Stage.TREATMENT,
}
# What each stage is to decide.
_OUTCOME: dict[Stage, tuple[str, ...]] = {
    Stage.REFERRAL: ("department",),
    Stage.HISTORY: ("physical_examination", "auxiliary_examination"),
    Stage.EXAMINATION: ("image_report",),
    Stage.DIAGNOSIS: ("diagnoses",),
    Stage.TREATMENT: ("treatments",),
}
_EXAMINATIONS = ("physical_examination", "auxiliary_examination")
# Auxiliary examinations that are no picture; one outside the vocabulary may be.
_NO_PICTURE = frozenset({AuxiliaryExam.BLOOD, AuxiliaryExam.URINE, AuxiliaryExam.STOOL, AuxiliaryExam.FUNCTION})


def _taken(case: CaseFields, stage: Stage, since: Mapping[str, Stage]) -> dict[str, Any]:
    place = STAGES.index(stage)
    return {field: getattr(case, field) for field, first in since.items() if STAGES.index(first) <= place}


def known_at(case: CaseFields, stage: Stage) -> CaseFields:
    """What may be known of the case in hand when the stage begins: never that stage's outcome or a later one's."""
    known: dict[str, Any] = _taken(case, stage, _KNOWN)
    if stage is Stage.EXAMINATION:
        results = case.auxiliary_examination.items()
        known["auxiliary_examination"] = {name: text for name, text in results if name in _NO_PICTURE}
    return CaseFields.model_construct(**known)


def tells_outcome(case: CaseFields, stage: Stage) -> bool:
    """Whether a case says anything of what the stage is to decide."""
    return any(getattr(case, field) for field in _OUTCOME[stage])


def stage_view(case: CaseFields, stage: Stage) -> CaseFields:
    """What may be seen of another case at a stage: its outcome of that stage and what led to it, nothing later.

    At the stage of history its examinations stand there by name, with empty results.
    """
    seen: dict[str, Any] = _taken(case, stage, _SHOWN)
    if stage is Stage.HISTORY:
        seen |= {field: dict.fromkeys(getattr(case, field), "") for field in _EXAMINATIONS}
    return CaseFields.model_construct(**seen)

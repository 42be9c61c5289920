"""What a stage may know: nothing of its own outcome or a later one's, of the case in hand or of another."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_cases import FULL, a_case

from wardround.agents.cases.views import known_at, stage_view
from wardround.contracts.case import CaseFields
from wardround.contracts.clinic import AuxiliaryExam
from wardround.contracts.decision import STAGES, Stage

# The stage whose outcome, or part of it, a field is; what the patient tells comes before the outcome of the history.
OUTCOME_OF = {
    "department": Stage.REFERRAL,
    "sub_departments": Stage.REFERRAL,
    "urgency": Stage.REFERRAL,
    "image_report": Stage.EXAMINATION,
    "findings": Stage.EXAMINATION,
    "diagnoses": Stage.DIAGNOSIS,
    "treatments": Stage.TREATMENT,
}
_MARKS = {name: f"mark{place}q" for place, name in enumerate(CaseFields.model_fields)}


@st.composite
def marked(draw: st.DrawFn) -> CaseFields:
    """A case each of whose texts holds the mark of its field, with any of its fields empty."""
    there = draw(st.sets(st.sampled_from(sorted(_MARKS))))
    physical = draw(st.sets(st.sampled_from(["chest", "skin", "an odd examination"]), min_size=1))
    auxiliary = draw(st.sets(st.sampled_from([*(exam.value for exam in AuxiliaryExam), "a scan"]), min_size=1))
    told: dict[str, Any] = {
        "patient": {"age_years": 50},
        **{name: _MARKS[name] for name in ("chief_complaint", "symptoms", "past_history", "image_report")},
        "physical_examination": {name: _MARKS["physical_examination"] for name in physical},
        "auxiliary_examination": {name: _MARKS["auxiliary_examination"] for name in auxiliary},
        "diagnoses": [_MARKS["diagnoses"]],
        "treatments": ["surgery"],
        "department": _MARKS["department"],
        "sub_departments": [_MARKS["sub_departments"]],
        "urgency": "urgent",
        "findings": [_MARKS["findings"]],
    }
    return CaseFields.model_validate({name: value for name, value in told.items() if name in there})


def _filled(fields: CaseFields) -> set[str]:
    return {name for name, value in fields if value not in ("", (), {}, None)} - {"patient"}


@given(marked(), st.sampled_from(STAGES))
def test_of_another_case_nothing_is_seen_of_a_later_stage(case: CaseFields, stage: Stage) -> None:
    seen = stage_view(case, stage)
    for field, outcome in OUTCOME_OF.items():
        if STAGES.index(outcome) > STAGES.index(stage):
            assert field not in _filled(seen)
            assert _MARKS[field] not in seen.model_dump_json()
    if stage is Stage.REFERRAL:
        assert _filled(seen) <= {"chief_complaint", "department", "sub_departments", "urgency"}
    if stage in (Stage.REFERRAL, Stage.HISTORY):
        results = {*seen.physical_examination.values(), *seen.auxiliary_examination.values()}
        assert results <= {""}, "an examination's result is no business of the stage that chooses it"
    if stage is Stage.HISTORY:
        assert set(seen.exams) == set(case.exams), "which ones were done is that stage's own outcome"


@given(marked(), st.sampled_from(STAGES))
def test_of_the_case_in_hand_nothing_is_known_of_this_stage_s_outcome_or_a_later_one_s(
    case: CaseFields, stage: Stage
) -> None:
    known = known_at(case, stage)
    for field, outcome in OUTCOME_OF.items():
        if STAGES.index(outcome) >= STAGES.index(stage):
            assert field not in _filled(known)
            assert _MARKS[field] not in known.model_dump_json()
    if stage in (Stage.REFERRAL, Stage.HISTORY):
        assert not known.exams, "which examinations are done is the outcome of the history"
    if stage is Stage.EXAMINATION:
        pictures = set(AuxiliaryExam) - {"blood test", "urine test", "stool test", "functional test"}
        assert not {*pictures, "a scan"} & set(known.auxiliary_examination), "its text is the report in other words"


@given(marked())
def test_each_stage_knows_and_sees_all_that_the_one_before_did(case: CaseFields) -> None:
    for earlier, later in itertools.pairwise(STAGES):
        assert _filled(known_at(case, earlier)) <= _filled(known_at(case, later))
        assert _filled(stage_view(case, earlier)) <= _filled(stage_view(case, later))
    assert stage_view(case, Stage.TREATMENT) == case
    assert known_at(case, Stage.TREATMENT) == case.model_copy(update={"treatments": ()})


@pytest.mark.parametrize("stage", STAGES)
def test_a_view_of_a_record_holds_clinical_fields_alone(stage: Stage) -> None:
    view = stage_view(a_case("heart"), stage)
    assert type(view) is CaseFields
    assert set(json.loads(view.model_dump_json())) == set(CaseFields.model_fields)
    assert CaseFields.model_validate_json(view.model_dump_json()) == view


def test_the_history_knows_what_the_patient_tells_and_the_diagnosis_the_report() -> None:
    case = CaseFields.model_validate(FULL)
    history = known_at(case, Stage.HISTORY)
    assert (history.symptoms, history.past_history, history.department) == (
        case.symptoms,
        case.past_history,
        "internal medicine",
    )
    assert not history.image_report
    diagnosis = known_at(case, Stage.DIAGNOSIS)
    assert diagnosis.image_report == case.image_report
    assert diagnosis.auxiliary_examination == case.auxiliary_examination

"""What a program refuses in a decision, whoever made it."""

from __future__ import annotations

from typing import Any

import pytest

from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import Fact, FactKind, Opening
from wardround.orchestrator.encounter.checks import faults_of
from wardround.orchestrator.encounter.notebook import Notebook


def _book() -> Notebook:
    book = Notebook([], [], Opening(chief_complaint="I cough."))
    kinds = (FactKind.COMPLAINT, FactKind.RESULT, FactKind.CASE)
    for kind in kinds:
        book.add(Fact(id="", kind=kind, stage=Stage.REFERRAL, name="X-ray", text=f"Told by {kind.value}.", source="t"))
    book.add(Fact(id="", kind=FactKind.ANSWER, stage=Stage.HISTORY, name="allergy", available=False, source="t"))
    return book


_GOOD: dict[Stage, dict[str, Any]] = {
    Stage.REFERRAL: {"chosen": ("internal medicine",), "citations": ("F1",)},
    Stage.HISTORY: {"chosen": ("X-ray", "chest examination"), "citations": ("F1", "F3")},
    Stage.EXAMINATION: {"chosen": ("X-ray: Told by result.",), "citations": ("F2",)},
    Stage.DIAGNOSIS: {"chosen": ("pneumonia",), "citations": ("F1", "F3")},
    Stage.TREATMENT: {"chosen": ("antibiotics",), "citations": ("F1",)},
}


def _faults(stage: Stage, **changes: Any) -> str:
    fields = {"stage": stage, "move": Move.COMMIT, **_GOOD[stage], **changes}
    return " ".join(faults_of(Decision.model_validate(fields), _book()))


@pytest.mark.parametrize("stage", Stage)
def test_a_sound_decision_has_no_fault(stage: Stage) -> None:
    assert _faults(stage) == ""


@pytest.mark.parametrize("stage", Stage)
def test_a_citation_must_be_there_and_have_brought_something(stage: Stage) -> None:
    assert "F9" in _faults(stage, citations=("F1", "F9"))
    assert "no answer: F4" in _faults(stage, citations=("F1", "F4"))
    assert "cites nothing" in _faults(stage, citations=())


def test_a_referral_names_one_department_of_the_vocabulary() -> None:
    assert "exactly one" in _faults(Stage.REFERRAL, chosen=("internal medicine", "surgery"))
    assert "exactly one" in _faults(Stage.REFERRAL, chosen=("voodoo",))


def test_a_history_names_examinations_that_can_be_ordered() -> None:
    assert "no examination" in _faults(Stage.HISTORY, chosen=("a good look",))


def test_a_report_says_only_what_was_found() -> None:
    assert "not what any examination found" in _faults(Stage.EXAMINATION, chosen=("X-ray: a large mass",))


def test_a_diagnosis_is_a_name_and_rests_on_this_patient() -> None:
    assert "names no diagnosis" in _faults(Stage.DIAGNOSIS, chosen=())
    assert "not a paragraph" in _faults(Stage.DIAGNOSIS, chosen=("word " * 20,))
    assert "nothing of this patient" in _faults(Stage.DIAGNOSIS, citations=("F3",))


@pytest.mark.parametrize(
    "words",
    ["amoxicillin 500 mg", "give 2 tablets", "insulin 10 units", "two puffs twice daily", "5 mL q6h", "1 g bid"],
)
def test_a_dose_is_refused_wherever_it_stands(words: str) -> None:
    assert "dose" in _faults(Stage.TREATMENT, reason=words)
    assert "dose" in _faults(Stage.DIAGNOSIS, chosen=(words,))


def test_a_treatment_is_a_category() -> None:
    assert "no category" in _faults(Stage.TREATMENT, chosen=("amoxicillin",))


def test_a_laboratory_value_is_no_dose() -> None:
    assert _faults(Stage.DIAGNOSIS, reason="haemoglobin 7 g/dL and glucose 3 mmol/L") == ""

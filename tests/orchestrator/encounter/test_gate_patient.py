"""The simulated patient: what a language model says is told only where the record says it too."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
from gate_cases import marked_case, orders, questions
from lying_patients import LIES, ScriptedPatient, honest, lying
from model_asking import open_at
from model_endpoints import Endpoint, says

from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.clinic import AuxiliaryExam, HistoryTopic
from wardround.contracts.encounter import Answer, AnswerStatus, Order, OrderStatus, Question
from wardround.orchestrator.encounter.gate.grounding import grounded
from wardround.orchestrator.encounter.gate.patient import PatientGate, Spoken
from wardround.orchestrator.encounter.gate.record import RecordGate

CASE = Case(
    case_id="test:1",
    trust=CaseTrust.USER,
    provenance="written for a test",
    licence="CC0-1.0",
    synthetic=True,
    chief_complaint="Cough.",
    symptoms="Dry cough for 3 weeks, worse at night. Denies fever and chills. Numbness in the right leg.",
    past_history="Her father had a heart attack at 52. Smoked 20 cigarettes a day until 2010.",
    auxiliary_examination={"blood test": "CRP 80 mg/l."},
    diagnoses=("whooping cough",),
)
SENTENCES = (
    "Dry cough for 3 weeks, worse at night.",
    "Denies fever, chills or weight loss.",
    "Pain in the left arm and numbness in the right leg.",
    "Her father had a heart attack at 52.",
    "Chest pain after eating, radiating to the back.",
    "Smoked 20 cigarettes a day until 2010.",
    "A neighbour has tuberculosis.",
)


def _asked(gate: PatientGate, topic: HistoryTopic, words: str = "") -> Answer:
    return asyncio.run(gate.answer(Question(id="Q1", topic=topic, words=words)))


@pytest.mark.parametrize(
    "words",
    [
        "I've had a dry cough for three weeks.",
        "I have had a dry cough for 3 weeks and it is worse at night.",
        "I have no fever.",
        "I have no chills, and no weight loss.",
        "My father had a heart attack at 52.",
        "I get chest pain after eating.",
        "I smoked 20 cigarettes a day until 2010.",
        "I have pain in my left arm.",
    ],
)
def test_words_that_stand_in_the_record_are_a_patients_words(words: str) -> None:
    assert grounded(words, SENTENCES)


@pytest.mark.parametrize(
    "words",
    [
        "I have had a dry cough for 4 weeks.",
        "I have a fever.",
        "I have no dry cough.",
        "I have pain in my right leg.",
        "I have numbness in the left arm.",
        "I had a heart attack at 52.",
        "I get chest pain before eating.",
        "I smoked 20 cigarettes a day.",
        "I have tuberculosis.",
        "I have pneumonia.",
        "I have a dry cough and chest pain for 3 weeks.",
        "Yes.",
        "No, pain in the left arm.",
        "I do not know.",
        "...",
        "",
    ],
)
def test_a_word_a_number_a_side_a_denial_or_a_person_that_differs_is_none(words: str) -> None:
    assert not grounded(words, SENTENCES)


def test_an_honest_model_speaks_for_the_patient() -> None:
    gate = PatientGate(
        CASE,
        ScriptedPatient(
            lambda shown, said: json.dumps({"words": "I have had a dry cough for three weeks.", "used": [2]})
        ),
    )
    told = _asked(gate, HistoryTopic.PRESENT_ILLNESS, "cough")
    assert told.text == "I have had a dry cough for three weeks."
    assert told.source == "simulated patient (scripted:patient)"
    assert gate.spoken == Spoken(asked=1, accepted=1)
    assert len(gate.exchanges) == 1


def test_the_model_is_shown_what_was_asked_for_and_nothing_else() -> None:
    model = ScriptedPatient(honest)
    _asked(PatientGate(CASE, model), HistoryTopic.FAMILY)
    assert "heart attack" in model.shown[0]
    assert not any(word in model.shown[0] for word in ("night", "cigarettes", "CRP", "whooping"))


def test_where_the_record_is_silent_the_model_is_not_asked() -> None:
    model = ScriptedPatient(honest)
    assert _asked(PatientGate(CASE, model), HistoryTopic.ALLERGY).status is AnswerStatus.NOT_KNOWN
    assert model.shown == []


@pytest.mark.parametrize("lie", LIES)
def test_a_patient_who_lies_or_fails_is_replaced_by_the_record_and_counted(lie: object) -> None:
    assert callable(lie)
    gate = PatientGate(CASE, ScriptedPatient(lambda shown, said: str(lie(shown, "whooping cough"))))
    question = Question(id="Q1", topic=HistoryTopic.PRESENT_ILLNESS)
    assert asyncio.run(gate.answer(question)) == asyncio.run(RecordGate(CASE).answer(question))
    assert gate.spoken.accepted == 0
    assert gate.spoken.ungrounded + gate.spoken.failed == gate.spoken.asked == 1


def test_results_are_the_records_and_never_the_models() -> None:
    gate = PatientGate(CASE, ScriptedPatient(honest))
    blood, scan = (
        asyncio.run(gate.result(Order(id="O", exam=exam))) for exam in (AuxiliaryExam.BLOOD, AuxiliaryExam.CT)
    )
    assert (blood.status, blood.text) == (OrderStatus.AVAILABLE, "CRP 80 mg/l.")
    assert (scan.status, scan.text) == (OrderStatus.NOT_AVAILABLE, "")
    assert gate.exchanges == ()


def test_over_a_thousand_sequences_a_lying_patient_tells_what_the_record_tells() -> None:
    async def play(seed: int) -> None:
        chance = random.Random(seed)
        marked = marked_case(chance)
        record = RecordGate(marked.case)
        patient = PatientGate(marked.case, ScriptedPatient(lying(chance.choice(marked.spelt or ("gout",)), chance)))
        for question in questions(chance, marked, 1):
            assert await patient.answer(question) == await record.answer(question)
        for order in orders(chance, 1):
            assert await patient.result(order) == await record.result(order)

    async def all_of_them() -> None:
        for seed in range(1000):
            await play(seed)

    asyncio.run(all_of_them())


def test_an_endpoint_that_answers_over_http_speaks_for_the_patient() -> None:
    words = json.dumps({"words": "My father had a heart attack at 52.", "used": [1]})
    with Endpoint.running(says(words)) as endpoint:

        async def ask() -> Answer:
            model = open_at(endpoint)
            try:
                return await PatientGate(CASE, model).answer(Question(id="Q1", topic=HistoryTopic.FAMILY))
            finally:
                await model.close()

        assert asyncio.run(ask()).text == "My father had a heart attack at 52."
        assert "whooping" not in endpoint.requests[0].words

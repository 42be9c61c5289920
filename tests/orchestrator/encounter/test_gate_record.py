"""A case record at the gate: what each question and order brings, and what is kept back."""

from __future__ import annotations

import asyncio

import pytest

from wardround.contracts.case import Case, CaseImage, CaseTrust
from wardround.contracts.clinic import AuxiliaryExam, Exam, HistoryTopic, PhysicalExam
from wardround.contracts.encounter import (
    MAX_ANSWER_CHARS,
    Answer,
    AnswerStatus,
    Order,
    OrderResult,
    OrderStatus,
    Question,
)
from wardround.contracts.study import Patient, Sex
from wardround.orchestrator.encounter.gate.guard import Guard
from wardround.orchestrator.encounter.gate.record import RecordGate


def _case(**fields: object) -> Case:
    given: dict[str, object] = {
        "patient": Patient(age_years=61, sex=Sex.MALE),
        "chief_complaint": "Breathless for 3 days.",
        "symptoms": "Dyspnoea on the stairs since Monday.\nNo chest pain\nAnkles swollen in the evening.",
        "past_history": (
            "High blood pressure for ten years. Takes ramipril 5 mg. Allergic to penicillin. "
            "Her mother had breast cancer. Smokes 20 cigarettes a day."
        ),
        "physical_examination": {"chest examination": "Crackles at both bases."},
        "auxiliary_examination": {"X-ray": "Enlarged heart, congestion.", "blood test": "BNP 900 ng/l."},
        "image_report": "Cardiomegaly with pulmonary congestion.",
        "diagnoses": ("heart failure",),
        "treatments": ("medication",),
        "department": "internal medicine",
    }
    return Case.model_validate(
        {**given, **fields, "case_id": "t:1", "trust": CaseTrust.USER, "provenance": "a test", "licence": "CC0-1.0"}
    )


def _ask(topic: HistoryTopic, words: str = "", case: Case | None = None) -> Answer:
    return asyncio.run(RecordGate(case or _case()).answer(Question(id="Q1", topic=topic, words=words)))


def _order(exam: Exam, case: Case | None = None) -> OrderResult:
    return asyncio.run(RecordGate(case or _case()).result(Order(id="O1", exam=exam)))


def test_the_opening_is_who_comes_and_the_complaint() -> None:
    opening = asyncio.run(RecordGate(_case(synthetic=True)).opening())
    assert opening.patient == Patient(age_years=61, sex=Sex.MALE)
    assert (opening.chief_complaint, opening.synthetic) == ("Breathless for 3 days.", True)


def test_a_case_without_a_complaint_says_so() -> None:
    assert asyncio.run(RecordGate(_case(chief_complaint="")).opening()).chief_complaint == "(no complaint recorded)"


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        (HistoryTopic.COMPLAINT, "Breathless for 3 days."),
        (HistoryTopic.PAST_ILLNESS, "High blood pressure for ten years. Takes ramipril 5 mg."),
        (HistoryTopic.MEDICATION, "Takes ramipril 5 mg."),
        (HistoryTopic.ALLERGY, "Allergic to penicillin."),
        (HistoryTopic.FAMILY, "Her mother had breast cancer."),
        (HistoryTopic.SOCIAL, "Smokes 20 cigarettes a day."),
        (HistoryTopic.REVIEW_OF_SYSTEMS, "No chest pain"),
    ],
)
def test_a_topic_brings_its_own_sentences(topic: HistoryTopic, text: str) -> None:
    assert _ask(topic).text == text


def test_lines_without_a_full_stop_stay_lines_so_that_a_denial_ends_with_its_line() -> None:
    told = _ask(HistoryTopic.PRESENT_ILLNESS).text
    assert told.endswith("No chest pain\nAnkles swollen in the evening.")


def test_words_narrow_a_topic_down_and_know_other_words_for_the_same() -> None:
    assert _ask(HistoryTopic.PRESENT_ILLNESS, "swelling of the ankles?").text == "Ankles swollen in the evening."
    assert "Dyspnoea on the stairs" in _ask(HistoryTopic.PRESENT_ILLNESS, "any shortness of breath?").text


def test_what_is_asked_by_name_under_the_wrong_topic_is_found_all_the_same() -> None:
    assert _ask(HistoryTopic.PAST_ILLNESS, "Do you smoke?").text == "Smokes 20 cigarettes a day."


def test_what_the_record_does_not_tell_is_not_known() -> None:
    told = _ask(HistoryTopic.SOCIAL, "Do you keep parrots?")
    assert (told.status, told.text) == (AnswerStatus.NOT_KNOWN, "")


def test_an_order_brings_its_own_finding_alone() -> None:
    assert _order(PhysicalExam.CHEST).text == "Crackles at both bases."
    assert _order(AuxiliaryExam.XRAY).text == "Enlarged heart, congestion."


@pytest.mark.parametrize("exam", [PhysicalExam.ABDOMEN, AuxiliaryExam.MRI, AuxiliaryExam.CT])
def test_a_result_that_is_not_in_the_record_is_not_available(exam: Exam) -> None:
    result = _order(exam)
    assert (result.status, result.text, result.images) == (OrderStatus.NOT_AVAILABLE, "", ())


def test_a_film_is_to_be_read_and_brings_neither_finding_nor_report() -> None:
    film = CaseImage(file="film.dcm", exam=AuxiliaryExam.XRAY)
    result = _order(AuxiliaryExam.XRAY, _case(images=(film,)))
    assert (result.status, result.text, result.images) == (OrderStatus.AVAILABLE, "", (film,))


def test_where_nobody_can_read_the_films_of_an_examination_its_words_are_told() -> None:
    case = _case(images=(CaseImage(file="slice.png", exam=AuxiliaryExam.CT),), auxiliary_examination={"CT": "A cyst."})
    gate = RecordGate(case, readable=(AuxiliaryExam.XRAY,))
    result = asyncio.run(gate.result(Order(id="O1", exam=AuxiliaryExam.CT)))
    assert (result.text, result.images) == ("A cyst.", ())


@pytest.mark.parametrize(
    ("report", "exam", "told"),
    [
        ("Chest radiograph: normal heart.", AuxiliaryExam.XRAY, True),
        ("Chest radiograph: normal heart.", AuxiliaryExam.CT, False),
        ("CT after an X-ray: normal.", AuxiliaryExam.CT, False),
        ("Normal heart.", AuxiliaryExam.XRAY, False),
    ],
)
def test_a_report_without_images_is_told_for_the_examination_that_it_names_alone(
    report: str, exam: AuxiliaryExam, told: bool
) -> None:
    result = _order(exam, _case(auxiliary_examination={}, image_report=report))
    assert (result.text == report, result.status is OrderStatus.AVAILABLE) == (told, told)


@pytest.mark.parametrize(
    ("diagnosis", "text"),
    [
        ("Acute appendicitis", "CT: in keeping with appendicitis."),
        ("pneumonia", "No history of pneumonia."),
        ("Pre-eclampsia", "Signs of preeclampsia."),
        ("anaemia of chronic disease", "Anemia of chronic disease."),
        ("pulmonary embolism", "Several pulmonary emboli."),
        ("lung cancer", "Carcinoma of the lung."),
        ("oesophageal stricture", "A stricture of the esophagus."),
        ("Chronic obstructive pulmonary disease", "Known COPD."),
        ("Community-acquired pneumonia (right lower lobe)", "The film shows pneumonia."),
        ("myocardial infarction", "Troponin points to NSTEMI."),
        ("Crohn’s disease", "Biopsy: Crohn's."),
        ("tuberculosis", "TB contact."),
        ("deep vein thrombosis of the right leg", "Deep vein thrombosis seen."),
    ],
)
def test_a_diagnosis_is_withheld_however_it_is_spelt(diagnosis: str, text: str) -> None:
    cleared = Guard([diagnosis]).cleared(text)
    assert "[withheld]" in cleared
    assert not Guard([diagnosis]).names(cleared)


@pytest.mark.parametrize(
    ("diagnosis", "text"),
    [
        ("iron deficiency anaemia", "Iron tablets for years."),
        ("multiple sclerosis", "Dr Smith and Ms Jones."),
        ("acute lymphoblastic leukaemia", "All fingers move."),
        ("heart failure", "Heart sounds normal. Failure to thrive was denied."),
        ("pneumonia with headache", "Headache since Monday."),
        ("fracture of the wrist", "Pain in the wrist."),
        ("", "Anything."),
    ],
)
def test_what_is_not_the_diagnosis_is_told(diagnosis: str, text: str) -> None:
    assert Guard([diagnosis]).cleared(text) == text


def test_a_biopsy_that_names_the_diagnosis_says_that_something_is_withheld() -> None:
    case = _case(auxiliary_examination={"pathology": "Granulomas, typical of sarcoidosis."}, diagnoses=("sarcoidosis",))
    assert _order(AuxiliaryExam.PATHOLOGY, case).text == "Granulomas, typical of [withheld]."


def test_a_complaint_that_is_the_diagnosis_is_withheld() -> None:
    case = _case(chief_complaint="Heart failure, worse", diagnoses=("heart failure",))
    assert asyncio.run(RecordGate(case).opening()).chief_complaint == "[withheld], worse"


def test_a_very_long_history_is_answered_to_the_last_whole_sentence_that_fits() -> None:
    case = _case(symptoms=" ".join(f"Sentence number {one} of many." for one in range(600)))
    told = _ask(HistoryTopic.PRESENT_ILLNESS, case=case).text
    assert len(told) <= MAX_ANSWER_CHARS
    assert told.endswith(" of many.")


def test_a_sentence_without_end_is_cut() -> None:
    assert len(_ask(HistoryTopic.PRESENT_ILLNESS, "word", _case(symptoms="word " * 3000)).text) == MAX_ANSWER_CHARS

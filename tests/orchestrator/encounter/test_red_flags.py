"""Red flags: what fires and on what, what is over or another's, the numbers, and precision and recall on snippets."""

from __future__ import annotations

import re

import pytest
from red_flag_figures import fired, measure
from red_flag_snippets import FIRST, LAST, SECOND, THIRD, Snippet

from wardround.contracts.clinic import HistoryTopic, Urgency
from wardround.contracts.decision import Stage
from wardround.contracts.encounter import Fact, FactKind, Opening, RedFlag
from wardround.contracts.study import Patient
from wardround.orchestrator.encounter.red_flags.rules import red_flags, rules
from wardround.orchestrator.encounter.red_flags.vitals import vitals_in

OPENING = Opening(patient=Patient(age_years=50), chief_complaint="Unwell")


def _fact(number: int, kind: FactKind, text: str, name: str = "", available: bool = True) -> Fact:
    return Fact(id=f"F{number}", kind=kind, stage=Stage.HISTORY, name=name, text=text, available=available, source="t")


def _fired(*facts: Fact, opening: Opening = OPENING) -> dict[str, RedFlag]:
    return {one.rule: one for one in red_flags(facts, opening)}


def test_every_rule_has_an_urgency_and_a_source_with_a_year() -> None:
    assert len(rules()) >= 20
    assert len({rule.id for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule.urgency in (Urgency.EMERGENCY, Urgency.URGENT)
        assert re.search(r"(?:19|20)\d\d", rule.source), rule.id
        assert rule.all_of or rule.at_least


def test_a_rule_may_rest_on_several_facts_and_names_them() -> None:
    flags = _fired(
        _fact(1, FactKind.COMPLAINT, "Chest pain since noon."),
        _fact(2, FactKind.ANSWER, "I passed out on the stairs.", HistoryTopic.PRESENT_ILLNESS.value),
        _fact(3, FactKind.RESULT, "Abdomen soft."),
    )
    assert flags["chest-pain-collapse"].facts == ("F1", "F2")
    assert flags["chest-pain-collapse"].urgency == "emergency"


def test_the_complaint_is_read_from_the_opening_where_no_fact_holds_it() -> None:
    flags = _fired(opening=Opening(chief_complaint="Thunderclap headache."))
    assert flags["thunderclap-headache"].facts == ()


@pytest.mark.parametrize(
    "fact",
    [
        _fact(1, FactKind.ANSWER, "Chest pain and collapse.", HistoryTopic.FAMILY.value),
        _fact(1, FactKind.ANSWER, "Chest pain with collapse.", HistoryTopic.PAST_ILLNESS.value),
        _fact(1, FactKind.CASE, "Chest pain with collapse."),
        _fact(1, FactKind.FILM, "Chest pain with collapse."),
        _fact(1, FactKind.REPORT, "Chest pain with collapse."),
        _fact(1, FactKind.RED_FLAG, "Chest pain with collapse."),
        _fact(1, FactKind.ANSWER, "Chest pain with collapse.", available=False),
    ],
)
def test_family_past_similar_cases_films_and_reports_fire_nothing(fact: Fact) -> None:
    assert _fired(fact) == {}


def test_a_known_disease_counts_from_the_past() -> None:
    flags = _fired(
        _fact(1, FactKind.ANSWER, "Chemotherapy in 2024.", HistoryTopic.PAST_ILLNESS.value),
        _fact(2, FactKind.RESULT, "Temperature 38.9 °C."),
    )
    assert flags["neutropenic-sepsis"].facts == ("F1", "F2")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("BP 85/50", "sbp", 85), ("Blood_Pressure: 125/80 mmHg", "dbp", 80), ("90/60 mmHg", "sbp", 90),
        ("systolic 70", "sbp", 70), ("HR 130", "hr", 130), ("pulse of 44/min", "hr", 44), ("118 bpm", "hr", 118),
        ("RR 32", "rr", 32), ("Respiratory Rate: 16 breaths/min", "rr", 16), ("22 breaths per minute", "rr", 22),
        ("temperature 39.4 °C", "temp", 39.4), ("temp 103 F", "temp", 39.44), ("T 38,2", "temp", 38.2),
        ("fever of 101.5", "temp", 38.61), ("36.6°C (97.9°F)", "temp", 36.61), ("SpO2 88 %", "spo2", 88),
        ("oxygen saturation is 91%", "spo2", 91), ("GCS 13", "gcs", 13), ("Glasgow Coma Scale 15", "gcs", 15),
        ("glucose 28 mmol/L", "glucose", 28), ("glucose 504 mg/dL", "glucose", 28), ("ketones 5.6", "ketones", 5.6),
        ("pH 7.12", "ph", 7.12), ("potassium 7.1 mmol/L", "potassium", 7.1), ("bicarbonate 9", "bicarbonate", 9),
    ],
)  # fmt: skip
def test_vital_signs_are_read_in_the_units_that_people_write(text: str, name: str, value: float) -> None:
    assert (name, value) in set(vitals_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "HR department 12",
        "pleural fluid: pH 7.05, glucose 1.2 mmol/l",
        "at 12/11 he came",
        "room 120/80",
        "RR 250",
        "1999",
    ],
)
def test_other_numbers_are_no_vital_signs(text: str) -> None:
    assert list(vitals_in(text)) == []


@pytest.mark.parametrize(
    ("age", "text", "rule", "fires"),
    [
        (40, "Fever, RR 26.", "sepsis-high-risk", True),
        (3, "Fever, RR 26.", "sepsis-high-risk", False),
        (None, "Fever, RR 26.", "sepsis-high-risk", True),
        (None, "10-day-old with fever.", "young-infant-fever", True),
        (None, "Five-month-old with fever.", "young-infant-fever", False),
        (0, "Fever.", "young-infant-fever", False),
        (70, "Back pain, then fainted.", "ruptured-aneurysm-signs", True),
        (30, "Back pain, then fainted.", "ruptured-aneurysm-signs", False),
    ],
)
def test_age_decides_where_a_rule_says_so(age: int | None, text: str, rule: str, fires: bool) -> None:
    assert (rule in fired(Snippet(text, age=age))) is fires


@pytest.mark.parametrize(
    "text",
    [
        "No thunderclap headache.",
        "Denies stridor, drooling, or haematemesis.",
        "Her son had a thunderclap headache.",
        "Thunderclap headache three years ago.",
        "Previously stridor as a child.",
        "Told to return if stridor occurs.",
        "History of thunderclap headache in 2011.",
        "A colleague took an overdose.",
    ],
)
def test_denied_past_and_other_peoples_signs_fire_nothing(text: str) -> None:
    assert fired(Snippet(text)) == ()


def test_how_long_it_has_lasted_is_not_how_long_ago() -> None:
    assert "stridor" in fired(Snippet("2-day history of stridor."))


def test_the_snippets_that_the_rules_were_mended_on_are_all_read_rightly() -> None:
    assert measure((*FIRST, *SECOND, *THIRD)).faults == ()


def test_of_snippets_that_nothing_was_mended_on_most_are_found_and_none_is_a_false_alarm() -> None:
    figures = measure(LAST)
    assert figures.recall >= 0.85
    assert figures.precision == 1.0


@pytest.mark.parametrize("text", ["", "a" * 20_000, "pain " * 4000, "no " * 3000, "sudden " * 1500, "((((" * 5000])
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert _fired(_fact(1, FactKind.RESULT, text)) == {}

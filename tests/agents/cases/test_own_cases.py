"""The cases of our own: complete, inside the closed vocabularies, silent on the diagnosis, without doses, cited."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wardround.contracts.clinic import AuxiliaryExam, Department, PhysicalExam, Treatment, Urgency
from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.codes.sub_departments import sub_department_named

FOLDER = Path(__file__).parents[3] / "agents" / "cases" / "own"
FILES = sorted(FOLDER.glob("*.json"))
BY_ID: dict[str, dict[str, Any]] = {path.stem: next(iter(json.loads(path.read_text()).values())) for path in FILES}
with (FOLDER / "films.csv").open(encoding="utf-8") as lines:
    FILMS = {row["case_id"]: row for row in csv.DictReader(lines)}

PLANTED = {"effusion": "Effusion", "pneumothorax": "Pneumothorax", "cardiomegaly": "Cardiomegaly", "nodule": "Nodule"}
# A quantity with a unit of dose that is not a concentration, or how often to take something.
DOSE = re.compile(
    r"\b\d[\d.,]*\s*(?:mg|mcg|µg|g|ml|units?|IU|mmol|tablets?|puffs?|drops?)\b(?!\s*/\s*d?l)"
    r"|\b(?:once|twice|three times|four times)\s+(?:a\s+day|daily)\b",
    re.IGNORECASE,
)
# Words of a diagnosis that do not give it away.
COMMON = frozenset(
    {"acute", "chronic", "primary", "recurrent", "current", "episode", "moderate", "severe", "stage", "right", "left"}
    | {"with", "reduced", "disease", "disorder", "syndrome", "fraction", "canal", "side", "tooth", "shoulder", "main"}
    | {"chest", "heart", "lung", "breast", "colon", "ovary", "body"}
)

each_case = pytest.mark.parametrize("case_id", sorted(BY_ID))


def words(value: Any) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from words(one)
    elif isinstance(value, list):
        for one in value:
            yield from words(one)


def telling(diagnosis: str) -> set[str]:
    return {word for word in re.findall(r"[\w'é-]{4,}", diagnosis.casefold()) if word not in COMMON}


def test_there_are_enough_cases_over_enough_departments_with_films_and_all_urgencies() -> None:
    departments = Counter(case["tags"]["departments"][0] for case in BY_ID.values())
    assert len(BY_ID) >= 24
    assert len(departments) >= 8
    assert max(departments.values()) <= 6
    assert sum(count > 1 for count in departments.values()) >= 8
    assert {case["urgency"] for case in BY_ID.values()} == {one.value for one in Urgency}
    assert sum(case["urgency"] == Urgency.EMERGENCY for case in BY_ID.values()) >= 4


def test_at_least_six_have_a_film_of_every_plant_and_two_a_normal_one() -> None:
    planted = Counter(row["plant"] for row in FILMS.values())
    assert len(FILMS) >= 6
    assert set(PLANTED) <= set(planted)
    assert planted[""] >= 2
    assert {row["side"] for row in FILMS.values() if row["plant"] == "pneumothorax"} == {"left", "right"}
    assert len({row["file"] for row in FILMS.values()}) == len(FILMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_holds_one_case_under_its_own_name(path: Path) -> None:
    (key,) = json.loads(path.read_text())
    assert key.startswith(f"{path.stem}_")


@each_case
def test_every_stage_has_what_it_needs(case_id: str) -> None:
    record = BY_ID[case_id]
    case = record["case"]
    assert len(case["chief_complaint"]) == 1
    assert 4 <= len(case["present_illness"]) <= 8
    assert 3 <= len(case["past_history"]) <= 6
    assert 3 <= len(case["examination"]["physical"]) <= 6
    assert 2 <= len(case["examination"]["auxiliary"]) <= 5
    assert 2 <= len(case["image_report"]) <= 6
    assert record["tags"]["diseases"]
    assert record["treatments"]
    assert re.fullmatch(r"\[basic information\] (fe)?male, \d{1,2} years", *record["summary"])
    assert all(one == one.strip() and one for one in words(record))


@each_case
def test_its_terms_are_words_of_the_closed_vocabularies(case_id: str) -> None:
    record = BY_ID[case_id]
    department, *subs = record["tags"]["departments"]
    assert set(record["case"]["examination"]["physical"]) <= {one.value for one in PhysicalExam}
    assert set(record["case"]["examination"]["auxiliary"]) <= {one.value for one in AuxiliaryExam}
    assert set(record["treatments"]) <= {one.value for one in Treatment}
    assert set(record["findings"]) <= set(finding_codes())
    assert subs
    assert all(sub_department_named(one) == (Department(department), one) for one in subs)


@each_case
def test_complaint_and_present_illness_do_not_give_the_diagnosis_away(case_id: str) -> None:
    record = BY_ID[case_id]
    told = " ".join(words([record["case"]["chief_complaint"], record["case"]["present_illness"]])).casefold()
    known = set(re.findall(r"[\w'é-]+", told))
    assert not [word for one in record["tags"]["diseases"] for word in telling(one) & known]


@each_case
def test_no_examination_but_pathology_names_the_diagnosis(case_id: str) -> None:
    record = BY_ID[case_id]
    exams = record["case"]["examination"]
    results = {**exams["physical"], **exams["auxiliary"]}
    told = " ".join(text for exam, text in results.items() if exam != AuxiliaryExam.PATHOLOGY.value).casefold()
    assert not [one for one in record["tags"]["diseases"] if one.casefold() in told]


@each_case
def test_no_dose_is_named_anywhere(case_id: str) -> None:
    assert [text for text in words(BY_ID[case_id]["case"]) if DOSE.search(text)] == []


@each_case
def test_it_says_what_it_is_and_what_it_was_checked_against(case_id: str) -> None:
    record = BY_ID[case_id]
    assert record["synthetic"] is True
    assert record["provenance"] == "Written for Wardround; synthetic, no person; not reviewed by a clinician"
    assert record["licence"] == "Apache-2.0"
    assert 1 <= len(record["references"]) <= 3
    assert all(re.search(r"\b(?:19|20)\d\d\b", one) for one in record["references"])


@each_case
def test_a_film_its_report_and_its_labels_say_the_same(case_id: str) -> None:
    record = BY_ID[case_id]
    case, film = record["case"], FILMS.get(case_id)
    assert case["images"] == ([{"file": film["file"], "class": ["X-ray"]}] if film else [])
    if film is None:
        assert record["findings"] == []
        return
    assert record["findings"] == [PLANTED.get(film["plant"], NO_FINDING)]
    assert case["examination"]["auxiliary"][AuxiliaryExam.XRAY.value] == " ".join(case["image_report"])
    first = " ".join(case["image_report"][:1]).casefold()
    if film["plant"] in ("effusion", "pneumothorax"):
        assert f"{film['side']} " in first and film["plant"] in first
    elif film["plant"] == "nodule":
        assert f"{film['side']} upper zone" in first
    elif film["plant"] == "cardiomegaly":
        assert "enlarge" in first
    else:
        assert case["image_report"][-1] == "No abnormality is seen."

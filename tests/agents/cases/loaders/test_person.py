"""Age and sex are taken out of a line of text only where it says them plainly."""

from __future__ import annotations

import pytest

from wardround.agents.cases.loaders.person import described_patient, mentioned_patient
from wardround.contracts.study import Patient, Sex

_DESCRIBED = [
    ("35-year-old female", 35, Sex.FEMALE),
    ("66-year-old white male", 66, Sex.MALE),
    ("70-year-old man accompanied by his wife", 70, Sex.MALE),
    ("18-month-old boy", 1, Sex.MALE),
    ("2-day-old male infant", 0, Sex.MALE),
    ("Newborn, born at 33 weeks of gestation", 0, Sex.UNKNOWN),
    ("32-year-old woman, gravida 2, para 1, at 38 weeks' gestation", 32, Sex.FEMALE),
    ("female, 58 years", 58, Sex.FEMALE),
    ("101-year-old man", 90, Sex.MALE),
    ("男，45岁，农民", 45, Sex.MALE),
    ("女性，6个月", 0, Sex.FEMALE),
    ("女，14天", 0, Sex.FEMALE),
    ("a person", None, Sex.UNKNOWN),
    ("", None, Sex.UNKNOWN),
]
_MENTIONED = [
    ("XXXX-year-old male, chest pain.", None, Sex.MALE),
    ("54-year-old woman with cough", 54, Sex.FEMALE),
    ("30yof with fever", 30, Sex.FEMALE),
    ("61 y/o m, dyspnea", 61, Sex.MALE),
    ("smoker for 40 years", None, Sex.UNKNOWN),
    ("2 old rib fractures for 3 months", None, Sex.UNKNOWN),
    ("male and female relatives are ill", None, Sex.UNKNOWN),
]


@pytest.mark.parametrize(("line", "age", "sex"), _DESCRIBED)
def test_a_line_about_a_person_tells_age_and_sex(line: str, age: int | None, sex: Sex) -> None:
    assert described_patient(line) == Patient(age_years=age, sex=sex)


@pytest.mark.parametrize(("sentence", "age", "sex"), _MENTIONED)
def test_a_number_of_years_is_an_age_only_where_it_is_called_one(sentence: str, age: int | None, sex: Sex) -> None:
    assert mentioned_patient(sentence) == Patient(age_years=age, sex=sex)

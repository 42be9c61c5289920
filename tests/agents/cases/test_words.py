"""Words as case memory compares them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.agents.cases.words import distinct, shown, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Effusions, RIGHT-sided", ["effusion", "right", "sided"]),
        ("biopsies of the abscess; pus, hepatitis", ["biopsy", "of", "the", "abscess", "pus", "hepatitis"]),
        ("café FIÈVRE", ["cafe", "fievre"]),
        ("SpO2 92 %", ["spo2", "92"]),
        ("a XXXX year old", ["a", "year", "old"]),
        ("胸痛三天", ["胸痛", "痛三", "三天"]),
        ("咳 cough", ["咳", "cough"]),
        ("Pleural_Thickening", ["pleural", "thickening"]),
        ('\x00 " OR * ( NEAR', ["or", "near"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_of_one_form(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_very_long_word_is_cut() -> None:
    assert [len(word) for word in words("q" * 20_000)] == [40]


def test_a_word_is_shown_as_it_was_first_written() -> None:
    assert shown("Effusions and an effusion") == {"effusion": "effusions", "and": "and", "an": "an"}


@given(st.text())
def test_words_are_letters_and_digits_alone_and_stay_what_they_are(text: str) -> None:
    for word in distinct(text):
        assert word.isalnum()
        assert word not in {"", "OR", "AND", "NOT", "NEAR"}

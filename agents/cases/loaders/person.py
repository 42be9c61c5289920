"""Age and sex out of a line of text, English or Chinese: only what it says plainly."""

from __future__ import annotations

import re

from wardround.contracts.study import Patient, Sex

__all__ = ["described_patient", "mentioned_patient"]

_OLDEST = 90  # Patient: 90 stands for 90 and older
_SEXES = (
    (Sex.FEMALE, re.compile(r"\b(?:female|woman|girl|lady)\b|女|\d\s*y/?o\s*f\b", re.IGNORECASE)),
    (Sex.MALE, re.compile(r"\b(?:male|man|boy|gentleman)\b|男|\d\s*y/?o\s*m\b", re.IGNORECASE)),
)
# An age in a sentence must be called one: '40 years of smoking' is none.
_MENTIONED = re.compile(
    r"\b(\d{1,3})[\s-]*(?:years?|yrs?|y)[\s./-]*(?:old\b|o(?:[fm]\b|\b))"
    r"|\baged?\s+(\d{1,3})\b"
    r"|(\d{1,3})\s*(?:周岁|岁)",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(r"(\d{1,3})[\s-]*(?:years?\b|yrs?\b|y\b|y/?o)", re.IGNORECASE)
_INFANT = re.compile(
    r"(\d{1,4})[\s-]*(days?\b|weeks?\b|months?\b|天|日|周(?!岁)|个?月)|\bnewborn\b|新生儿", re.IGNORECASE
)
_UNITS_A_YEAR = {"d": 365, "天": 365, "日": 365, "w": 52, "周": 52, "m": 12, "个": 12, "月": 12}


def _sex(words: str) -> Sex:
    """The sex that is named; unknown where two are."""
    named = [sex for sex, pattern in _SEXES if pattern.search(words)]
    return named[0] if len(named) == 1 else Sex.UNKNOWN


def _patient(age: int | None, words: str) -> Patient:
    return Patient(age_years=None if age is None or age > 130 else min(age, _OLDEST), sex=_sex(words))


def mentioned_patient(sentence: str) -> Patient:
    """Age and sex where free text calls them so: '54-year-old man', '30yof', '45岁'. A redacted age is none."""
    found = _MENTIONED.search(sentence)
    age = next((int(part) for part in found.groups() if part), None) if found else None
    return _patient(age, sentence)


def described_patient(line: str) -> Patient:
    """Age and sex of a line that holds little else: 'male, 58 years', '8-month-old boy', '女，6个月'.

    Ages under a year are 0, and infants' ages in months are completed years.
    """
    told = mentioned_patient(line)
    infant = _INFANT.search(line)
    if infant is not None and _DESCRIBED.search(line) is None and re.search(r"岁", line) is None:
        count, unit = infant.group(1), infant.group(2)
        return _patient(int(count) // _UNITS_A_YEAR[unit[0].casefold()] if count else 0, line)
    years = _DESCRIBED.search(line)
    return _patient(int(years.group(1)), line) if years is not None else told

"""Grades diagnoses in five levels by their words: a lexical stand-in for a judge who knows medicine, and no more.

Two diagnoses are compared as two sets of words: those of the disease, and those that qualify it (side, site, course,
degree; `words.csv`). Spelling, abbreviations and listed synonyms are evened out before. The rule, best level first:

    4  the same words
    3  the same disease with other qualifiers, or one is a narrower name of the other
       (all words of one are in the other, and at least half of the other's in it)
    2  the same disease with an opposite qualifier (left for right, acute for chronic); or a much wider or narrower
       name; or the same kind of disease (the last word of its name) with another cause or place
    1  another disease that shares a word
    0  nothing in common, or nothing was named

What has no common word and no entry in the table ("Crohn disease", "regional enteritis") is graded 0 though it may be
right, and "viral hepatitis B" against "viral hepatitis C" is graded 2 though it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from wardround.evals.encounter.words import content_words, opposites, qualifiers

__all__ = ["LEVELS", "grade_of", "level_of"]

LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
_HALF = 0.5
_DENIED = re.compile(r"\b(?:no|not|without|ruled out|exclude[ds]?|unlikely)\b", re.IGNORECASE)
_SLACK = 1e-9  # thirds of a level that add up to a whole one


@dataclass(frozen=True)
class _Name:
    disease: tuple[str, ...]
    qualifiers: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Name:
        words = content_words(text)
        disease = tuple(word for word in words if word not in qualifiers())
        # "Acute abdomen syndrome" keeps its words where all of them would be qualifiers.
        return cls(disease or words, frozenset(words) & qualifiers() if disease else frozenset())


def level_of(predicted: str, true: str) -> int:
    """How well one name of a diagnosis says what another does: 0 to 4, as the module's table has it."""
    if _DENIED.search(predicted):
        return 0
    said, meant = _Name.of(predicted), _Name.of(true)
    ours, theirs = set(said.disease), set(meant.disease)
    shared = ours & theirs
    if not shared:
        return 0
    if any(opposites().get(word) in meant.qualifiers for word in said.qualifiers - meant.qualifiers):
        return 2 if ours == theirs else 1
    if ours == theirs:
        return 4 if said.qualifiers == meant.qualifiers else 3
    if ours < theirs or theirs < ours:
        return 3 if len(shared) >= _HALF * max(len(ours), len(theirs)) else 2
    return 2 if said.disease[-1] == meant.disease[-1] else 1


def grade_of(predicted: Sequence[str], true: Sequence[str]) -> float | None:
    """The grade of a list of diagnoses, one of `LEVELS`; None where there is no true one to compare with.

    Each predicted diagnosis is matched with at most one true one so that the sum is largest; the sum is divided by the
    longer list's length, so that naming many costs as much as naming too few, and brought down to the next level.
    """
    if not true:
        return None
    if not predicted:
        return 0.0
    levels = np.array([[LEVELS[level_of(one, other)] for other in true] for one in predicted])
    rows, columns = linear_sum_assignment(levels, maximize=True)
    mean = float(levels[rows, columns].sum()) / max(levels.shape)
    return max(level for level in LEVELS if level <= mean + _SLACK)

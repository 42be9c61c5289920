"""Brings clinical words to one form, so that two texts may be compared word by word: spelling, number, synonyms.

The table `words.csv` holds irregular plurals, abbreviations, synonyms, words without content, the qualifiers of a
diagnosis, and the words that a sentence of a report can be about. An abbreviation with two common readings is left out
where neither is by far the commoner.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources

__all__ = ["content_words", "heads", "opposites", "qualifiers", "words_of"]

# Chinese is written without spaces: each of its characters counts as a word.
_WORD = re.compile(r"[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W_])+(?:'[^\W_]+)?")
_POSSESSIVE = re.compile(r"'s?$")
_LONGEST = 5


@cache
def _rows(kind: str) -> tuple[dict[str, str], ...]:
    lines = resources.files("wardround.evals.encounter").joinpath("words.csv").read_text(encoding="utf-8")
    return tuple(row for row in csv.DictReader(lines.splitlines()) if row["kind"] == kind)


@cache
def _plurals() -> Mapping[str, str]:
    return {row["words"]: row["reads"] for row in _rows("plural")}


@cache
def _empty() -> frozenset[str]:
    return frozenset(row["words"] for row in _rows("empty"))


def _singular(word: str) -> str:
    if word in _plurals():
        return _plurals()[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 5:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def _spelled(word: str) -> str:
    """One spelling of British and American words: haemorrhage, tumour, oedema lose the letter that differs."""
    plain = _singular(_POSSESSIVE.sub("", word))
    return plain.replace("ae", "e").replace("oe", "e").replace("our", "or") if len(plain) > 4 else plain


def _raw(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return tuple(_spelled(word) for word in _WORD.findall(folded))


@cache
def _readings() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    return {_raw(row["words"]): _raw(row["reads"]) for kind in ("abbreviation", "synonym") for row in _rows(kind)}


@cache
def qualifiers() -> frozenset[str]:
    """Words that narrow a diagnosis down without naming a disease: side, site, course, degree, number."""
    return frozenset(word for row in _rows("qualifier") for word in words_of(row["words"]))


@cache
def opposites() -> Mapping[str, str]:
    """For each qualifier that excludes another, that other one."""
    pairs = [(words_of(row["words"])[0], words_of(row["reads"])[0]) for row in _rows("qualifier") if row["reads"]]
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


@cache
def heads() -> frozenset[str]:
    """Words that a statement of a report can be about: findings, structures, devices."""
    return frozenset(word for row in _rows("head") for word in words_of(row["words"]))


def words_of(text: str) -> tuple[str, ...]:
    """The words in order, each in one spelling, with known abbreviations and synonyms read out (longest first)."""
    given = _raw(text)
    told: list[str] = []
    place = 0
    while place < len(given):
        for length in range(min(_LONGEST, len(given) - place), 0, -1):
            reading = _readings().get(given[place : place + length])
            if reading is not None:
                # A reading may itself hold a word with a reading ("pulmonary" in that of COPD).
                told.extend(single for word in reading for single in _readings().get((word,), (word,)))
                place += length
                break
        else:
            told.append(given[place])
            place += 1
    return tuple(told)


def content_words(text: str) -> tuple[str, ...]:
    """`words_of` without articles, prepositions, hedges and verbs of seeing."""
    return tuple(word for word in words_of(text) if word not in _empty())

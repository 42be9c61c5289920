"""Words as the gate compares them: tokens with their places, one spelling for each, and sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from wardround.orchestrator.history.rules import folded, names, synonyms

__all__ = ["Token", "content", "is_number", "keys", "sentences", "spelt", "stem", "tokens"]

# A number, a Chinese character (each is a token), or letters and digits with what an apostrophe joins to them.
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?(?![^\W_])|[\u3400-\u9fff]|(?:(?![\u3400-\u9fff])[^\W_])+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(
    r"(?<=[.!?;])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bDr\.)(?<!\bvs\.)(?<!\bNo\.)(?<!\bapprox\.)\s+|(?<=[。！？；])|\s*\n\s*"
)
# 'patient's', 'I've', 'don't': what an apostrophe joins to a word is no part of it.
_JOINED_ON = re.compile(r"(?:['’](?:s|ve|m|d|ll|re)?|n['’]t)$")
_CJK = re.compile(r"[\u3400-\u9fff]")

# American and British, plural and singular: (ending, its one form, least length of the word).
_SPELLINGS = (("ae", "e"), ("oe", "e"), ("leuc", "leuk"), ("isation", "ization"), ("ysed", "yzed"), ("ised", "ized"))
_ENDINGS = (
    ("tumour", "tumor", 6), ("colour", "color", 6), ("centre", "center", 6), ("fibre", "fiber", 5),
    ("itides", "itis", 8), ("omata", "oma", 7), ("oraces", "orax", 7), ("stases", "stasis", 8), ("eses", "esis", 7),
    ("oses", "osis", 8), ("culi", "culus", 7), ("boli", "bolus", 6), ("ices", "ix", 8), ("ies", "y", 5),
    ("sses", "ss", 6), ("xes", "x", 5), ("ches", "ch", 6), ("shes", "sh", 6), ("ss", "ss", 1), ("us", "us", 1),
    ("is", "is", 1), ("s", "", 4),
)  # fmt: skip
_COUNTS = {
    word: str(number)
    for number, word in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=2)
}
_SUFFIXES = ("ness", "less", "ing", "ed", "er", "ly")
_SHORTEST_STEM = 4

# Words that carry no subject of a question or of an answer.
_CARRY_NOTHING = """
a about above after again against all also am an and any anyone anything are around as at be because been before
being between both but by can cannot come comes coming could describe did do does doing done don during each either
else ever every experience experienced experiencing few for from further get gets getting go goes going got had has
have having he her here him his how i if in into is it its just kind know like make many may me might more most
much must my no none nor not notice noticed now of off on once one only onto or other our out over own patient
per please problem problem recent recently report reported reporting same say says she should since so some
something still such take tell than that the their them then there these they thing this those through to too
under until up upon us very was we were what when where which while who whom why will with within without would
yes you your history condition symptom sign feel feels feeling felt currently present presenting presents state ca wo
"""
_EMPTY = frozenset(_CARRY_NOTHING.split())


@dataclass(frozen=True)
class Token:
    """One word of a text: its characters [start, end), as it stands there."""

    start: int
    end: int
    raw: str


def tokens(text: str) -> tuple[Token, ...]:
    """All words and numbers of a text, in order; of Chinese, every character."""
    return tuple(Token(match.start(), match.end(), match.group()) for match in _TOKEN.finditer(text))


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, in order, without those that hold no word."""
    return tuple(one.strip() for one in _SENTENCE_END.split(text) if _TOKEN.search(one))


@lru_cache(maxsize=20_000)
def spelt(word: str) -> str:
    """A word in one spelling and in the singular: 'Oedemas' and 'edema' are the same."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
    plain = _JOINED_ON.sub("", folded(plain).casefold()).replace("'", "").replace("’", "")
    for given, taken in _SPELLINGS:
        plain = plain.replace(given, taken)
    if plain in _COUNTS:
        return _COUNTS[plain]
    for ending, form, shortest in _ENDINGS:
        if plain.endswith(ending) and len(plain) >= shortest:
            return plain.removesuffix(ending) + form
    return plain


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """What the forms of a word share: 'smoker' and 'smoking', 'breathless' and 'breath'."""
    plain = spelt(word)
    for _ in range(2):
        for suffix in _SUFFIXES:
            if plain.endswith(suffix) and len(plain) - len(suffix) >= _SHORTEST_STEM:
                plain = plain.removesuffix(suffix)
                break
    plain = re.sub(r"([b-df-hj-km-np-rt-z])\1$", r"\1", plain)
    return plain[:-1] if plain.endswith("e") and len(plain) > _SHORTEST_STEM else plain


def is_number(word: str) -> bool:
    """Whether a token begins with a digit."""
    return word[:1].isdigit()


def content(text: str, also: frozenset[str] = frozenset()) -> Iterator[tuple[Token, str]]:
    """The words of a text that carry its subject, with their stems; of Chinese, pairs of neighbouring characters.

    `also` are words that count although they carry none.
    """
    found = tokens(text)
    for token, after in zip_longest(found, found[1:]):
        if _CJK.match(token.raw):
            if after is not None and after.start == token.end and _CJK.match(after.raw):
                yield Token(token.start, after.end, token.raw + after.raw), token.raw + after.raw
        elif (plain := spelt(token.raw)) in also or (plain not in _EMPTY and (len(plain) > 1 or plain.isdigit())):
            yield token, stem(token.raw)


def keys(text: str) -> frozenset[str]:
    """What two texts must share one of to speak of the same: stems, and the names of the vocabulary of histories.

    Through the vocabulary 'shortness of breath' and 'dyspnoea' share a key.
    """
    named = {synonyms()[" ".join(match.group().casefold().split())][1] for match in names().finditer(folded(text))}
    return frozenset({*(root for _, root in content(text)), *(f"={name}" for name in named)})

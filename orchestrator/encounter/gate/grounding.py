"""Whether what a simulated patient says stands in the record: the same words, in their order, with their polarity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from wardround.orchestrator.encounter.gate.words import Token, content, is_number, spelt
from wardround.orchestrator.history.reader import told_at
from wardround.orchestrator.history.rules import folded

__all__ = ["grounded"]

# Where one statement ends and the next begins.
_PART = re.compile(r"[.;!?](?=\s|$)|[,:]|\n|(?<!\w)(?:and|but|or|with|which|while|then|so)(?!\w)", re.IGNORECASE)
# How many words of a sentence may be left out between two that are said: more would join what does not belong together.
_LEFT_OUT = 1
# Left out, these change what is said: of whom, how surely, when, how much, on which side.
_QUALIFYING = """
neighbour friend colleague roommate flatmate partner classmate coworker contact boyfriend girlfriend teacher possible
possibly maybe perhaps probable probably suspected sometimes occasionally occasional rarely rare intermittent mild
slight slightly minimal moderate severe previously previous former formerly past resolved ago earlier childhood left
right upper lower stopped quit ex intolerance allergic
"""
# They carry no subject, but turn what is said around them.
_TURNING = """
before after during until more most less few only above under off out both either all every once never always now again
other
"""
_TURNS = frozenset(map(spelt, _TURNING.split()))
_KEPT = frozenset(map(spelt, _QUALIFYING.split())) | _TURNS
# A 'yes' or 'no' to the question says what the question says, and that is not in the record.
_ASSENT = re.compile(
    r"\W*(?:(?:yes|yeah|yep|yup|nope|nah)(?!\w)|(?:no|right|correct|exactly)\s*(?:[,.;!]|$))", re.IGNORECASE
)
_DENIAL = re.compile(
    r"(?<!\w)(?:no|not|never|none|nothing|nobody|without|neither|cannot|den(?:y|ies|ied)|false|untrue)(?!\w)|n['’]t(?!\w)",
    re.IGNORECASE,
)


def grounded(words: str, sentences: Sequence[str]) -> bool:
    """Whether `words` say nothing that `sentences` do not say.

    Each statement of `words` (to the next comma, 'and', full stop) must be a run of the subject-bearing words of one
    statement of one sentence, in its order, with at most one left out in a row and none of those that change the
    meaning; its numbers are those of the sentence; each word is affirmed, denied, doubted or another person's as it is
    there, and denied once. Words that say nothing, and a bare 'yes' or 'no', are not grounded.
    """
    said = _statements(words)
    if not said or _ASSENT.match(words) or not _denies_plainly(words):
        return False
    there = [statement for sentence in sentences for statement in _statements(sentence)]
    return all(any(_is_run(one, other) for other in there) for one in said)


def _denies_plainly(words: str) -> bool:
    """Whether each denial is one, of something in its own statement: 'it is not so: no fever' affirms the fever."""
    ends = [match.start() for match in _PART.finditer(words)] + [len(words)]
    parts = [words[start:end] for start, end in pairwise([0, *ends])]
    counts = [(len(_DENIAL.findall(part)), next(content(part), None)) for part in parts]
    return all(denials == 0 or (denials == 1 and subject is not None) for denials, subject in counts)


class _Statement:
    """The subject-bearing words of one part of a text, with what is told of each."""

    def __init__(self, text: str, found: Sequence[tuple[Token, str]]) -> None:
        self.stems = tuple(stem for _, stem in found)
        self.told = tuple(told_at(text, token.start, token.end) for token, _ in found)
        self.kept = tuple(spelt(token.raw) in _KEPT or is_number(stem) for token, stem in found)


@cache
def _statements(text: str) -> tuple[_Statement, ...]:
    text = folded(text)
    ends = [match.start() for match in _PART.finditer(text)] + [len(text)]
    found, parts, first = list(content(text, _TURNS)), [], 0
    for end in ends:
        last = first
        while last < len(found) and found[last][0].start < end:
            last += 1
        if last > first:
            parts.append(_Statement(text, found[first:last]))
        first = last
    return tuple(parts)


def _is_run(said: _Statement, there: _Statement) -> bool:
    return any(_matches(said, there, start) for start in range(len(there.stems)))


def _matches(said: _Statement, there: _Statement, start: int) -> bool:
    place = start
    used: list[int] = []
    for stem, told in zip(said.stems, said.told, strict=True):
        reach = range(place, min(place + (1 + _LEFT_OUT if used else 1), len(there.stems)))
        hit = next((one for one in reach if there.stems[one] == stem and there.told[one] is told), None)
        if hit is None:
            return False
        used.append(hit)
        place = hit + 1
    left_out = set(range(len(there.stems))) - set(used)
    return not any(there.kept[one] for one in left_out)

"""The checks of what a text says, against the claims that it stands for: certainty, comparison, and every statement."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from wardround.contracts.diagnosis import Claim
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.verify.licence import departures, licence
from wardround.orchestrator.verify.reader import Reader, Reading
from wardround.orchestrator.verify.vocabulary import (
    CHANGES,
    COMPARISON,
    NEUTRAL,
    OVERCERTAIN,
    PROBABILITY,
    STRENGTHS,
)

__all__ = ["comparison_words", "overcertain_words", "strength_words", "text_problems", "unread_words"]

_CALIBRATED_FROM = 0.9
_NAME_WORDS = re.compile(r"\[[^\]]*\]")


def overcertain_words(text: str) -> Iterator[str]:
    """Words that are more certain than any evidence on one film can be."""
    for match in OVERCERTAIN.finditer(NEUTRAL.sub(" ", text)):
        yield f"'{match.group()}' is more certain than evidence here can be"


def strength_words(text: str, claims: Collection[Claim]) -> Iterator[str]:
    """Words of certainty that ask for a higher, or a calibrated, belief than the claims have.

    A claim without a number is not held against them: its certainty is that of the words for its polarity.
    """
    beliefs = [claim for claim in claims if claim.confidence is not None]
    if PROBABILITY.search(text) and not any(claim.calibrated for claim in claims):
        yield "its text calls an uncalibrated score a probability"
    for least, word in STRENGTHS:
        for match in word.finditer(text):
            borne = any(
                (claim.confidence or 0.0) >= least and (claim.calibrated or least < _CALIBRATED_FROM)
                for claim in beliefs
            )
            if not borne and (beliefs or least >= _CALIBRATED_FROM):
                yield f"'{match.group()}' asks for {_asked(least)}, which no cited evidence has"


def _asked(least: float) -> str:
    return f"a calibrated probability of {least:g}" if least >= _CALIBRATED_FROM else f"a belief of {least:g}"


def comparison_words(text: str, claims: Collection[Claim]) -> Iterator[str]:
    """Words that compare with an earlier film where no claim states such a change, or states another."""
    changes = {claim.change for claim in claims if claim.change is not None}
    plain = NEUTRAL.sub(" ", _NAME_WORDS.sub(" ", text))
    if not changes:
        for match in COMPARISON.finditer(plain):
            yield f"'{match.group()}' compares with an earlier film, and no evidence on one is cited"
        return
    for change, word in CHANGES:
        for match in word.finditer(plain):
            if change is not None and change not in changes:
                yield f"'{match.group()}' says {change.value}, the evidence says {' or '.join(sorted(changes))}"


def unread_words(reading: Reading) -> Iterator[str]:
    """Words that are in no vocabulary, so that what they claim cannot be checked."""
    if reading.unknown:
        yield f"it uses words that cannot be checked: {', '.join(reading.unknown[:6])}"


def text_problems(text: str, claims: Collection[Claim], record: Record, reader: Reader) -> Iterator[str]:
    """All that is wrong with a text which stands for these claims."""
    reading = reader.read(text)
    yield from overcertain_words(text)
    yield from strength_words(text, claims)
    yield from comparison_words(text, claims)
    yield from departures(reading, licence(claims, record))
    yield from unread_words(reading)

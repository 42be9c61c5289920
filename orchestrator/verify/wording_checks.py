"""The checks of what a text says, against the claims that it stands for: certainty, comparison, and every statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import EvidenceKind
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.verify.licence import conflicting, departures, licence, subject_name
from wardround.orchestrator.verify.reader import Reader, Reading
from wardround.orchestrator.verify.vocabulary import (
    CALIBRATED,
    CHANGES,
    COMPARISON,
    CONFLICT,
    NEUTRAL,
    OVERCERTAIN,
    PROBABILITY,
    SOURCES,
    STRENGTHS,
    WEAK,
)

__all__ = [
    "comparison_words",
    "overcertain_words",
    "reading_problems",
    "source_words",
    "strength_words",
    "text_problems",
    "unread_words",
]

_CALIBRATED_FROM = 0.9


def overcertain_words(text: str) -> Iterator[str]:
    """Words that are more certain than any evidence on one film can be."""
    for match in OVERCERTAIN.finditer(NEUTRAL.sub(" ", text)):
        yield f"'{match.group()}' is more certain than evidence here can be"


def strength_words(text: str, claims: Collection[Claim]) -> Iterator[str]:
    """Words of certainty that ask for a higher, or a calibrated, belief than the claims have.

    A claim without a number is not held against them: its certainty is that of the words for its polarity.
    """
    beliefs = [claim for claim in claims if claim.confidence is not None]
    if not any(claim.calibrated for claim in claims) and (PROBABILITY.search(text) or CALIBRATED.search(text)):
        yield "its text calls an uncalibrated score a probability"
    for match in WEAK.finditer(text):
        if beliefs and all((claim.confidence or 0.0) >= 0.5 for claim in beliefs):
            yield f"'{match.group()}' makes less of it than its belief"
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
    plain = NEUTRAL.sub(" ", text)
    if not changes:
        for match in COMPARISON.finditer(plain):
            yield f"'{match.group()}' compares with an earlier film, and no evidence on one is cited"
        return
    for change, word in CHANGES:
        for match in word.finditer(plain):
            if change is not None and change not in changes:
                yield f"'{match.group()}' says {change.value}, the evidence says {' or '.join(sorted(changes))}"


def unread_words(reading: Reading) -> Iterator[str]:
    """Words that are in no vocabulary and phrases that no claim can carry, so that what they say cannot be checked."""
    if reading.unknown:
        yield f"it uses words that cannot be checked: {', '.join(reading.unknown[:6])}"
    for phrase in reading.unchecked:
        yield f"'{phrase}' cannot be checked"


def source_words(text: str, claims: Collection[Claim], record: Record) -> Iterator[str]:
    """Words for evidence of a kind that no claim cites, and for a conflict that the evidence does not have."""
    cited = record.cited(claims)
    # The place of an outlined lesion is a location, and no heat map's.
    kinds = {item.kind for item in cited if item.kind is EvidenceKind.LESION or record.lesion(item) is None}
    for word, borne in SOURCES:
        match = word.search(text)
        if match and not kinds & borne:
            yield f"'{match.group()}' names evidence that is not cited"
    if (match := CONFLICT.search(text)) and not any(conflicting(claim, record) for claim in claims):
        yield f"'{match.group()}' is not borne: the cited evidence is of one mind"


def text_problems(text: str, claims: Collection[Claim], record: Record, reader: Reader) -> Iterator[str]:
    """All that is wrong with a text which stands for these claims."""
    yield from reading_problems(reader.read(text), text, claims, record)


def reading_problems(reading: Reading, text: str, claims: Collection[Claim], record: Record) -> Iterator[str]:
    """The same for a text that has been read."""
    yield from overcertain_words(text)
    for part, own in _parts(reading, claims):
        yield from strength_words(part, own)
        yield from comparison_words(part, own)
    yield from departures(reading, licence(claims, record))
    yield from source_words(text, claims, record)
    yield from unread_words(reading)


def _parts(reading: Reading, claims: Collection[Claim]) -> Iterator[tuple[str, Collection[Claim]]]:
    """Each clause with the claims on each finding that it speaks of, so that none lends its certainty to another."""
    before = frozenset[str]()
    for clause in reading.clauses:
        before = clause.findings or before
        own = [[claim for claim in claims if subject_name(claim.subject) == name] for name in sorted(before)]
        for group in [group for group in own if group] or [[*claims]]:
            yield clause.text, group

"""Reads a model's own prose back, sentence by sentence: each maps to verified claims, or is struck."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wardround.contracts.diagnosis import Claim, Conclusion
from wardround.contracts.reasoning import Narrated
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.verify.licence import subject_name
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.verifier import names_in
from wardround.orchestrator.verify.wording_checks import reading_problems

__all__ = ["MAX_SENTENCES", "narrated", "sentences"]

MAX_SENTENCES = 40
_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\[(])|\n+")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text; citations in brackets stay with the sentence before them."""
    for part in _END.split(text):
        if part.strip():
            yield " ".join(part.split())


def narrated(text: str, conclusions: Sequence[Conclusion], record: Record) -> tuple[Narrated, ...]:
    """Each sentence with the verified claims that it restates, or with what is wrong with it.

    A sentence must name findings that verified claims treat, say of each no more than its claims do, and consist of
    words that can be read; of a longer text than `MAX_SENTENCES` the rest is struck unread.
    """
    claims = [claim for conclusion in conclusions for claim in conclusion.claims]
    reader = Reader(names_in(conclusions, record))
    found = []
    for number, sentence in enumerate(sentences(text)):
        if number >= MAX_SENTENCES:
            found.append(Narrated(text="…", problems=(f"only the first {MAX_SENTENCES} sentences are read",)))
            break
        found.append(_narrated(sentence, claims, record, reader))
    return tuple(found)


def _narrated(sentence: str, claims: Sequence[Claim], record: Record, reader: Reader) -> Narrated:
    reading = reader.read(sentence)
    named = reading.findings
    own = [claim for claim in claims if subject_name(claim.subject) in named]
    if not own:
        reason = "no verified claim is about what it names" if named else "it names nothing that a claim treats"
        return Narrated(text=sentence, problems=(reason,))
    return Narrated(
        text=sentence,
        claims=tuple(claim.id for claim in own),
        problems=tuple(dict.fromkeys(reading_problems(reading, sentence, own, record))),
    )

"""Sorts the sentences of a record's history by what a question may be about."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from wardround.contracts.case import CaseFields
from wardround.contracts.clinic import HistoryTopic
from wardround.orchestrator.encounter.gate.words import sentences

__all__ = ["Told", "told_history"]

# What stands in a field belongs to these topics.
_OWN = {
    "chief_complaint": {HistoryTopic.COMPLAINT, HistoryTopic.PRESENT_ILLNESS},
    "symptoms": {HistoryTopic.PRESENT_ILLNESS},
    "past_history": {HistoryTopic.PAST_ILLNESS},
}
_PAST = "past_history"


@dataclass(frozen=True)
class Told:
    """One sentence of a history, and the topics that it belongs to."""

    text: str
    topics: frozenset[HistoryTopic]


@dataclass(frozen=True)
class _Row:
    topic: HistoryTopic
    stays: bool
    cues: re.Pattern[str]


def told_history(case: CaseFields) -> tuple[Told, ...]:
    """Every sentence of complaint, present illness and past history, once, in order, with its topics.

    A cue of `topics.csv` adds its topic. It takes a sentence of the past history out of the past illnesses, unless its
    row says that it stays; complaint and present illness keep all of theirs, since they are one story.
    """
    found: dict[str, set[HistoryTopic]] = {}
    for field, own in _OWN.items():
        for sentence in sentences(getattr(case, field)):
            rows = [row for row in _rows() if row.cues.search(sentence)]
            moved = field == _PAST and rows != [] and not any(row.stays for row in rows)
            found.setdefault(sentence, set()).update(row.topic for row in rows)
            found[sentence] |= set() if moved else own
    return tuple(Told(text, frozenset(topics)) for text, topics in found.items())


@cache
def _rows() -> tuple[_Row, ...]:
    with files(__package__).joinpath("topics.csv").open(encoding="utf-8") as lines:
        return tuple(
            _Row(
                topic=HistoryTopic(row["topic"]),
                stays=row["stays"] == "yes",
                cues=re.compile(rf"(?<![a-z])(?:{row['cues']})(?![a-z])", re.IGNORECASE),
            )
            for row in csv.DictReader(lines)
        )

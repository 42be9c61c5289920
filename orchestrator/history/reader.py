"""Reads a history or an earlier report into typed cues by rules: closed names, negation, ages and durations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.contracts.codes import NO_FINDING, canonical_label, finding_codes
from wardround.contracts.cue import Cue, CueKind, CueSource, Told
from wardround.orchestrator.history.rules import (
    AGES,
    CLAUSE_END,
    DENIED_AFTER,
    DENIED_BEFORE,
    DOUBTED_AFTER,
    DOUBTED_BEFORE,
    DURATIONS,
    FAMILY,
    SCOPE_END,
    SEXES,
    UNIT_DAYS,
    names,
    synonyms,
)

__all__ = ["MAX_READ", "read_history", "told_at"]

MAX_READ = 4000
_REACH = 120  # characters before a name in which a trigger still reaches it
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "few": 3, "several": 3,
}  # fmt: skip
_LASTING = frozenset({CueKind.SYMPTOM, CueKind.SIGN})


def read_history(text: str, where: CueSource = CueSource.HISTORY) -> tuple[Cue, ...]:
    """What the first `MAX_READ` characters tell, each cue once, in order.

    Cues of other people ('mother had asthma') are left out. Of a report the code table's findings are read too.
    """
    text = text[:MAX_READ]
    cues = [*_person(text, where), *_named(text, where)]
    if where is CueSource.PRIOR_REPORT:
        cues += _findings(text)
    once: dict[tuple[CueKind, str], Cue] = {}
    for cue in cues:
        # What is affirmed anywhere holds, whatever is denied elsewhere of another time.
        known = once.get((cue.kind, cue.name))
        if known is None or (known.told is not Told.YES and cue.told is Told.YES):
            once[cue.kind, cue.name] = cue
    return tuple(sorted(once.values(), key=lambda cue: (cue.start, cue.end, cue.name)))


def told_at(text: str, start: int, end: int) -> Told | None:
    """Whether the words at [start, end) are affirmed, denied or doubted; None where they are of another person."""
    begin = max([match.end() for match in CLAUSE_END.finditer(text, 0, start)], default=0)
    before = text[max(begin, start - _REACH) : start]
    stop = CLAUSE_END.search(text, end)
    after = text[end : stop.start() if stop else len(text)][:60]
    if FAMILY.search(before):
        return None
    ends = [match.end() for match in SCOPE_END.finditer(before)]
    reach = before[ends[-1] :] if ends else before
    if DENIED_BEFORE.search(reach) or DENIED_AFTER.search(after):
        return Told.NO
    if DOUBTED_BEFORE.search(reach[-40:]) or DOUBTED_AFTER.search(after):
        return Told.UNSURE
    return Told.YES


def _named(text: str, where: CueSource) -> Iterator[Cue]:
    for match in names().finditer(text):
        kind, name = synonyms()[" ".join(match.group().casefold().split())]
        told = told_at(text, *match.span())
        if told is not None:
            lasting = _duration(text, *match.span()) if kind in _LASTING and told is Told.YES else None
            yield Cue(
                kind=kind,
                name=name,
                told=told,
                duration_days=lasting,
                where=where,
                start=match.start(),
                end=match.end(),
            )


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    begin = max([match.end() for match in CLAUSE_END.finditer(text, 0, start)], default=0)
    stop = CLAUSE_END.search(text, end)
    return begin, stop.start() if stop else len(text)


def _duration(text: str, start: int, end: int) -> float | None:
    """The duration told next to a name in its clause, in days; of several the nearest."""
    begin, stop = _clause(text, start, end)
    found = []
    for pattern in DURATIONS:
        for match in pattern.finditer(text, begin, stop):
            days = 1.0 if match.groupdict().get("yesterday") else _days(match["n"], match["unit"])
            found.append((max(match.start() - end, start - match.end(), 0), days))
    return min(found)[1] if found else None


def _days(count: str, unit: str) -> float:
    number = float(count) if count.isdecimal() else _NUMBERS[count.casefold().removeprefix("a ")]
    return number * UNIT_DAYS[unit.casefold()]


def _person(text: str, where: CueSource) -> Iterator[Cue]:
    """Age and sex, each from the first words that tell it and are not of a relative."""
    told = [match for pattern in AGES for match in pattern.finditer(text) if _own(text, match)]
    if told:
        match = min(told, key=lambda one: one.start())
        years = int(match["n"]) if match["unit"].casefold()[:1] in ("", "y") else 0
        if years <= 120:
            yield Cue(
                kind=CueKind.AGE, name="age", value=float(years), where=where, start=match.start(), end=match.end()
            )
        if match.groupdict().get("sex"):
            yield Cue(kind=CueKind.SEX, name=match["sex"], where=where, start=match.start("sex"), end=match.end("sex"))
            return
    found = [(match, sex) for sex, pattern in SEXES for match in pattern.finditer(text) if _own(text, match)]
    if found:
        match, sex = min(found, key=lambda pair: pair[0].start())
        yield Cue(kind=CueKind.SEX, name=sex, where=where, start=match.start(), end=match.end())


def _own(text: str, match: re.Match[str]) -> bool:
    begin, _ = _clause(text, *match.span())
    return FAMILY.search(text, begin, match.start()) is None


def _findings(text: str) -> Iterator[Cue]:
    spellings = {
        name.casefold(): label
        for label, row in finding_codes().items()
        if label != NO_FINDING
        for name in (label, row.name, *row.synonyms)
    }
    longest = sorted(spellings, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})s?(?![\w-])", re.IGNORECASE)
    for match in pattern.finditer(text):
        word = match.group().casefold()
        label = spellings.get(word) or spellings.get(word.removesuffix("s")) or canonical_label(word)
        told = told_at(text, *match.span())
        if label is not None and told is not None:
            yield Cue(
                kind=CueKind.REPORTED_FINDING,
                name=label,
                told=told,
                where=CueSource.PRIOR_REPORT,
                start=match.start(),
                end=match.end(),
            )

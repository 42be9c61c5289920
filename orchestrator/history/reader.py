"""Reads a history or an earlier report into typed cues by rules: closed names, negation, ages and durations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from wardround.contracts.codes import NO_FINDING, canonical_label, finding_codes
from wardround.contracts.cue import Cue, CueKind, CueSource, Told
from wardround.orchestrator.history.durations import lasting
from wardround.orchestrator.history.rules import (
    AGES,
    ASSERTED_AFTER,
    CLAUSE_END,
    DENIED_AFTER,
    DENIED_BEFORE,
    DOUBTED_AFTER,
    DOUBTED_BEFORE,
    FAMILY,
    FAMILY_AFTER,
    OWN_AGAIN,
    SCOPE_END,
    SEXES,
    names,
    synonyms,
)

__all__ = ["MAX_READ", "read_history", "told_at"]

MAX_READ = 4000
_REACH = 300  # characters before a name in which a trigger still reaches it: as long as a long list of symptoms
_AFTER = 60
_LASTING = frozenset({CueKind.SYMPTOM, CueKind.SIGN})
_LISTED = re.compile(r",(?!.*(?:,|\b(?:or|nor|and)\b))", re.IGNORECASE | re.DOTALL)


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
    begin = _clause_begin(text, start)
    stop = CLAUSE_END.search(text, end, end + _AFTER)
    after = text[end : stop.start() if stop else end + _AFTER]
    if _of_another(text, begin, start) or FAMILY_AFTER.match(after):
        return None
    for scope in SCOPE_END.finditer(text, begin, start):
        begin = scope.end()
    denials = list(DENIED_BEFORE.finditer(text, begin, start))
    if denials and not (ASSERTED_AFTER.match(after) and _LISTED.search(text, denials[-1].end(), start)):
        return Told.NO
    if DENIED_AFTER.search(after):
        return Told.NO
    if DOUBTED_BEFORE.search(text, max(begin, start - 40), start) or DOUBTED_AFTER.search(after):
        return Told.UNSURE
    return Told.YES


def _clause_begin(text: str, start: int) -> int:
    """Where the clause around `start` begins, or the reach of a trigger, whichever is nearer."""
    begin = max(0, start - _REACH)
    for match in CLAUSE_END.finditer(text, begin, start):
        begin = match.end()
    return begin


def _of_another(text: str, begin: int, start: int) -> bool:
    for match in OWN_AGAIN.finditer(text, begin, start):
        begin = match.end()
    return FAMILY.search(text, begin, start) is not None


def _named(text: str, where: CueSource) -> Iterator[Cue]:
    found = [
        (match.span(), told, *synonyms()[" ".join(match.group().casefold().split())])
        for match in names().finditer(text)
        if (told := told_at(text, *match.span())) is not None
    ]
    days = lasting(text, [span for span, *_ in found], [told for _, told, *_ in found])
    for span, told, kind, name in found:
        yield Cue(
            kind=kind,
            name=name,
            told=told,
            duration_days=days.get(span) if kind in _LASTING and told is Told.YES else None,
            where=where,
            start=span[0],
            end=span[1],
        )


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
    return not _of_another(text, _clause_begin(text, match.start()), match.start())


def _findings(text: str) -> Iterator[Cue]:
    spellings, pattern = _finding_names()
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


@cache
def _finding_names() -> tuple[dict[str, str], re.Pattern[str]]:
    spellings = {
        name.casefold(): label
        for label, row in finding_codes().items()
        if label != NO_FINDING
        for name in (label, row.name, *row.synonyms)
    }
    longest = "|".join(map(re.escape, sorted(spellings, key=len, reverse=True)))
    return spellings, re.compile(rf"(?<![\w-])(?:{longest})s?(?![\w-])", re.IGNORECASE)

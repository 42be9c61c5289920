"""Reads a history or an earlier report into typed cues by rules: closed names, negation, ages and durations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from wardround.contracts.codes import NO_FINDING, finding_codes
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
    folded,
    names,
    synonyms,
)

__all__ = ["MAX_READ", "read_history", "told_at"]

MAX_READ = 4000
_REACH = 300  # characters before a name in which a trigger still reaches it: as long as a long list of symptoms
_AFTER = 60
_IN_A_YEAR = {"y": 1, "m": 12, "w": 52, "d": 365, "h": 8760}  # by the first letter of an age's unit
_LASTING = frozenset({CueKind.SYMPTOM, CueKind.SIGN})
_OR = re.compile(r"(?<!\w)(?:n?or|versus|vs)(?!\w)", re.IGNORECASE)
_LISTED = re.compile(r",(?!.*(?:,|\b(?:or|nor|and)\b))", re.IGNORECASE | re.DOTALL)


def read_history(text: str, where: CueSource = CueSource.HISTORY) -> tuple[Cue, ...]:
    """What the first `MAX_READ` characters tell, each cue once, in order.

    Cues of other people ('mother had asthma') are left out. Of a report the code table's findings are read too.
    """
    text = folded(text[:MAX_READ])
    named = list(_named(text, where))
    if where is CueSource.PRIOR_REPORT:
        named = _without_doubles([*_findings(text), *named])
    cues = [*_person(text, where), *named]
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
    if denials and not _past_denial(text, denials, start, after):
        return Told.NO
    if DENIED_AFTER.search(after):
        return Told.NO
    if _doubted(text, max(begin, start - 40), start, after) or DOUBTED_AFTER.search(after):
        return Told.UNSURE
    return Told.YES


def _past_denial(text: str, denials: Sequence[re.Match[str]], start: int, after: str) -> bool:
    """Whether the last denial does not reach beyond a comma: to what has lasted, or where each item has its own."""
    last = denials[-1].end()
    if ASSERTED_AFTER.match(after) and _LISTED.search(text, last, start):
        return True
    own = [match.group().casefold() for match in denials[-2:]] == ["no", "no"]
    return own and "," in text[last:start] and _OR.search(f"{text[last:start]} {after}") is None


def _doubted(text: str, begin: int, start: int, after: str) -> bool:
    """Whether a word of doubt reaches `start`; beyond a comma it does so in a list with 'or' alone."""
    *_, doubt = (None, *DOUBTED_BEFORE.finditer(text, begin, start))
    if doubt is None:
        return False
    between = text[doubt.end() : start]
    return "," not in between or _OR.search(f"{between} {after}") is not None


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
        years = int(match["n"]) // _IN_A_YEAR[(match["unit"] or "y").casefold()[:1]]
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
        told = told_at(text, *match.span())
        if told is not None:
            yield Cue(
                kind=CueKind.REPORTED_FINDING,
                name=spellings[" ".join(match.group().casefold().split())],
                told=told,
                where=CueSource.PRIOR_REPORT,
                start=match.start(),
                end=match.end(),
            )


@cache
def _finding_names() -> tuple[dict[str, str], re.Pattern[str]]:
    spellings = {
        spelling.casefold(): label
        for label, row in finding_codes().items()
        if label != NO_FINDING
        for name in (label, row.name, *row.synonyms)
        for spelling in (name, f"{name}s", f"{name}es", re.sub("y$", "ies", name))
    }
    longest = "|".join(re.escape(one).replace(r"\ ", r"\s+") for one in sorted(spellings, key=len, reverse=True))
    return spellings, re.compile(rf"(?<![\w-])(?:{longest})(?![\w-])", re.IGNORECASE)


def _without_doubles(cues: list[Cue]) -> list[Cue]:
    """The cues but those whose words lie within another's; of the same words the first."""
    kept: list[Cue] = []
    for cue in sorted(cues, key=lambda one: (one.start, -one.end)):
        if not kept or cue.end > kept[-1].end:
            kept.append(cue)
    return kept

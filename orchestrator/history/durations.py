"""How long each named thing has lasted: durations read in a text and given to the names that they stand next to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from wardround.contracts.cue import Told
from wardround.orchestrator.history.rules import (
    CLAUSE_END,
    DURATION_LEADING,
    DURATIONS,
    JOINED,
    UNIT_DAYS,
)

__all__ = ["Span", "days_told", "lasting"]

Span = tuple[int, int]
_NUMBERS = {
    "": 1, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "few": 3, "several": 3, "couple of": 2,
}  # fmt: skip


def days_told(text: str, start: int = 0, end: int | None = None) -> tuple[float, ...]:
    """The durations that stand in [start, end), in days, in order; of a range ('3 to 4 days') the lower."""
    return tuple(days for _, _, days in _durations(text, start, len(text) if end is None else end))


def lasting(text: str, spans: Sequence[Span], told: Sequence[Told]) -> dict[Span, float]:
    """Days by span, for those of the sorted `spans` of names whose duration is told.

    A duration belongs to the name nearest before it in its clause, and to those that are joined to that name as a list
    and told alike; '2-week history of', and one before which no name stands, to the names after it.
    """
    by_span: dict[Span, float] = {}
    first = 0
    for begin, stop in _clauses(text):
        past = first
        while past < len(spans) and spans[past][0] < stop:
            past += 1
        _in_clause(text, spans[first:past], told[first:past], sorted(_durations(text, begin, stop)), by_span)
        first = past
    return by_span


def _in_clause(
    text: str,
    spans: Sequence[Span],
    told: Sequence[Told],
    durations: Sequence[tuple[Span, bool, float]],
    by_span: dict[Span, float],
) -> None:
    after = 0  # the first name after the duration in hand
    edge = 0  # where the duration before it ends: beyond that, names are that one's
    for (start, end), leading, days in durations:
        while after < len(spans) and spans[after][0] < start:
            after += 1
        backward = not leading and after > 0 and spans[after - 1][0] >= edge
        place, step = (after - 1, -1) if backward else (after, 1)
        previous: int | None = None
        while 0 <= place < len(spans) and spans[place][0] >= (edge if backward else end):
            if previous is not None and not _list(text, told, spans, place, previous):
                break
            by_span.setdefault(spans[place], days)
            previous, place = place, place + step
        edge = end


def _list(text: str, told: Sequence[Told], spans: Sequence[Span], place: int, previous: int) -> bool:
    left, right = sorted((spans[place], spans[previous]))
    return told[place] is told[previous] and JOINED.fullmatch(text, left[1], max(left[1], right[0])) is not None


def _clauses(text: str) -> Iterator[Span]:
    begin = 0
    for match in CLAUSE_END.finditer(text):
        yield begin, match.start()
        begin = match.end()
    yield begin, len(text)


def _durations(text: str, start: int, end: int) -> Iterator[tuple[Span, bool, float]]:
    for leading, patterns in ((True, (DURATION_LEADING,)), (False, DURATIONS)):
        for pattern in patterns:
            for match in pattern.finditer(text, start, end):
                yield match.span(), leading, _days(match)


def _days(match: re.Match[str]) -> float:
    count = match["n"]
    number = float(count) if count[:1].isdecimal() else _NUMBERS[count.casefold().removeprefix("a ")]
    return number * UNIT_DAYS[match["unit"].casefold()]

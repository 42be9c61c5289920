"""Reads where a text holds a measured value against its limits or against a number, and whether that is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wardround.contracts.evidence import Measurement
from wardround.orchestrator.verify.vocabulary import BOUNDS

__all__ = ["Bound", "Way", "bounds", "holds"]

_DENIED = re.compile(r"(?:\b(?:not|never|nor|neither|without|no)|n't)\s+(?:[a-z]+\s+){0,2}$", re.IGNORECASE)


class Way(StrEnum):
    """Where a value is said to lie."""

    UP = "above"
    DOWN = "below"
    WITHIN = "within"
    OUT = "outside"
    RAISED = "raised"  # beyond what is usual, in a word without a limit


@dataclass(frozen=True)
class Bound:
    """One such statement. `number` is what the value is held against, None for its limits.

    `lower`: its lower limit; `range`: both limits; else its upper limit. `denied`: it is said not to lie there.
    """

    way: Way
    number: float | None
    lower: bool
    range: bool
    denied: bool


def bounds(words: str) -> Iterator[tuple[int, int, Bound]]:
    """Each such statement in a text, with the offsets of its words."""
    ways = ((Way.UP, "up"), (Way.OUT, "out"), (Way.WITHIN, "within"), (Way.DOWN, "down"), (Way.RAISED, "raised"))
    for match in BOUNDS.finditer(words):
        yield (
            match.start(),
            match.end(),
            Bound(
                way=next(way for way, group in ways if match[group]),
                number=float(match["number"]) if match["number"] else None,
                lower=bool(match["lower"]),
                range=bool(match["range"]),
                denied=_DENIED.search(words[max(0, match.start() - 40) : match.start()]) is not None,
            ),
        )


def holds(bound: Bound, measured: Measurement) -> bool:
    """Whether a measurement lies where it is said to; never where it has no limit to be held against."""
    if bound.number is None and measured.low is None and measured.high is None:
        return False
    return _lies(bound, measured) is not bound.denied


def _lies(bound: Bound, measured: Measurement) -> bool:
    value, number = measured.value, bound.number
    above = measured.high is not None and value > measured.high
    below = measured.low is not None and value < measured.low
    if number is not None:
        return value > number if bound.way in (Way.UP, Way.OUT, Way.RAISED) else value <= number
    if bound.way is Way.UP:
        return measured.low is not None and not below if bound.lower else above
    if bound.way is Way.DOWN:
        return below if bound.lower or bound.range else measured.high is not None and not above
    if bound.way is Way.RAISED:
        return above
    return (above or below) is (bound.way is Way.OUT)

"""Cuts a sentence into clauses with one polarity each, and reads the polarity of a clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wardround.contracts.evidence import Polarity
from wardround.orchestrator.verify.vocabulary import CONTRAST, DOUBLE_NEGATION, NEGATION, POLARITIES

__all__ = ["Span", "Stated", "cut", "stated"]

_HARD = re.compile(r"[.;!?](?=\s|$)|\n|\s[–—]\s")
_COLON = re.compile(r":(?=\s|$)")
_SOFT = re.compile(r",\s+and\s+(?!n?or\b)|,\s+(?!and\b|n?or\b)|\s+and\s+|\s+(?=with(?:out)?\s)", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """A stretch of the text, from `start` up to but not including `end`."""

    start: int
    end: int

    def holds(self, at: int) -> bool:
        """Whether a position lies in it."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Stated:
    """The polarity of a clause: None where it has no word for one, `mixed` where it has words for two."""

    polarity: Polarity | None
    mixed: bool = False


_Hit = tuple[int, Polarity | None]  # position; None for a bare negation


def _hits(clause: str) -> list[_Hit]:
    found: list[_Hit] = []
    rest = clause
    for polarity, word in POLARITIES:
        found += [(match.start(), polarity) for match in word.finditer(rest)]
        rest = word.sub(lambda match: " " * len(match.group()), rest)
    found += [(match.start(), None) for match in NEGATION.finditer(rest)]
    return sorted(found, key=lambda hit: hit[0])


def stated(clause: str, findings: int) -> Stated:
    """The polarity that a clause lends to the findings that it names.

    A bare negation before a word for presence denies it ('no effusion is suspected'). Where a clause says two things
    that a rule cannot tell apart, it is `mixed`.
    """
    if DOUBLE_NEGATION.search(clause):
        return Stated(None, mixed=True)
    kinds = [polarity for _, polarity in _hits(clause)]
    if not kinds:
        return Stated(None)
    denied = None in kinds or Polarity.ABSENT in kinds
    if Polarity.UNCERTAIN in kinds:
        several = denied and (findings > 1 or None in kinds[: kinds.index(Polarity.UNCERTAIN)])
        return Stated(None, mixed=True) if several else Stated(Polarity.UNCERTAIN)
    if not denied:
        return Stated(Polarity.PRESENT)
    affirmed = kinds.index(Polarity.PRESENT) if Polarity.PRESENT in kinds else len(kinds)
    if None in kinds:
        negation = kinds.index(None)
        twice = Polarity.ABSENT in kinds[negation:]
        return Stated(None, mixed=True) if twice or affirmed < negation else Stated(Polarity.ABSENT)
    if findings > 1 and affirmed < kinds.index(Polarity.ABSENT):
        return Stated(None, mixed=True)
    return Stated(Polarity.ABSENT)


def cut(text: str, names: Sequence[Span]) -> list[Span]:
    """The clauses of a text in which the names of findings, at `names`, are masked.

    A contrast ('but', 'whereas') and a full stop or semicolon always end a clause; a colon, comma or 'and' only where
    what stands on either side names a finding and is complete by itself.
    """
    clauses = []
    for hard in _between(text, Span(0, len(text)), _HARD):
        for part in _between(text, hard, CONTRAST):
            for side in _merged(text, part, _COLON, names, complete=False):
                clauses += _merged(text, side, _SOFT, names, complete=True)
    return clauses


def _between(text: str, span: Span, boundary: re.Pattern[str]) -> list[Span]:
    ends = [match.span() for match in boundary.finditer(text, span.start, span.end)]
    starts = [span.start, *(end for _, end in ends)]
    stops = [*(start for start, _ in ends), span.end]
    return [Span(start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop]


def _merged(text: str, span: Span, boundary: re.Pattern[str], names: Sequence[Span], *, complete: bool) -> list[Span]:
    """The pieces between boundaries, each joined to the one before unless both can stand by themselves."""
    pieces: list[Span] = []
    for piece in _between(text, span, boundary):
        # The piece at hand is looked at first: the one before may have grown long.
        if pieces and not (_named(piece, names) and _says(text, piece) and _stands(text, pieces[-1], names, complete)):
            pieces[-1] = Span(pieces[-1].start, piece.end)
        else:
            pieces.append(piece)
    return pieces


def _named(piece: Span, names: Sequence[Span]) -> list[Span]:
    return [name for name in names if piece.holds(name.start)]


def _says(text: str, piece: Span) -> bool:
    return bool(_hits(text[piece.start : piece.end]))


def _stands(text: str, piece: Span, names: Sequence[Span], complete: bool) -> bool:
    """Whether a piece names a finding and, where it must be complete, says something of it after its name.

    'No effusion' alone is not complete: what follows an 'and' may be denied with it.
    """
    named = _named(piece, names)
    if not named or not complete:
        return bool(named)
    hits = _hits(text[piece.start : piece.end])
    last = named[-1].end - piece.start
    return any(at >= last for at, _ in hits) or bool(hits and hits[0][1] not in (None, Polarity.UNCERTAIN))

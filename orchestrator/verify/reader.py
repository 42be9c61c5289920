"""Reads what a text says of which finding: polarity, place, degree, numbers, citations; without a language model.

It knows the code table's names, those of the ledger, and closed vocabularies; a word that is in none of them is told,
so that a text is either understood whole or known not to be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from wardround.contracts.anatomy import Side
from wardround.contracts.codes import canonical_label, finding_codes
from wardround.contracts.evidence import Degree, Polarity
from wardround.orchestrator.verify.clauses import Span, cut, stated
from wardround.orchestrator.verify.vocabulary import (
    ABOVE,
    BELOW,
    COMPARISON,
    CONTRAST,
    DEGREES,
    FURTHER_FINDINGS,
    NEGATION,
    NEUTRAL,
    OVERCERTAIN,
    POLARITIES,
    PROBABILITY,
    REGIONS,
    SIDES,
    SPOKEN_NAMES,
    STRENGTHS,
    UNBORNE_PLACES,
)

__all__ = ["Clause", "Number", "NumberKind", "Place", "Reader", "Reading"]

_CITATION = re.compile(r"\bE\d+\b")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>\d+(?:\.(?P<decimals>\d+))?)\s?(?P<unit>%|°|[a-zA-Z]{1,3}[\d²³]?(?![\w.-]))?"
)
_PLAIN_UNITS = str.maketrans({"²": "2", "³": "3", "°": "deg"})
_UNITS = frozenset({"%", "mm", "cm", "m", "mm2", "cm2", "mm3", "cm3", "mL", "ml", "L", "deg", "kg", "g"})
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_GLUE = re.compile(r"\s*(?:,|,?\s*(?:and|or|with))?\s*")
_NEAR = 24  # characters between a side and the region that it belongs to, and between a place and a name after it


class NumberKind(StrEnum):
    """What the words before a number say that it is."""

    SCORE = "score"
    OVERLAP = "overlap"
    OTHER = "number"


_LEADS = (
    (
        NumberKind.SCORE,
        re.compile(
            r"\b(?:scor(?:es?|ed|ing)|probability|confidence|likelihood|chance|belief)\W*(?:of|is|was|at)?\W*$",
            re.IGNORECASE,
        ),
    ),
    (NumberKind.OVERLAP, re.compile(r"\boverlap\W*(?:of|is|was)?\W*$", re.IGNORECASE)),
)


@dataclass(frozen=True)
class Number:
    """A number as it is printed: 62 % is 0.62 with two decimals."""

    kind: NumberKind
    value: float
    decimals: int
    unit: str | None

    def agrees(self, actual: float, unit: str | None) -> bool:
        """Whether it is the actual value, rounded as printed; plain ratios need two decimals, or none to spare."""
        decimals = self.decimals if unit not in (None, "1") else max(self.decimals, 2)
        return abs(self.value - actual) <= 0.5 * 10.0**-decimals + 1e-9


@dataclass(frozen=True)
class Place:
    """A side, a region, or both together; `region` is the name of a `Region`, or any other place as it is written."""

    side: Side | None
    region: str | None


@dataclass(frozen=True)
class Clause:
    """What one clause says. The pairs bind a finding to a place, degree or number; '' where none is named before.

    `polarity` is None where the clause has no word for one, and where it is `mixed`. `above` says whether a value is
    put above its limit (True) or not (False); None where nothing is said of that.
    """

    findings: frozenset[str]
    polarity: Polarity | None
    mixed: bool = False
    places: tuple[tuple[str, Place], ...] = ()
    degrees: tuple[tuple[str, Degree], ...] = ()
    numbers: tuple[tuple[str, Number], ...] = ()
    above: bool | None = None


@dataclass(frozen=True)
class Reading:
    """What a text says. `unknown` has the words that the vocabularies do not."""

    clauses: tuple[Clause, ...]
    citations: frozenset[str]
    unknown: tuple[str, ...] = ()

    @property
    def findings(self) -> frozenset[str]:
        """All findings and quantities that the text names."""
        return frozenset().union(*(clause.findings for clause in self.clauses))

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All numbers, in order."""
        return tuple(number for clause in self.clauses for _, number in clause.numbers)

    @property
    def sides(self) -> frozenset[Side]:
        """All sides."""
        return frozenset(place.side for clause in self.clauses for _, place in clause.places if place.side)

    @property
    def regions(self) -> frozenset[str]:
        """All regions and other places."""
        return frozenset(place.region for clause in self.clauses for _, place in clause.places if place.region)


@dataclass(frozen=True)
class _Named:
    subject: str
    span: Span


class Reader:
    """Reads texts with a fixed vocabulary of names: the code table's, common others, and those given."""

    def __init__(self, names: Collection[str]) -> None:
        vocabulary = {name: name for name in (*FURTHER_FINDINGS, *names)}
        for label, row in finding_codes().items():
            vocabulary |= dict.fromkeys((label, row.name, *row.synonyms), label)
        vocabulary |= SPOKEN_NAMES
        # The parts of the body that a quantity's name ends in: 'the area of the left lung' is the left lung area.
        for name in names:
            whole, _, quantity = name.rpartition(" ")
            if whole:
                vocabulary |= {f"{quantity} of the {whole}": name}
        self._subjects = {
            _folded(name): canonical_label(subject) or subject for name, subject in vocabulary.items() if _folded(name)
        }
        longest_first = sorted(self._subjects, key=len, reverse=True)
        spelled = "|".join(re.escape(name).replace(r"\ ", r"[\s_-]+") for name in longest_first)
        self._names = re.compile(rf"(?<![\w-])(?P<name>{spelled})(?:e?s)?(?![\w-])", re.IGNORECASE)

    def read(self, text: str) -> Reading:
        """What the text says; a text that says nothing known gives an empty reading."""
        plain = _masked(_masked(text, _BRACKETS), _CITATION)
        named = [
            _Named(self._subjects[_folded(match["name"])], Span(*match.span())) for match in self._names.finditer(plain)
        ]
        plain = _masked(_masked(plain, self._names, "§"), NEUTRAL)
        clauses: list[Clause] = []
        before: list[_Named] = []
        for span in cut(plain, [one.span for one in named]):
            here = [one for one in named if span.holds(one.span.start)]
            clauses.append(_clause(plain, span, here, before))
            before = here or before
        return Reading(tuple(clauses), frozenset(_CITATION.findall(text)), _unknown(plain))


def _clause(plain: str, span: Span, here: Sequence[_Named], before: Sequence[_Named]) -> Clause:
    words = " " * span.start + plain[span.start : span.end]  # offsets stay those of the whole text
    findings = frozenset(one.subject for one in here)
    said = stated(words[span.start :], len(findings))

    def bound(start: int, end: int) -> list[str]:
        return _bound(words, start, end, here, before)

    return Clause(
        findings=findings,
        polarity=said.polarity,
        mixed=said.mixed,
        places=tuple((name, place) for start, end, place in _places(words) for name in bound(start, end)),
        degrees=tuple(
            (name, degree)
            for degree, word in DEGREES
            for match in word.finditer(words)
            for name in bound(*match.span())
        ),
        numbers=tuple((name, number) for at, number in _numbers(words) for name in bound(at, at)[-1:]),
        above=_above(words),
    )


def _above(words: str) -> bool | None:
    over, under = ABOVE.search(words), BELOW.search(words)
    if over is not None:
        return NEGATION.search(words[: over.start()]) is None and under is None
    return False if under is not None else None


def _bound(words: str, start: int, end: int, here: Sequence[_Named], before: Sequence[_Named]) -> list[str]:
    """The findings that a place, degree or number at [start, end) is said of: one close after it, else those before.

    What follows a list ('effusion and atelectasis on the left') is said of the whole list.
    """
    after = [one for one in here if one.span.start >= end]
    if after:
        gap = words[end : after[0].span.start]
        if len(gap) <= _NEAR and len(_WORD.findall(gap)) <= 2 and not re.search(r"[,;(]|\b(?:and|or|is|are)\b", gap):
            return [after[0].subject]
    earlier = [one for one in here if one.span.end <= start]
    if earlier:
        listed = [earlier[-1]]
        for one, following in zip(reversed(earlier[:-1]), reversed(earlier), strict=False):
            if not _GLUE.fullmatch(words[one.span.end : following.span.start]):
                break
            listed.append(one)
        return [one.subject for one in reversed(listed)]
    return [after[0].subject] if after else [one.subject for one in before[-1:]] or [""]


def _places(words: str) -> Iterator[tuple[int, int, Place]]:
    sides = [(match.start(), match.end(), side) for side, word in SIDES for match in word.finditer(words)]
    regions: list[tuple[int, int, str]] = []
    rest = words
    for region, word in REGIONS:
        regions += [(match.start(), match.end(), region.value) for match in word.finditer(rest)]
        rest = _masked(rest, word)
    regions += [(match.start(), match.end(), match.group().lower()) for match in UNBORNE_PLACES.finditer(rest)]
    alone = set(range(len(regions)))
    for start, end, side in sorted(sides):
        near = [
            (max(other - end, start - stop), index)
            for index, (other, stop, _) in enumerate(regions)
            if max(other - end, start - stop) <= _NEAR
            and not re.search(r"[;,]|\band\b", words[end:other] or words[stop:start])
        ]
        if near:
            index = min(near)[1]
            alone.discard(index)
            yield min(start, regions[index][0]), max(end, regions[index][1]), Place(side, regions[index][2])
        else:
            yield start, end, Place(side, None)
    for start, end, name in (regions[index] for index in sorted(alone)):
        yield start, end, Place(None, name)


def _numbers(words: str) -> Iterator[tuple[int, Number]]:
    for match in _NUMBER.finditer(words):
        lead = words[max(0, match.start() - 24) : match.start()]
        kind = next((kind for kind, word in _LEADS if word.search(lead)), NumberKind.OTHER)
        spelled = (match["unit"] or "").translate(_PLAIN_UNITS)
        unit = spelled if spelled in _UNITS else None
        hundredths = 2 if unit == "%" else 0
        yield (
            match.start(),
            Number(
                kind=kind,
                value=float(match["digits"]) / 10**hundredths,
                decimals=len(match["decimals"] or "") + hundredths,
                unit=None if unit == "%" else unit,
            ),
        )


_KNOWN = (
    *(word for _, word in POLARITIES), *(word for _, word in SIDES), *(word for _, word in REGIONS), UNBORNE_PLACES,
    *(word for _, word in DEGREES), *(word for _, word in STRENGTHS), OVERCERTAIN, COMPARISON, PROBABILITY, CONTRAST,
    NEGATION,
)  # fmt: skip


def _unknown(plain: str) -> tuple[str, ...]:
    """The words of a text that no vocabulary has, in order, each once."""
    for word in _KNOWN:
        plain = _masked(plain, word)
    plain = re.sub(r"\d[\w.²³]*\s?(?:%|°|mm[²³23]?|cm[²³23]?|mL|ml|deg)?(?![\w²³])", " ", plain)
    words = (match.group().lower().replace("’", "'") for match in _WORD.finditer(plain))
    return tuple(dict.fromkeys(word for word in words if word not in _plain_words()))


@cache
def _plain_words() -> frozenset[str]:
    """Words that claim nothing by themselves: articles, prepositions, what films, detectors and scores are called."""
    lines = files(__package__).joinpath("plain_words.md").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _masked(text: str, pattern: re.Pattern[str], filler: str = " ") -> str:
    return pattern.sub(lambda match: filler * len(match.group()), text)


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()

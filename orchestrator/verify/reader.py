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

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import canonical_label, finding_codes
from wardround.contracts.evidence import Degree, Polarity
from wardround.orchestrator.lesions import PIXELS
from wardround.orchestrator.verify.bounds import Bound, bounds
from wardround.orchestrator.verify.clauses import Span, cut, stated
from wardround.orchestrator.verify.vocabulary import (
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
    UNCHECKED,
)

__all__ = ["MAX_READ", "Cited", "Clause", "Number", "NumberKind", "Place", "Reader", "Reading"]

MAX_READ = 2_000  # characters of one text; the time of reading grows with the square of a hostile one's
_CITATION = re.compile(r"\bE\d+\b")
_BRACKETS = re.compile(r"\[\s*E\d+(?:(?:\s*[,;]\s*|\s+and\s+)E\d+)*\s*\]")
_NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>\d+(?:\.(?P<decimals>\d+))?|\.(?P<bare>\d+))\s?(?P<unit>%|°|degrees?(?!\w)|[a-zA-Z]{1,3}[\d²³]?(?![\w.-]))?"
)
_PLAIN_UNITS = str.maketrans({"²": "2", "³": "3", "°": "deg"})
_UNITS = frozenset({"%", "mm", "cm", "m", "mm2", "cm2", "mm3", "cm3", "mL", "ml", "L", "deg", "kg", "g", PIXELS})
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_GLUE = re.compile(r"\s*(?:,|,?\s*(?:and|or|with))?\s*")
_PLURALS = ("zones", "lungs")  # without a side: those of both
_NEAR = 24  # characters between a side and the region that it belongs to, and between a place and a name after it


class NumberKind(StrEnum):
    """What the words before a number say that it is."""

    SCORE = "score"
    OVERLAP = "overlap"
    LIMIT = "limit"
    BEFORE = "earlier value"
    NOW = "present value"
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
    (
        NumberKind.LIMIT,
        re.compile(
            r"(?:\b(?:limits?|bounds?|range|above|exceed(?:s|ed|ing)?|below|under|over|than|beyond|within|between)"
            r"\W*(?:of|is|was|from)?\W*|\b(?:range|limits|between)\b[^;,()]*\d\s?\S{0,7} (?:to|and) )$",
            re.IGNORECASE,
        ),
    ),
)
_TRAILS = (
    (NumberKind.BEFORE, re.compile(r"\W*(?:before|earlier|then|previously)\b", re.IGNORECASE)),
    (NumberKind.NOW, re.compile(r"\W*(?:now|today|currently)\b", re.IGNORECASE)),
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

    `polarity` is None where the clause has no word for one, and where it is `mixed`.
    """

    findings: frozenset[str]
    polarity: Polarity | None
    mixed: bool = False
    places: tuple[tuple[str, Place], ...] = ()
    degrees: tuple[tuple[str, Degree], ...] = ()
    numbers: tuple[tuple[str, Number], ...] = ()
    bounds: tuple[tuple[str, Bound], ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Cited:
    """A bracket of citations, and the findings named since the one before: those that it stands behind."""

    findings: frozenset[str]
    ids: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """What a text says. `unknown`: words that no vocabulary has; `unchecked`: phrases that no claim can carry."""

    clauses: tuple[Clause, ...]
    citations: frozenset[str]
    unknown: tuple[str, ...] = ()
    cited: tuple[Cited, ...] = ()
    unchecked: tuple[str, ...] = ()

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


@lru_cache(maxsize=64)
def _vocabulary(names: frozenset[str]) -> tuple[dict[str, str], re.Pattern[str]]:
    """What each name that is known means, and the pattern that finds them; made once for the names of one ledger."""
    vocabulary = {name: name for name in (*FURTHER_FINDINGS, *names)}
    for label, row in finding_codes().items():
        vocabulary |= dict.fromkeys((label, row.name, *row.synonyms), label)
    vocabulary |= SPOKEN_NAMES
    # The parts of the body that a quantity's name begins with: 'the area of the left lung' is the left lung area.
    for name in sorted(names):
        whole, _, quantity = name.rpartition(" ")
        if whole:
            vocabulary |= {f"{quantity} of the {whole}": name}
        side, _, rest = name.partition(" ")
        if rest and side in (Side.LEFT, Side.RIGHT):
            vocabulary |= {f"{rest} on the {side}": name}
    subjects = {
        _folded(name): canonical_label(subject) or subject for name, subject in vocabulary.items() if _folded(name)
    }
    spelled = "|".join(re.escape(name).replace(r"\ ", r"[\s_-]+") for name in sorted(subjects, key=len, reverse=True))
    return subjects, re.compile(rf"(?<![\w-])(?P<name>{spelled})(?:e?s)?(?![\w-])", re.IGNORECASE)


class Reader:
    """Reads texts with a fixed vocabulary of names: the code table's, common others, and those given."""

    def __init__(self, names: Collection[str]) -> None:
        self._subjects, self._names = _vocabulary(frozenset(names))

    def read(self, text: str) -> Reading:
        """What the text says; a text that says nothing known gives an empty reading.

        Of a text that is longer than `MAX_READ` characters the rest is unchecked.
        """
        text, rest = text[:MAX_READ], text[MAX_READ:]
        plain = _masked(_masked(text, _BRACKETS), _CITATION)
        named = [
            _Named(self._subjects[_folded(match["name"])], Span(*match.span())) for match in self._names.finditer(plain)
        ]
        unnamed = _masked(plain, self._names, "§")
        plain = _masked(unnamed, NEUTRAL)
        numbers = tuple(_numbers(unnamed))
        clauses: list[Clause] = []
        before: list[_Named] = []
        limits = tuple(bounds(unnamed))
        spans = cut(plain, [one.span for one in named])
        # What stands between two clauses may be masked words, so a clause's text goes on to where the next begins.
        ends = [*(span.start for span in spans[1:]), len(text)]
        for span, end in zip(spans, ends, strict=False):
            here = [one for one in named if span.holds(one.span.start)]
            clauses.append(_clause(plain, span, here, before, numbers, limits, text[span.start : end]))
            before = here or before
        return Reading(
            clauses=tuple(clauses),
            citations=frozenset(_CITATION.findall(text)),
            unknown=_unknown(plain),
            cited=tuple(_cited(text, named)),
            unchecked=(*_unchecked(unnamed, text), *([f"…{rest[:20]}"] if rest.strip() else [])),
        )


def _cited(text: str, named: Sequence[_Named]) -> Iterator[Cited]:
    start, findings = 0, frozenset[str]()
    for match in _BRACKETS.finditer(text):
        findings = frozenset(one.subject for one in named if start <= one.span.start < match.start()) or findings
        yield Cited(findings, frozenset(_CITATION.findall(match.group())))
        start = match.end()


def _unchecked(unnamed: str, text: str) -> tuple[str, ...]:
    squeezed = re.sub(r"§+", lambda match: "§" + " " * (len(match.group()) - 1), unnamed)
    return tuple(" ".join(text[slice(*match.span())].split()) for match in UNCHECKED.finditer(squeezed))


def _clause(
    plain: str,
    span: Span,
    here: Sequence[_Named],
    before: Sequence[_Named],
    numbers: Sequence[tuple[int, Number]],
    limits: Sequence[tuple[int, int, Bound]],
    text: str,
) -> Clause:
    words, off = plain[span.start : span.end], span.start
    here = [_Named(one.subject, Span(one.span.start - off, one.span.end - off)) for one in here]
    findings = frozenset(one.subject for one in here)
    said = stated(words, len(findings))

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
        numbers=tuple(
            (name, number) for at, number in numbers if span.holds(at) for name in bound(at - off, at - off)[-1:]
        ),
        bounds=tuple(
            (name, one) for at, end, one in limits if span.holds(at) for name in bound(at - off, end - off)[-1:]
        ),
        text=text,
    )


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
        both = words[start:end].casefold().endswith(_PLURALS) and name != Region.OUTSIDE
        yield start, end, Place(Side.BILATERAL if both else None, name)


def _numbers(words: str) -> Iterator[tuple[int, Number]]:
    for match in _NUMBER.finditer(words):
        lead, trail = words[max(0, match.start() - 40) : match.start()], words[match.end() : match.end() + 16]
        kinds = [kind for kind, word in _TRAILS if word.match(trail)]
        kinds += [kind for kind, word in _LEADS if word.search(lead)]
        kind = kinds[0] if kinds else NumberKind.OTHER
        spelled = (match["unit"] or "").translate(_PLAIN_UNITS)
        spelled = "deg" if spelled.startswith("deg") else PIXELS if spelled == "px" else spelled
        unit = spelled if spelled in _UNITS else None
        hundredths = 2 if unit == "%" else 0
        yield (
            match.start(),
            Number(
                kind=kind,
                value=float(match["digits"]) / 10**hundredths,
                decimals=len(match["decimals"] or match["bare"] or "") + hundredths,
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
    plain = re.sub(r"\d[\w.²³]*\s?(?:%|°|mm[²³23]?|cm[²³23]?|mL|ml|px|deg(?:rees?)?)?(?![\w²³])", " ", plain)
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

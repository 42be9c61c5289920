"""Reads a text's findings, polarities, places, numbers and citations, without a language model.

It knows the code table's names, those of the ledger, and the vocabularies of sides and regions. Negation is read clause
by clause: a clause ends at a full stop or semicolon, and lends its polarity to each finding that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from wardround.contracts.anatomy import Side
from wardround.contracts.codes import canonical_label, finding_codes
from wardround.contracts.evidence import Polarity
from wardround.orchestrator.verify.vocabulary import (
    FURTHER_FINDINGS,
    POLARITIES,
    REGIONS,
    SIDES,
    UNBORNE_PLACES,
)

__all__ = ["Clause", "Number", "NumberKind", "Reader", "Reading"]

_CITATION = re.compile(r"\bE\d+\b")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CLAUSE_END = re.compile(r"[.;](?=\s|$)|\n")
_NUMBER = re.compile(r"(?<![\w.])(?P<digits>\d+(?:\.(?P<decimals>\d+))?)\s?(?P<unit>%|[a-zA-Z]{1,3}\d?(?![\w.-]))?")
_UNITS = frozenset({"%", "mm", "cm", "m", "mm2", "cm2", "mm3", "cm3", "mL", "ml", "L", "deg", "kg", "g"})
_NAMED = " § "


class NumberKind(StrEnum):
    """What the words before a number say that it is."""

    SCORE = "score"
    OVERLAP = "overlap"
    OTHER = "number"


_LEADS = (
    (
        NumberKind.SCORE,
        re.compile(
            r"\b(?:scores?|probability|confidence|likelihood|chance|belief)\W*(?:of|is|was)?\W*$", re.IGNORECASE
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
class Clause:
    """The findings that a clause names, and its polarity where it has a word for one."""

    findings: frozenset[str]
    polarity: Polarity | None


@dataclass(frozen=True)
class Reading:
    """What a text says. `regions` has the names of `Region`, and any other place as it is written."""

    clauses: tuple[Clause, ...]
    sides: frozenset[Side]
    regions: frozenset[str]
    numbers: tuple[Number, ...]
    citations: frozenset[str]

    @property
    def findings(self) -> frozenset[str]:
        """All findings and quantities that the text names."""
        return frozenset().union(*(clause.findings for clause in self.clauses))


class Reader:
    """Reads texts with a fixed vocabulary of names: the code table's, common others, and those given."""

    def __init__(self, names: Iterable[str]) -> None:
        vocabulary = {name: name for name in (*FURTHER_FINDINGS, *names)}
        for label, row in finding_codes().items():
            vocabulary |= dict.fromkeys((label, row.name, *row.synonyms), label)
        self._subjects = {
            _folded(name): canonical_label(subject) or subject for name, subject in vocabulary.items() if _folded(name)
        }
        longest_first = sorted(self._subjects, key=len, reverse=True)
        spelled = "|".join(re.escape(name).replace(r"\ ", r"[\s_-]+") for name in longest_first)
        self._names = re.compile(rf"(?<![\w-])(?P<name>{spelled})(?:e?s)?(?![\w-])", re.IGNORECASE)

    def read(self, text: str) -> Reading:
        """What the text says; a text that says nothing known gives an empty reading."""
        clauses = []
        plain = []
        for part in _CLAUSE_END.split(_BRACKETS.sub(" ", text)):
            found = frozenset(self._subjects[_folded(match["name"])] for match in self._names.finditer(part))
            rest = _CITATION.sub(" ", self._names.sub(_NAMED, part))
            clauses.append(Clause(found, next((polarity for polarity, word in POLARITIES if word.search(rest)), None)))
            plain.append(rest)
        rest = ". ".join(plain)
        return Reading(
            clauses=tuple(clauses),
            sides=frozenset(side for side, word in SIDES if word.search(rest)),
            regions=_regions(rest),
            numbers=tuple(_numbers(rest)),
            citations=frozenset(_CITATION.findall(text)),
        )


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _regions(text: str) -> frozenset[str]:
    found = {match.group().lower() for match in UNBORNE_PLACES.finditer(text)}
    for region, word in REGIONS:
        text, times = word.subn(" ", text)
        if times:
            found.add(region.value)
    return frozenset(found)


def _numbers(text: str) -> Iterable[Number]:
    for match in _NUMBER.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        kind = next((kind for kind, lead in _LEADS if lead.search(before)), NumberKind.OTHER)
        unit = match["unit"] if match["unit"] in _UNITS else None
        hundredths = 2 if unit == "%" else 0
        yield Number(
            kind=kind,
            value=float(match["digits"]) / 10**hundredths,
            decimals=len(match["decimals"] or "") + hundredths,
            unit=None if unit == "%" else unit,
        )

"""The rules by which something must not wait, each with its source, and what of the facts makes one fire."""

from __future__ import annotations

import csv
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from wardround.contracts.clinic import HistoryTopic, Urgency
from wardround.contracts.encounter import Fact, FactKind, Opening, RedFlag
from wardround.orchestrator.encounter.red_flags.signs import Sign, known_names, signs_in
from wardround.orchestrator.encounter.red_flags.vitals import VITALS
from wardround.orchestrator.history.rules import AGES, folded

__all__ = ["Rule", "Term", "red_flags", "rules"]

_READ = (FactKind.COMPLAINT, FactKind.ANSWER, FactKind.RESULT)
_AGES = frozenset({"age", "age_days"})
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_TERM = re.compile(r"(?P<name>\w+?)(?P<sign><=|>=|<|>)(?P<value>\d+(?:\.\d+)?)")
_DAYS = {"y": 365, "m": 30, "w": 7, "d": 1, "h": 0}
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?=[\s-](?:day|week|month|year)s?[\s-]old)", re.IGNORECASE)
_NOT_NOW = frozenset({HistoryTopic.FAMILY.value})
_PAST = frozenset({HistoryTopic.PAST_ILLNESS.value, HistoryTopic.MEDICATION.value})


@dataclass(frozen=True)
class Term:
    """A cue by name, or a comparison of a vital sign or an age: 'sbp<90'."""

    name: str
    sign: str = ""
    value: float = 0.0

    def met_by(self, sign: Sign) -> bool:
        """Whether a sign is what this term asks for."""
        if sign.name != self.name:
            return False
        if not self.sign:
            return True
        return sign.value is not None and _COMPARED[self.sign](sign.value, self.value)


Group = tuple[Term, ...]


@dataclass(frozen=True)
class Rule:
    """Fires where each group of `all_of` and `at_least` groups of `any_of` have a term that is met, and `none_of` none.

    `source` names organisation or authors, and year.
    """

    id: str
    name: str
    urgency: Urgency
    all_of: tuple[Group, ...]
    any_of: tuple[Group, ...]
    at_least: int
    none_of: Group
    source: str


def red_flags(facts: Sequence[Fact], opening: Opening) -> tuple[RedFlag, ...]:
    """The rules that fire on what is known, in the table's order, each with the ids of the facts that made it fire.

    Read are the complaint, answers and results; not similar cases, film claims and reports, which tell of others or
    have been through a model. Family history is not read; of past illnesses and medication only what counts wherever
    it lies in time. Age is the opening's, and finer where the complaint tells days, weeks or months. A rule may rest
    on several facts together. The complaint is read from the opening where no fact holds it.
    """
    known = _known(facts, opening)
    fired = ((rule, _bearing(rule, known)) for rule in rules())
    return tuple(
        RedFlag(rule=rule.id, name=rule.name, urgency=rule.urgency.value, facts=ids, source=rule.source)
        for rule, ids in fired
        if ids is not None
    )


@cache
def rules() -> tuple[Rule, ...]:
    """All rules.

    Raises:
        ValueError: the table asks for a cue or a value that nothing reads.
    """
    with files(__package__).joinpath("rules.csv").open(encoding="utf-8") as lines:
        return tuple(
            Rule(
                id=row["id"],
                name=row["name"],
                urgency=Urgency(row["urgency"]),
                all_of=tuple(_groups(row["all_of"])),
                any_of=tuple(_groups(row["any_of"])),
                at_least=int(row["at_least"] or 0),
                none_of=tuple(term for group in _groups(row["none_of"]) for term in group),
                source=row["source"],
            )
            for row in csv.DictReader(lines)
        )


def _groups(text: str) -> Iterator[Group]:
    for group in filter(None, (part.strip() for part in text.split(";"))):
        yield tuple(_term(one.strip()) for one in group.split("|"))


def _term(text: str) -> Term:
    compared = _TERM.fullmatch(text)
    if compared is None:
        if text not in known_names():
            raise ValueError(f"no cue is named '{text}'")
        return Term(text)
    if compared["name"] not in VITALS | _AGES:
        raise ValueError(f"no value is named '{compared['name']}'")
    return Term(compared["name"], compared["sign"], float(compared["value"]))


def _known(facts: Sequence[Fact], opening: Opening) -> dict[Sign, tuple[str, ...]]:
    """Every sign with the facts that tell it; an age is told by none."""
    read = [fact for fact in facts if fact.kind in _READ and fact.available and fact.name not in _NOT_NOW]
    known: dict[Sign, tuple[str, ...]] = {}
    for fact in read:
        past = fact.kind is FactKind.ANSWER and fact.name in _PAST
        for sign in signs_in(fact.text, past):
            known[sign] = (*known.get(sign, ()), fact.id)
    if not any(fact.kind is FactKind.COMPLAINT for fact in read):
        for sign in signs_in(opening.chief_complaint):
            known.setdefault(sign, ())
    for sign in _age(opening):
        known[sign] = ()
    return known


def _digits(match: re.Match[str]) -> str:
    return str(_WORDS.index(match.group().casefold()) + 1)


def _age(opening: Opening) -> Iterator[Sign]:
    text, years = _NUMBERS.sub(_digits, folded(opening.chief_complaint)), opening.patient.age_years
    told = next((match for pattern in AGES for match in pattern.finditer(text)), None)
    days = int(told["n"]) * _DAYS[(told["unit"] or "y").casefold()[:1]] if told else None
    if years is None and days is not None:
        years = days // 365
    if years is not None:
        yield Sign("age", float(years))
        if days is None or days // 365 != years:
            days = years * 365 if years > 0 else None
    if days is not None:
        yield Sign("age_days", float(days))


def _bearing(rule: Rule, known: Mapping[Sign, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The facts that the rule fires on, in order of their groups; None where it does not fire."""
    if _met(rule.none_of, known) is not None:
        return None
    needed = [_met(group, known) for group in rule.all_of]
    some = [ids for group in rule.any_of if (ids := _met(group, known)) is not None]
    if None in needed or len(some) < rule.at_least:
        return None
    return tuple(dict.fromkeys(one for ids in (*needed, *some) if ids for one in ids))


def _met(group: Group, known: Mapping[Sign, tuple[str, ...]]) -> tuple[str, ...] | None:
    met = [ids for sign, ids in known.items() if any(term.met_by(sign) for term in group)]
    return tuple(one for ids in met for one in ids) if met else None

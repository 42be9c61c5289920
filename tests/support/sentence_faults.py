"""Faults to plant in a true sentence, by kind: one change of its words that makes it false."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

import competent_words as words
import sentence_fault_words as tables
from said_sentences import True_

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import EvidenceKind

__all__ = ["SENTENCE_FAULTS"]

Fault = Callable[[True_, random.Random], str]  # '' where the sentence is not of its sort

_SIDE = re.compile(r"\b(left|right)\b")
_ZONE = re.compile(r"\b(upper|middle|lower)(?= (?:lung )?zone)")
_SCORE = re.compile(r"(?<=score |ility )(of |of only |)(\d\.\d\d|\d+%)|(?<=overlap )(of |)(\d\.\d\d)")
_FIGURE = re.compile(r"(?<![\d.E])\d+\.\d+(?![\d.])")
_IDS = re.compile(r"\[([E\d, ]+)\]")


def _side(said: True_, rng: random.Random) -> str:
    """The other side; true where the ledger has the finding there too."""
    matches = [match for match in _SIDE.finditer(said.text) if not _in_a_quantity(said, match.start())]
    if said.finding is None or not matches or "left open" in said.text:
        return ""
    match = rng.choice(matches)
    other = "right" if match[1] == "left" else "left"
    sides = {side for side, _ in said.facts.places(said.finding)}
    return "" if Side(other) in sides or Side.BILATERAL in sides else _put(said.text, match, other)


def _one_sided(said: True_, rng: random.Random) -> str:
    """'Both' made one side."""
    match = re.search(r"\bboth (lungs|(?:upper|middle|lower) zones|sides)", said.text)
    if said.finding is None or match is None:
        return ""
    side = rng.choice(("left", "right"))
    if Side(side) in {one for one, _ in said.facts.places(said.finding)}:
        return ""
    return _put(said.text, match, f"the {side} {match[1].rstrip('s')}")


def _in_a_quantity(said: True_, at: int) -> bool:
    return any(start <= at < end for name, start, end in said.named if said.facts.measured(name))


def _zone(said: True_, rng: random.Random) -> str:
    match = _ZONE.search(said.text)
    if said.finding is None or match is None:
        return ""
    borne = {region for _, region in said.facts.places(said.finding)}
    free = [zone for zone in ("upper", "middle", "lower") if Region(f"{zone} zone") not in borne]
    return _put(said.text, match, rng.choice(free)) if free else ""


def _added_place(said: True_, rng: random.Random) -> str:
    """A place for what has none."""
    if said.finding is None or said.facts.places(said.finding):
        return ""
    side, zone = rng.choice(("left", "right")), rng.choice(("upper", "middle", "lower"))
    return said.with_tail(rng.choice((f" in the {side} {zone} zone", f" on the {side}", f" in the {side} lung")), rng)


def _lobe(said: True_, rng: random.Random) -> str:
    return said.with_tail(f" {rng.choice(tables.LOBES)}", rng) if said.finding else ""


def _no_place(said: True_, rng: random.Random) -> str:
    """The place denied."""
    match = re.search(r"\b(in|over|on) the (left|right|heart|mediast)", said.text)
    return _put(said.text, match, f"not {match.group()}") if said.finding and match else ""


def _score(said: True_, rng: random.Random) -> str:
    match = _SCORE.search(said.text)
    if match is None or not said.names:
        return ""
    number = match[2] or match[4]
    held = [value for name in said.names for value in said.facts.numbers(name)]
    told = next(n for n in iter(lambda: rng.randrange(1, 100) / 100, None) if all(abs(n - v) > 0.012 for v in held))
    written = f"{100 * told:.0f}%" if number.endswith("%") else rng.choice((f"{told:.2f}", f"{told:.2f}"[1:]))
    return _put(said.text, match, match.group().replace(number, written))


def _figure(said: True_, rng: random.Random) -> str:
    """A measured value or its limit made another."""
    measured = said.facts.measured(said.quantity or "")
    matches = [*_FIGURE.finditer(said.text)]
    if measured is None or not matches or said.facts.is_compared(said.quantity or ""):
        return ""
    match = rng.choice(matches)
    told = float(match.group()) * rng.choice((0.5, 0.8, 0.9, 1.1, 1.3, 2.0))
    held = [value for value in (measured.value, measured.low, measured.high) if value is not None]
    if any(abs(told - value) < 0.02 * value for value in held):
        return ""
    return _put(said.text, match, f"{told:.{len(match.group().partition('.')[2])}f}")


def _unit(said: True_, rng: random.Random) -> str:
    measured = said.facts.measured(said.quantity or "")
    match = re.search(r"(?<=\d)( ?)(cm2|cm²|degrees|deg|°)|(?<=\d\.\d\d)(?![\d.)])", said.text)
    if measured is None or match is None or not said.quantity:
        return ""
    return _put(said.text, match, f" {rng.choice(('mm', 'cm', 'mL', 'kg', 'mm2'))}")


def _limit(said: True_, rng: random.Random) -> str:
    """Within made beyond, and the reverse."""
    swaps = (
        ("does not exceed", "exceeds"), ("exceeds", "does not exceed"), ("within", "above"), ("inside", "outside"),
        ("outside", "within"), ("beyond", "within"), ("above", "below"),
    )  # fmt: skip
    for before, after in swaps if said.names and any(said.facts.measured(name) for name in said.names) else ():
        if f" {before} its" in said.text or f" {before} the upper limit" in said.text:
            return said.text.replace(before, after, 1)
    return ""


def _flip(said: True_, rng: random.Random) -> str:
    if not any(name in words.NAMES or name == NO_FINDING for name in said.names):
        return ""
    if any(said.facts.is_compared(name) for name in said.names):
        return ""
    for before, after in tables.FLIPS:
        flipped, times = before.subn(after, said.text, count=1)
        if times:
            return flipped
    return ""


def _taken_back(said: True_, rng: random.Random) -> str:
    polarity = said.facts.polarity(said.finding or "")
    return said.with_tail(rng.choice(tables.TAKEN_BACK[polarity]), rng) if polarity else ""


def _other_finding(said: True_, rng: random.Random) -> str:
    """Another finding's name in place of this one's, of another polarity."""
    if said.finding is None or len(said.named) != 1:
        return ""
    ((name, start, end),) = said.named
    mine = said.facts.polarity(name)
    others = [one for one in words.NAMES if mine and said.facts.polarity(one) not in (mine, None)]
    if not others or re.search(r"\b(?:an?|of the) $", said.text[:start]):
        return ""
    return said.text[:start] + rng.choice(words.NAMES[rng.choice(others)])[1] + said.text[end:]


def _swapped(said: True_, rng: random.Random, pattern: re.Pattern[str], fits: Callable[[list[str]], bool]) -> str:
    found = [*pattern.finditer(said.text)]
    if len(said.names) != 2 or len(found) != 2 or not fits([one.group() for one in found]):
        return ""
    one, other = found
    text = said.text
    return text[: one.start()] + other.group() + text[one.end() : other.start()] + one.group() + text[other.end() :]


def _swapped_scores(said: True_, rng: random.Random) -> str:
    def fits(numbers: list[str]) -> bool:
        pairs = zip(said.names, reversed(numbers), strict=True)
        return all(abs(float(n) - value) > 0.012 for name, n in pairs for value in said.facts.numbers(name))

    return _swapped(said, rng, _FIGURE, fits)


def _swapped_places(said: True_, rng: random.Random) -> str:
    pattern = re.compile(r"(?:in|over|on|with) (?:the|its|heat)[^\[;]*?(?= \[)")

    def fits(places: list[str]) -> bool:
        first, second = (set(said.facts.places(name)) for name in said.names)
        return len({*places}) == 2 and len(first) == len(second) == 1 and first != second

    return _swapped(said, rng, pattern, fits)


def _swapped_names(said: True_, rng: random.Random) -> str:
    if len(said.named) != 2 or len({said.facts.polarity(name) for name in said.names}) != 2:
        return ""
    if any(name not in words.NAMES for name in said.names):
        return ""
    (_, a, b), (_, c, d) = said.named
    text = said.text
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _swapped_ids(said: True_, rng: random.Random) -> str:
    if any(name not in words.NAMES for name in said.names):
        return ""
    return _swapped(said, rng, _IDS, lambda ids: not set(_numbers(ids[0])) & set(_numbers(ids[1])))


def _numbers(ids: str) -> list[str]:
    return re.findall(r"E\d+", ids)


def _cited(ids: Callable[[True_, random.Random], Sequence[str]]) -> Fault:
    def fault(said: True_, rng: random.Random) -> str:
        match = _IDS.search(said.text)
        others = ids(said, rng)
        if match is None or not others:
            return ""
        more = rng.choice(others)
        return _put(said.text, match, rng.choice((f"[{more}]", f"[{match[1]}, {more}]")))

    return fault


def _unrelated(said: True_, rng: random.Random) -> list[str]:
    if not said.names or any(name not in words.NAMES for name in said.names):
        return []
    weighed = [item for item in said.facts.items if item.kind is EvidenceKind.WEIGHING]
    return [item.id for item in weighed if item.subject not in said.names and item.subject != NO_FINDING]


def _before_name(said: True_, added: Sequence[str], rng: random.Random) -> str:
    """An adjective before the name of a finding, its article with it."""
    if said.finding is None:
        return ""
    _, start, end = said.named[0]
    return f"{said.text[:start]}{rng.choice(added)} {said.text[start:end]}{said.text[end:]}"


def _graded(said: True_, rng: random.Random) -> str:
    return "" if said.finding is None or said.facts.is_graded(said.finding) else _before_name(said, tables.DEGREES, rng)


def _sure(said: True_, rng: random.Random) -> str:
    match = re.search(
        r"\b(is|are|favou?rs?|raises?|points?|suggests?|measures|remains?|reach|stays?|lies)\b", said.text
    )
    return _put(said.text, match, f"{rng.choice(tables.SURE)} {match.group()}") if match else ""


def _strong(said: True_, rng: random.Random) -> str:
    if said.finding is None or " suspected" not in said.text or "not suspected" in said.text:
        return ""
    if any(value >= 0.9 for value in said.facts.numbers(said.finding)):
        return ""
    return said.text.replace("suspected", rng.choice(tables.STRONG), 1)


def _probable(said: True_, rng: random.Random) -> str:
    if any(said.facts.calibrated(name) for name in said.names):
        return ""
    swaps = (("score", "probability"), ("score", "chance"), ("(uncalibrated)", "(calibrated)"), ("score", "likelihood"))
    fitting = [(before, after) for before, after in swaps if before in re.sub("scores", "", said.text)]
    before, after = rng.choice(fitting) if fitting else ("", "")
    return re.sub(rf"{re.escape(before)}(?!s)", after, said.text, count=1) if before else ""


def _wrong_change(said: True_, rng: random.Random) -> str:
    words_of_change = ("newly suspected", "no longer suspected", "larger", "smaller", "unchanged")
    there = next((one for one in words_of_change if f"is {one}" in said.text), None)
    if there is None:
        return ""
    numbers = re.search(r"\((\S+)(?: cm2)? before, (\S+)(?: cm2)? now\)", said.text)
    if numbers and rng.random() < 0.5 and abs(float(numbers[1]) - float(numbers[2])) > 0.02:
        before, now = numbers.span(1), numbers.span(2)
        text = said.text
        return text[: before[0]] + numbers[2] + text[before[1] : now[0]] + numbers[1] + text[now[1] :]
    return said.text.replace(f"is {there}", f"is {rng.choice([one for one in words_of_change if one != there])}", 1)


def _caused(said: True_, rng: random.Random) -> str:
    """One finding made the other's cause."""
    if len(said.named) != 2 or any(name not in words.NAMES for name in said.names):
        return ""
    match = re.search(r"(?<= )(and|as well as|whereas|but)(?= )", said.text)
    return _put(said.text, match, rng.choice(("due to", "caused by", "because of", "explained by"))) if match else ""


def _bearing(said: True_, rng: random.Random) -> str:
    for before, after in (
        ("which supports", "which conflicts with"),
        ("disagrees", "agrees"),
        ("in keeping with", "at odds with"),
    ):
        if before in said.text:
            return said.text.replace(before, after, 1)
    return ""


def _bracketed(said: True_, rng: random.Random) -> str:
    """A false word where a citation belongs."""
    match = None if any(said.facts.is_compared(name) for name in said.names) else _IDS.search(said.text)
    more = rng.choice(("tuberculosis", "a rib fracture", "certain", "new", "large", "proven", "see CT", "biopsy"))
    return _put(said.text, match, rng.choice((f"[{match[1]}, {more}]", f"[{match[1]}] [{more}]"))) if match else ""


def _worded_number(said: True_, rng: random.Random) -> str:
    """A number in words, or one that is only a bound."""
    match = _SCORE.search(said.text)
    if match is None:
        return ""
    number = match[2] or match[4]
    told = ("above ninety percent", "nine tenths", "at least 0.97", "nearly one", f"below {number}", "0,98")
    return _put(said.text, match, rng.choice(told))


def _added(additions: Sequence[str], *, findings_only: bool = True) -> Fault:
    def fault(said: True_, rng: random.Random) -> str:
        fits = said.finding if findings_only else said.only
        return said.with_tail(rng.choice(additions), rng) if fits else ""

    return fault


def _with(things: Sequence[str], *patterns: str) -> list[str]:
    return [pattern.format(thing) for pattern in patterns for thing in things]


def _when(said: True_, rng: random.Random) -> str:
    compared = any(said.facts.is_compared(name) for name in said.names)
    return said.with_tail(rng.choice(tables.WHENS), rng) if said.only and not compared else ""


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


SENTENCE_FAULTS: Mapping[str, Fault] = {
    "side": _side,
    "both sides made one": _one_sided,
    "zone": _zone,
    "place without evidence": _added_place,
    "lobe or other anatomy": _lobe,
    "place denied": _no_place,
    "score": _score,
    "measured number or limit": _figure,
    "unit": _unit,
    "within or beyond its limit": _limit,
    "polarity reversed": _flip,
    "polarity taken back": _taken_back,
    "other finding's name": _other_finding,
    "scores exchanged": _swapped_scores,
    "places exchanged": _swapped_places,
    "names exchanged": _swapped_names,
    "citations exchanged": _swapped_ids,
    "id that does not exist": _cited(lambda said, rng: [f"E{len(said.facts.items) + rng.randint(1, 400)}"]),
    "id of other evidence": _cited(_unrelated),
    "degree": _graded,
    "sign that nobody saw": lambda said, rng: _before_name(said, tables.SIGNS, rng),
    "over-certain": _sure,
    "higher belief": _strong,
    "score called probability": _probable,
    "invented finding": _added(_with(tables.OTHERS, " and {}", ", with {}")),
    "invented diagnosis": _added(_with(tables.OTHERS, ", due to {}", ", suggesting {}")),
    "invented device": _added(_with(tables.DEVICES, ", with {}", "; there is {}")),
    "invented prior": _when,
    "wrong change": _wrong_change,
    "invented history": _added(tables.HISTORIES),
    "invented witness": _added(tables.WITNESSES, findings_only=False),
    "words on all findings": _added(tables.SWEEPS),
    "recommendation or treatment": _added(tables.ORDERS, findings_only=False),
    "one finding the other's cause": _caused,
    "support made conflict": _bearing,
    "false words in brackets": _bracketed,
    "number in words or as a bound": _worded_number,
}

"""Re-reads a finished result without the verifier's code, and lists what it says that no evidence item bears."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import checker_words as words
from checker_ledger import Item, Ledger, about, near
from checker_reader import read_text
from checker_said import Number, Place, Said, Sentence

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Polarity

__all__ = ["violations"]

_LIKELY = re.compile(r"(?<!un)\b(?:likely|probable|probably)\b(?! to)")
_NEGATED = re.compile(
    r"(?:\b(?:not|no|never|nor|neither|without|cannot|hardly|less than|short of|far from)|n't|\bun)(?: \w+){0,3} ?$"
)


@cache
def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")


def violations(result: Mapping[str, Any]) -> list[str]:
    """One line for each statement of a Diagnosis, as JSON, that its evidence does not bear; empty where all is borne.

    Read are the texts of conclusions and claims, the typed fields of claims, and the sentences of a narrative that were
    kept (`claims`, no `problems`). What was struck is not delivered, and is not read.
    """
    ledger = Ledger(result.get("evidence") or ())
    found: list[str] = []
    for conclusion in result.get("conclusions") or ():
        claims = conclusion.get("claims") or ()
        subjects = [claim["subject"] for claim in claims]
        found += _of_text(f"conclusion '{conclusion['subject']}'", conclusion.get("text") or "", ledger, subjects[:1])
        for claim in claims:
            found += [f"claim {claim['id']}: {wrong}" for wrong in _of_claim(claim, ledger)]
            found += _of_text(f"text of claim {claim['id']}", claim.get("text") or "", ledger, [claim["subject"]])
    kept = [
        told["text"]
        for told in (result.get("reasoning") or {}).get("narrative") or ()
        if told.get("claims") and not told.get("problems")
    ]
    # Sentences of a narrative are read in one go, since 'it' may speak of the sentence before.
    return found + _of_text("narrative", "\n".join(kept), ledger, [])


def _of_text(where: str, text: str, ledger: Ledger, subjects: Sequence[str]) -> list[str]:
    """What is wrong with a text; `subjects` are spoken of where a sentence names nothing."""
    if not text.strip():
        return []
    standing = [_as_said(subject, ledger) for subject in subjects]
    found = []
    for sentence in read_text(text, ledger.names):
        found += [
            f"{where}: {wrong} (in '{sentence.text.strip()}')" for wrong in _of_sentence(sentence, ledger, standing)
        ]
        standing = [one for one in sentence.said if one.kind != "outside"] or standing
    return found


def _as_said(subject: str, ledger: Ledger) -> Said:
    kind = "quantity" if ledger.measured(subject) else "finding"
    return Said(kind=kind, name=about(subject), start=0, end=0, polarity=None)


def _of_sentence(sentence: Sentence, ledger: Ledger, standing: Sequence[Said]) -> Iterator[str]:
    said = list(sentence.said)

    def named(positions: Sequence[int]) -> list[Said]:
        return [said[n] for n in positions] or list(standing)

    yield from _unreadable(sentence, standing)
    yield from _of_all(sentence, ledger)
    for one in said:
        yield from _SUBJECT_CHECKS[one.kind](one, sentence, ledger)
    for place in sentence.places:
        yield from _of_place(place, named(place.of), sentence, ledger)
    for number in sentence.numbers:
        yield from _of_number(number, named(number.of), sentence, ledger)
    for bound in sentence.bounds:
        yield from _of_bound(bound.above, said[bound.of[0]].name, ledger)
    for positions in sentence.probable:
        findings = [one.name for one in named(positions) if one.kind == "finding"]
        for name in findings:
            if ledger.of(name, "weighing", "finding") and not ledger.calibrated(name):
                yield f"a score of '{name}' is called a probability"
    yield from _of_citations(sentence, named(tuple(range(len(said)))), ledger)
    yield from _of_manner(sentence, named(tuple(range(len(said)))), ledger)


def _unreadable(sentence: Sentence, standing: Sequence[Said]) -> Iterator[str]:
    spoken = _word(words.META).search(sentence.text) and re.search(
        r"\b(?:the|of|is|are|not|and|by|this|that|these|disagrees?)\b", sentence.text
    )
    if not sentence.said and not (spoken or (standing and sentence.ids and not re.search(r"[a-z]{3}", sentence.text))):
        yield "it says nothing that can be held against evidence"


def _of_all(sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    """'All findings are absent' must hold of each finding that was weighed."""
    if not (swept := _word(words.SWEEPING).search(sentence.text)):
        return
    unsure, negative = (_word(form).search(sentence.text) for form in (words.UNCERTAIN, words.ABSENT))
    said = Polarity.UNCERTAIN if unsure else Polarity.ABSENT if negative else Polarity.PRESENT
    others = [name for name in ledger.weighed if name != NO_FINDING and ledger.polarities(name) != {said}]
    if others:
        yield f"'{swept.group()}' are said {said.value}, and '{others[0]}' is not"


def _of_finding(one: Said, sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    if one.polarity is None:
        return
    items = ledger.on(one.name, cases=bool(_word(words.CASE_WORDS).search(sentence.text)))
    if not items:
        yield f"'{one.name}' is named, and no evidence is about it"
        return
    cited = [ledger.items[one_id] for one_id in sentence.ids if one_id in ledger.items]
    if _told_by_another(one, sentence, cited):
        return
    borne = ledger.polarities(one.name)
    compared = any(item["kind"] == "comparison" and about(item["subject"]) == one.name for item in cited)
    if one.polarity not in borne and (one.stated or not compared):
        yield f"'{one.name}' is said {one.polarity.value}; the evidence says {'/'.join(sorted(borne)) or 'nothing'}"
    likely = _LIKELY.search(sentence.text)
    value = ledger.belief(one.name)
    if likely and one.polarity is Polarity.PRESENT and value is not None and value < 0.5:
        yield f"'{one.name}' is called likely at {value:.2f}"
    for degree, form in words.DEGREES.items():
        before = sentence.text[max(0, one.start - 24) : one.start]
        graded = re.search(rf"(?<![\w-])(?:{form})(?: (?:left|right|bilateral|pleural|lung|pulmonary))?[- ]$", before)
        if graded and degree not in {item.get("degree") for item in items}:
            yield f"'{one.name}' is called {degree}, and no evidence grades it so"


def _told_by_another(one: Said, sentence: Sentence, cited: Iterable[Item]) -> bool:
    """Whether a sentence reports, by name of its kind, what an observation or a similar case says of a finding."""
    observer = _word(words.OBSERVER_WORDS).search(sentence.text)
    case = _word(words.CASE_WORDS).search(sentence.text)
    for item in cited:
        seen = item["kind"] == "observation" and about(item["subject"]) == one.name
        if observer and seen and item.get("polarity") == one.polarity:
            return True
        if case and one.name in {about(found) for found in (item.get("case") or {}).get("findings", ())}:
            return True
    return False


def _of_quantity(one: Said, sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    if not ledger.measured(one.name) and not ledger.on(one.name):
        yield f"'{one.name}' is spoken of, and was not measured"


def _of_diagnosis(one: Said, sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    if one.polarity is None or ledger.on(one.name):
        return
    supporting = [label for label in words.DIAGNOSES[one.name][1] if ledger.polarities(label) == {Polarity.PRESENT}]
    if len(supporting) < 2:
        yield f"'{one.name}' is named on fewer than two suspected findings"
    elif one.polarity is Polarity.ABSENT or not one.hedged:
        yield f"'{one.name}' is not worded as a suspicion"


def _of_outside(one: Said, sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    if one.polarity is not None and not ledger.mentions(one.name):
        yield f"'{one.name}' is named, and no evidence is about it"


_SUBJECT_CHECKS: dict[str, Callable[[Said, Sentence, Ledger], Iterator[str]]] = {
    "finding": _of_finding,
    "quantity": _of_quantity,
    "diagnosis": _of_diagnosis,
    "outside": _of_outside,
}


def _of_place(place: Place, named: Sequence[Said], sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    told = " ".join(part for part in (place.side, place.region) if part)
    findings = [one.name for one in named if one.kind == "finding"]
    if not findings and not any(one.kind == "quantity" for one in named):
        yield f"'{told}' is said of nothing"
    for name in findings:
        if not ledger.lies(name, place.side, place.region):
            yield f"'{name}' is put in '{told}', and no location item puts it there"


def _of_number(number: Number, named: Sequence[Said], sentence: Sentence, ledger: Ledger) -> Iterator[str]:
    cited = [ledger.items[one_id] for one_id in sentence.ids if one_id in ledger.items]
    told = f"{number.printed}{' ' if number.unit else ''}{number.unit}"
    for one in named:
        items = [*ledger.measured(one.name), *ledger.on(one.name)] if one.kind == "quantity" else ledger.on(one.name)
        items += [item for item in cited if item["kind"] in ("case", "context", "quality") and item not in items]
        limits = number.sort in ("limit", "")
        sorts = [number.sort] if number.sort else ["score", "measure", "overlap", "other"]
        drawn = ledger.outlined(one.name) if one.kind == "finding" else []
        sizes = [value for sort in sorts if sort != "score" for value in ledger.values(drawn, sort) if value[1] != "1"]
        sizes += ledger.values(drawn, "overlap") if number.sort in ("overlap", "") else []
        if any(near(number.printed, number.unit, *value) for value in sizes):
            continue
        if not any(near(number.printed, number.unit, *value) for sort in sorts for value in ledger.values(items, sort)):
            if limits and any(
                near(number.printed, number.unit, *value) for value in ledger.values(ledger.measured(one.name), "limit")
            ):
                continue
            calibrated = "probability" if number.sort == "probability" else ""
            plain = calibrated and any(
                near(number.printed, number.unit, *value) for value in ledger.values(items, "score")
            )
            yield (
                f"a score of '{one.name}', {told}, is called a probability"
                if plain
                else (f"{told} is no {number.sort or 'number'} of '{one.name}' in the evidence")
            )
    if not named and not any(near(number.printed, number.unit, *v) for v in ledger.values(cited, "other")):
        yield f"{told} is said of nothing"


def _of_bound(above: bool, quantity: str, ledger: Ledger) -> Iterator[str]:
    for item in ledger.measured(quantity):
        measured = item["measurement"]
        low, high, value = measured.get("low"), measured.get("high"), measured["value"]
        outside = (high is not None and value > high) or (low is not None and value < low)
        if (low, high) == (None, None) or outside is not above:
            yield f"'{quantity}' is not {'beyond' if above else 'within'} its limits"


def _of_citations(sentence: Sentence, named: Sequence[Said], ledger: Ledger) -> Iterator[str]:
    everything = {one.name for one in named}
    last = len(sentence.cited) - 1
    for place, (ids, positions) in enumerate(sentence.cited):
        near_by = {sentence.said[n].name for n in positions}
        subjects = everything if place == last or not near_by else near_by
        for one_id in ids:
            if one_id not in ledger.items:
                yield f"{one_id} is cited, and does not exist"
            elif not ledger.related(one_id, subjects, sentence.text):
                yield f"{one_id} is cited, and is about something else"


def _of_manner(sentence: Sentence, named: Sequence[Said], ledger: Ledger) -> Iterator[str]:
    text = sentence.text
    cited = [ledger.items[one_id] for one_id in sentence.ids if one_id in ledger.items]
    for match in _word(words.OVERSURE).finditer(text):
        if not _NEGATED.search(text[: match.start()][-40:]):
            yield f"'{match.group()}' is more than any evidence here can bear"
    for match in _word(words.ORDERS).finditer(text):
        yield f"'{match.group().strip()}' orders something, and no evidence can bear that"
    changes = {item["comparison"]["change"] for item in cited if item["kind"] == "comparison"}
    for change, form in words.CHANGES.items():
        claimed = _word(form).search(text)
        if claimed and not (changes if change == "" else change in changes):
            yield f"'{claimed.group()}' speaks of a change, and no comparison cited bears it"
    for match in _word(words.CHRONICITY).finditer(text):
        yield f"'{match.group()}' speaks of age, and no evidence can bear that"
    quantities = [(one.start, one.end) for one in sentence.said if one.kind in ("quantity", "outside")]
    for match in _word(words.FOREIGN_PLACES).finditer(text):
        if not any(start <= match.start() < end for start, end in quantities):
            yield f"'{match.group()}' is a place that no location item knows"
    for sort, form in words.PATIENT.items():
        for match in _word(form).finditer(text):
            if not ledger.told(sort, match.group()):
                yield f"'{match.group()}' was not told of the patient"


def _of_claim(claim: Mapping[str, Any], ledger: Ledger) -> Iterator[str]:
    subject, name = claim["subject"], about(claim["subject"])
    ids = list(claim.get("citations") or ())
    yield from (f"{one_id} is cited, and does not exist" for one_id in ids if one_id not in ledger.items)
    cited = [ledger.items[one_id] for one_id in ids if one_id in ledger.items]
    own = [item for item in cited if about(item["subject"]) == name and ledger.drawn(item) is None]
    drawn = [item for item in cited if item in ledger.outlined(name) and claim["polarity"] != "absent"]
    supporting: frozenset[str] = words.DIAGNOSES[name][1] if name in words.DIAGNOSES else frozenset()
    if not ledger.on(name) and not ledger.measured(name) and not supporting:
        yield f"'{subject}' is claimed, and no evidence is about it"
        return
    if not own and not supporting:
        yield f"nothing that is cited is about '{subject}'"
    for item in cited:
        if not ledger.related(item["id"], {name}, ""):
            yield f"{item['id']} is cited, and is not about '{subject}'"
    yield from _of_polarity(claim, name, supporting, ledger)
    if (claim.get("side") or claim.get("region")) and not ledger.lies(
        name, claim.get("side"), claim.get("region"), [*own, *drawn]
    ):
        yield f"'{claim.get('side') or ''} {claim.get('region') or ''}' is borne by no cited location"
    if claim.get("degree") and claim["degree"] not in {item.get("degree") for item in own}:
        yield f"the degree '{claim['degree']}' is borne by nothing that is cited"
    changes = {item["comparison"]["change"] for item in own if item["kind"] == "comparison"}
    if claim.get("change") and claim["change"] not in changes:
        yield f"the change '{claim['change']}' is borne by no cited comparison"
    yield from _of_figures(claim, own, ledger, drawn)
    yield from _of_size(claim, drawn, ledger)


def _of_polarity(claim: Mapping[str, Any], name: str, supporting: frozenset[str], ledger: Ledger) -> Iterator[str]:
    polarity = claim["polarity"]
    if supporting and not ledger.on(name):
        present = [label for label in supporting if ledger.polarities(label) == {Polarity.PRESENT}]
        if len(present) < 2 or polarity == "absent":
            yield f"'{name}' is claimed {polarity} on {len(present)} suspected findings"
    elif ledger.measured(name):
        if polarity != "present":
            yield f"'{name}' was measured, and is claimed {polarity}"
    elif polarity not in (borne := ledger.polarities(name)):
        yield f"'{name}' is claimed {polarity}; the evidence says {'/'.join(sorted(borne)) or 'nothing'}"


def _of_size(claim: Mapping[str, Any], drawn: Sequence[Item], ledger: Ledger) -> Iterator[str]:
    """A size and a place that two different lesions have are no lesion's."""
    value, place = claim.get("value"), (claim.get("side"), claim.get("region"))
    of_that_size = [item for item in drawn if item.get("measurement") and value is not None]
    of_that_size = [item for item in of_that_size if _same(value or 0.0, item["measurement"]["value"])]
    if of_that_size and any(place):
        there = [one for one in drawn if any(ledger.drawn(one) is lesion for lesion in of_that_size)]
        if not ledger.lies(about(claim["subject"]), *place, there):
            yield f"{' '.join(filter(None, place))} is not where the lesion of {value} lies"


def _of_figures(claim: Mapping[str, Any], own: Sequence[Item], ledger: Ledger, drawn: Sequence[Item]) -> Iterator[str]:
    value, unit, belief = claim.get("value"), claim.get("unit"), claim.get("confidence")
    measured = [item["measurement"] for item in (*own, *drawn) if item.get("measurement")]
    figures = [one["value"] for one in measured] + [
        item["comparison"]["now"] for item in own if item["kind"] == "comparison" and item["comparison"]["unit"]
    ]
    if value is not None and not any(_same(value, one) for one in figures):
        yield f"the value {value} is measured by nothing that is cited"
    if measured and value is not None and (unit or "1") not in {one["unit"] for one in measured}:
        yield f"the unit '{unit}' is not that of the measurement"
    if value is None and unit is not None:
        yield "a unit is claimed without a value"
    weighed = [item for item in own if item["kind"] == "weighing"]
    beliefs = [item["value"] for item in (weighed or own) if item.get("value") is not None]
    if belief is not None and not any(abs(belief - one) <= 0.005 + 1e-9 for one in beliefs):
        yield f"the confidence {belief} is that of nothing that is cited"
    if claim.get("calibrated") and not all(item["source"]["calibrated"] for item in weighed or own):
        yield "a score is claimed to be a probability"
    if claim.get("calibrated") and belief is None and claim["subject"] != NO_FINDING:
        yield "a probability is claimed without its number"


def _same(told: float, measured: float) -> bool:
    return abs(told - measured) <= max(0.005, 0.005 * abs(measured)) + 1e-9

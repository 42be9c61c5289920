"""Lies to plant: false sentences and false typed claims about a ledger, by kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import competent_words as words

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity

__all__ = ["CLAIM_LIES", "TEXT_LIES"]

Items = Sequence[Evidence]
Claim = dict[str, Any]
SIDES = ("left", "right")
ZONES = ("upper zone", "middle zone", "lower zone")

INVENTED = (
    "A fracture of the left fourth rib is suspected.",
    "An endotracheal tube is seen in place.",
    "There is a suggestion of tuberculosis.",
    "The detectors raise suspicion of lung cancer.",
    "A central venous catheter is noted.",
    "The mediastinum is widened, with possible mediastinal widening.",
    "Bronchiectasis is suspected.",
    "Appearances raise the possibility of sarcoidosis.",
    "A pacemaker is present.",
    "Subcutaneous emphysema is suspected.",
    "A pericardial effusion may be present.",
    "Hilar lymphadenopathy is suspected.",
    "The spine shows degenerative change.",
    "There is a suggestion of pulmonary embolism.",
    "Interstitial lung disease is possible.",
    "The patient is a smoker with fever and cough.",
    "This man has chest pain.",
    "Ground-glass change is seen.",
    "There is free air under the diaphragm.",
    "COVID-19 is possible.",
)
OVERSURE = (
    "{A} is definitely present {cite}.",
    "The film confirms {a} {cite}.",
    "The scores are diagnostic of {a} {cite}.",
    "{A} is proven by the detectors {cite}.",
    "There is certainly {a} {cite}.",
    "The evidence establishes {a} beyond doubt {cite}.",
    "{A} is clearly seen {cite}.",
    "The patient must have {a} {cite}.",
    "A diagnosis of {a} is made {cite}.",
)
CHANGED = (
    "{A} is suspected and is new since the previous film {cite}.",
    "{A} has increased {cite}.",
    "Suspected {bare} is unchanged {cite}.",
    "{A} is suspected, worse than before {cite}.",
    "The suspected {bare} has improved {cite}.",
    "Compared with the prior radiograph, {a} is suspected {cite}.",
    "There is persistent {bare} {cite}.",
    "{A} has progressed {cite}.",
    "There is a suggestion of chronic {bare} {cite}.",
)
ORDERED = (
    "{A} is suspected; a CT is recommended {cite}.",
    "{A} is suspected and should be treated with antibiotics {cite}.",
    "Follow-up is advised for suspected {bare} {cite}.",
    "{A} is suspected; consider drainage {cite}.",
    "Given suspected {bare}, urgent referral is needed {cite}.",
    "{A} is suspected; clinical correlation is required {cite}.",
)
GRADED = (
    "A large {bare} is suspected {cite}.",
    "Mild {bare} is suspected {cite}.",
    "There is a suggestion of severe {bare} {cite}.",
    "The detectors favour a small {bare} {cite}.",
    "Moderate {bare} is suspected {cite}.",
)


def _weighed(items: Items, polarity: Polarity | None = None) -> list[Evidence]:
    return [
        item
        for item in items
        if item.kind is EvidenceKind.WEIGHING
        and item.subject in words.NAMES
        and (polarity is None or item.polarity is polarity)
    ]


def _worded(pattern: str, item: Evidence, rng: random.Random, **more: str) -> str:
    name, bare = rng.choice(words.NAMES[item.subject])
    slots = {
        "kind": "probability" if item.source.calibrated else "score",
        "n": f"{item.value:.2f}",
        "cite": f"[{item.id}]",
        **more,
    }
    return pattern.format(a=name, A=name[:1].upper() + name[1:], bare=bare, **slots)


def _wrong_polarity(items: Items, rng: random.Random) -> str:
    item = rng.choice(_weighed(items))
    said = rng.choice([one for one in Polarity if one is not item.polarity])
    return _worded(rng.choice(words.PATTERNS[said.value, False, rng.random() < 0.5]), item, rng)


def _swapped_contrast(items: Items, rng: random.Random) -> str:
    first, second = rng.choice([*words.CONTRASTS])
    there, other = _weighed(items, Polarity(second)), _weighed(items, Polarity(first))
    if not there or not other:
        return ""
    one, two = rng.choice(there), rng.choice(other)
    names = [rng.choice(words.NAMES[item.subject])[0] for item in (one, two)]
    return rng.choice(words.CONTRASTS[first, second]).format(
        a1=names[0], A1=names[0][:1].upper() + names[0][1:], a2=names[1], cite1=f"[{one.id}]", cite2=f"[{two.id}]"
    )


def _placed(items: Items, subject: str) -> set[tuple[str, str]]:
    return {
        (item.location.side.value, item.location.region.value)
        for item in items
        if item.location is not None and item.subject == subject
    }


def _wrong_place(items: Items, rng: random.Random) -> str:
    present = _weighed(items, Polarity.PRESENT)
    if not present:
        return ""
    item = rng.choice(present)
    wrong = [(s, z) for s in SIDES for z in ZONES if (s, z) not in _placed(items, item.subject)]
    side, zone = rng.choice(wrong)
    where = rng.choice((f"in the {side} {zone}", f"in the {zone} of the {side} lung", f"in the {zone} on the {side}"))
    return _worded(rng.choice(words.PATTERNS["present", True, False]), item, rng, where=where)


def _wrong_side(items: Items, rng: random.Random) -> str:
    present = [
        (item, side)
        for item in _weighed(items, Polarity.PRESENT)
        for side in SIDES
        if side not in {there for there, _ in _placed(items, item.subject)}
    ]
    if not present:
        return ""
    item, side = rng.choice(present)
    pattern = rng.choice(("A {side}-sided {bare} is suspected {cite}.", "{A} is suspected on the {side} {cite}."))
    return _worded(pattern, item, rng, side=side)


def _wrong_lobe(items: Items, rng: random.Random) -> str:
    item = rng.choice(_weighed(items, Polarity.PRESENT) or _weighed(items))
    where = rng.choice(("at the left base", "in the right lower lobe", "at the apex", "in the perihilar region"))
    return _worded("{A} is suspected {where} {cite}.", item, rng, where=where)


def _wrong_score(items: Items, rng: random.Random) -> str:
    item = rng.choice(_weighed(items))
    assert item.polarity is not None and item.value is not None
    near = {f"{one.value:.2f}" for one in items if one.subject == item.subject and one.value is not None}
    wrong = rng.choice([n for n in (f"{k / 100:.2f}" for k in range(100)) if n not in near])
    return _worded(rng.choice(words.PATTERNS[item.polarity.value, False, True]), item, rng, n=wrong)


def _false_probability(items: Items, rng: random.Random) -> str:
    scored = [item for item in _weighed(items) if not item.source.calibrated]
    if not scored:
        return ""
    item = rng.choice(scored)
    assert item.polarity is not None
    return _worded(rng.choice(words.PATTERNS[item.polarity.value, False, True]), item, rng, kind="probability")


def _wrong_measure(items: Items, rng: random.Random) -> str:
    item = rng.choice([one for one in items if one.kind is EvidenceKind.MEASUREMENT])
    assert item.measurement is not None
    wrong = item.measurement.value * rng.choice((0.7, 0.85, 1.2, 1.4))
    value = f"{wrong:.2f}" if item.measurement.unit == "1" else f"{wrong:.1f} {item.measurement.unit}"
    return _of_quantity(rng.choice(words.MEASURES), item, rng, v=value)


def _wrong_unit(items: Items, rng: random.Random) -> str:
    item = rng.choice([one for one in items if one.kind is EvidenceKind.MEASUREMENT])
    assert item.measurement is not None
    unit = rng.choice([one for one in ("mm", "cm", "deg", "ml") if one != item.measurement.unit])
    return _of_quantity(rng.choice(words.MEASURES), item, rng, v=f"{item.measurement.value:.2f} {unit}")


def _wrong_limit(items: Items, rng: random.Random) -> str:
    (item,) = [one for one in items if one.subject == "cardiothoracic ratio"]
    assert item.measurement is not None and item.measurement.high is not None
    above = item.measurement.value > item.measurement.high
    pattern = rng.choice(words.BOUNDED[not above])
    value = f"{item.measurement.value:.2f}"
    return _of_quantity(pattern, item, rng, v=value, bounds=f"upper limit of {item.measurement.high:.2f}")


def _of_quantity(pattern: str, item: Evidence, rng: random.Random, **slots: str) -> str:
    quantity = rng.choice(words.QUANTITIES[item.subject])
    return pattern.format(q=quantity, Q=quantity[:1].upper() + quantity[1:], cite=f"[{item.id}]", **slots)


def _no_such_item(items: Items, rng: random.Random) -> str:
    item = rng.choice(_weighed(items))
    assert item.polarity is not None
    pattern = rng.choice(words.PATTERNS[item.polarity.value, False, False])
    return _worded(pattern, item, rng, cite=f"[{item.id}, E{len(items) + rng.randint(1, 60)}]")


def _unrelated_item(items: Items, rng: random.Random) -> str:
    item, other = rng.sample(_weighed(items), k=2)
    assert item.polarity is not None
    pattern = rng.choice(words.PATTERNS[item.polarity.value, False, False])
    return _worded(pattern, item, rng, cite=f"[{other.id}]")


def _unsupported_diagnosis(items: Items, rng: random.Random) -> str:
    few = sum(item.subject in ("Cardiomegaly", "Edema", "Effusion") for item in _weighed(items, Polarity.PRESENT)) < 2
    if few:
        return rng.choice(("Appearances suggest heart failure.", "Congestive heart failure is possible."))
    return rng.choice(("The patient has heart failure.", "This is congestive heart failure."))


def _from(patterns: Sequence[str]) -> Callable[[Items, random.Random], str]:
    def worded(items: Items, rng: random.Random) -> str:
        present = _weighed(items, Polarity.PRESENT)
        return _worded(rng.choice(patterns), rng.choice(present), rng) if present else ""

    return worded


TEXT_LIES: Mapping[str, Callable[[Items, random.Random], str]] = {
    "polarity": _wrong_polarity,
    "polarities swapped": _swapped_contrast,
    "place": _wrong_place,
    "side": _wrong_side,
    "lobe": _wrong_lobe,
    "score": _wrong_score,
    "score called probability": _false_probability,
    "measured value": _wrong_measure,
    "unit": _wrong_unit,
    "limit": _wrong_limit,
    "citation of nothing": _no_such_item,
    "unrelated citation": _unrelated_item,
    "over-certain": _from(OVERSURE),
    "change": _from(CHANGED),
    "order": _from(ORDERED),
    "degree": _from(GRADED),
    "invented": lambda items, rng: rng.choice(INVENTED),
    "diagnosis": _unsupported_diagnosis,
}


def _other(values: Sequence[str], than: str | None, rng: random.Random) -> str:
    return rng.choice([one for one in values if one != than])


def _lied_side(claim: Claim, items: Items, rng: random.Random) -> Claim:
    side = _other(SIDES, claim["side"], rng)
    return {**claim, "side": side, "region": claim["region"] or rng.choice(ZONES)}


def _lied_citation(claim: Claim, items: Items, rng: random.Random) -> Claim:
    strangers = [
        item.id
        for item in items
        if item.kind is EvidenceKind.WEIGHING and item.subject not in (claim["subject"], NO_FINDING, "Cardiomegaly")
    ]
    return {**claim, "citations": [*claim["citations"], rng.choice(strangers)]}


# Each makes a typed claim false, or is left out where the claim is not of its sort.
CLAIM_LIES: Mapping[str, tuple[Callable[[Claim], bool], Callable[[Claim, Items, random.Random], Claim]]] = {
    "polarity": (
        lambda claim: True,
        lambda claim, items, rng: {**claim, "polarity": _other([*Polarity], claim["polarity"], rng)},
    ),
    "side": (lambda claim: claim["value"] is None and claim["side"] != "bilateral", _lied_side),
    "region": (
        lambda claim: claim["region"] in ZONES,
        lambda claim, items, rng: {**claim, "region": _other(ZONES, claim["region"], rng)},
    ),
    "value": (
        lambda claim: claim["value"] is not None,
        lambda claim, items, rng: {**claim, "value": claim["value"] * rng.choice((0.8, 1.1, 1.5))},
    ),
    "unit": (
        lambda claim: claim["value"] is not None,
        lambda claim, items, rng: {**claim, "unit": _other(("mm", "cm", "%"), claim["unit"], rng)},
    ),
    "confidence": (
        lambda claim: claim["confidence"] is not None,
        lambda claim, items, rng: {**claim, "confidence": (claim["confidence"] + rng.uniform(0.05, 0.9)) % 1.0},
    ),
    "citation of nothing": (
        lambda claim: True,
        lambda claim, items, rng: {**claim, "citations": [*claim["citations"], f"E{len(items) + rng.randint(1, 9)}"]},
    ),
    "unrelated citation": (
        lambda claim: claim["subject"] not in (NO_FINDING, "cardiothoracic ratio"),
        _lied_citation,
    ),
    "subject": (
        lambda claim: True,
        lambda claim, items, rng: {**claim, "subject": rng.choice(("Fracture", "Tuberculosis", "pulmonary embolism"))},
    ),
    "degree": (
        lambda claim: claim["value"] is None,
        lambda claim, items, rng: {**claim, "degree": rng.choice(("mild", "severe"))},
    ),
    "change": (lambda claim: True, lambda claim, items, rng: {**claim, "change": rng.choice(("new", "larger"))}),
}

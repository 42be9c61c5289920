"""Faults planted in sound conclusions are caught, and sound conclusions pass untouched."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.change import Change
from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.diagnosis import Claim, Conclusion, Verdict
from wardround.contracts.evidence import Degree, Evidence, EvidenceKind, Polarity
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.verifier import Verification, verify

LEDGERS = 45
FLOOR = 0.99

Value = TypeVar("Value")
Conclusions = tuple[Conclusion, ...]
Fault = Callable[[Conclusions, Sequence[Evidence], random.Random], Conclusions | None]


def _pick(conclusions: Conclusions, rng: random.Random, fits: Callable[[Claim], bool]) -> Claim | None:
    fitting = [claim for conclusion in conclusions for claim in conclusion.claims if fits(claim)]
    return rng.choice(fitting) if fitting else None


def _swap(conclusions: Conclusions, old: Claim, **fields: object) -> Conclusions:
    new = old.model_copy(update=fields)
    return tuple(
        conclusion.model_copy(update={"claims": tuple(new if claim is old else claim for claim in conclusion.claims)})
        for conclusion in conclusions
    )


def _on_claim(fits: Callable[[Claim], bool], change: Callable[[Claim, random.Random], dict[str, object]]) -> Fault:
    def plant(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> Conclusions | None:
        claim = _pick(conclusions, rng, fits)
        return _swap(conclusions, claim, **change(claim, rng)) if claim is not None else None

    return plant


def _other(values: Sequence[Value], not_this: object, rng: random.Random) -> Value:
    return rng.choice([value for value in values if value != not_this])


def _irrelevant_id(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> Conclusions | None:
    claim = _pick(conclusions, rng, lambda one: one.subject not in (NO_FINDING, "cardiothoracic ratio"))
    assert claim is not None
    others = [item.id for item in items if item.kind is EvidenceKind.WEIGHING and item.subject != claim.subject]
    at = rng.randrange(len(claim.citations))
    swapped = [rng.choice(others) if n == at else old for n, old in enumerate(claim.citations)]
    return _swap(conclusions, claim, citations=tuple(swapped))


def _omission(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> Conclusions | None:
    present = [one for one in conclusions if one.claims[0].polarity is Polarity.PRESENT and _is_finding(one.claims[0])]
    gone = rng.choice(present) if present else None
    return tuple(one for one in conclusions if one is not gone) if gone else None


def _contradiction(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> Conclusions | None:
    claim = _pick(conclusions, rng, lambda one: one.polarity is not Polarity.UNCERTAIN and _is_finding(one))
    if claim is None:
        return None
    opposite = Polarity.ABSENT if claim.polarity is Polarity.PRESENT else Polarity.PRESENT
    against = claim.model_copy(update={"id": "C99", "polarity": opposite, "text": ""})
    return (*conclusions, Conclusion(subject="Against", text="", claims=(against,)))


def _normal_beside(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> Conclusions | None:
    weighing = next(item for item in items if item.kind is EvidenceKind.WEIGHING and item.subject == NO_FINDING)
    if _pick(conclusions, rng, lambda one: one.polarity is Polarity.PRESENT and _is_finding(one)) is None:
        return None
    normal = Claim(id="C99", subject=NO_FINDING, polarity=Polarity.PRESENT, citations=(weighing.id,))
    return (*conclusions, Conclusion(subject=NO_FINDING, text="", claims=(normal,)))


def _invented(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> Conclusions | None:
    label = rng.choice(["Fracture", "Lung Lesion", "tuberculosis", "Enlarged Cardiomediastinum"])
    claim = Claim(id="C99", subject=label, polarity=Polarity.PRESENT, citations=(rng.choice(items).id,))
    return (*conclusions, Conclusion(subject=label, text="", claims=(claim,)))


def _is_finding(claim: Claim) -> bool:
    return claim.subject in finding_codes()


def _is_placed(claim: Claim) -> bool:
    return claim.side in (Side.LEFT, Side.RIGHT)


def _append(*sentences: str) -> Callable[[Claim, random.Random], dict[str, object]]:
    return lambda claim, rng: {"text": f"{claim.text} {rng.choice(sentences)}"}


def _mirror(text: str) -> str:
    return text.replace("left", "§").replace("right", "left").replace("§", "right")


def _flip(text: str) -> str:
    negated = text.replace("is not suspected", "§").replace("is suspected", "is not suspected")
    return negated.replace("§", "is suspected").replace("is undecided", "is suspected")


FAULTS: dict[str, Fault] = {
    "id that does not exist": _on_claim(
        bool, lambda c, r: {"citations": (*c.citations[:-1], f"E{r.randint(200, 999)}")}
    ),
    "id of other evidence": _irrelevant_id,
    "no citation": _on_claim(bool, lambda c, r: {"citations": ()}),
    "side": _on_claim(_is_placed, lambda c, r: {"side": _other([Side.LEFT, Side.RIGHT, Side.BILATERAL], c.side, r)}),
    "side in the text": _on_claim(_is_placed, lambda c, r: {"text": _mirror(c.text)}),
    "region": _on_claim(lambda c: c.region is not None, lambda c, r: {"region": _other(list(Region), c.region, r)}),
    "place without evidence": _on_claim(
        lambda c: c.region is None and _is_finding(c), lambda c, r: {"side": Side.LEFT, "region": Region.LOWER_ZONE}
    ),
    "confidence": _on_claim(
        lambda c: c.confidence is not None,
        lambda c, r: {"confidence": ((c.confidence or 0) + r.uniform(0.02, 0.9)) % 1.0},
    ),
    "score in the text": _on_claim(
        lambda c: c.confidence is not None,
        lambda c, r: {"text": c.text.replace(f"{c.confidence:.2f}", f"{((c.confidence or 0) + 0.37) % 1.0:.2f}")},
    ),
    "value": _on_claim(lambda c: c.value is not None, lambda c, r: {"value": (c.value or 0) * r.uniform(1.02, 2.0)}),
    "value in the text": _on_claim(
        lambda c: c.value is not None, lambda c, r: {"text": c.text.replace(" measures ", " measures 1")}
    ),
    "unit": _on_claim(lambda c: c.value is not None, lambda c, r: {"unit": _other(["1", "cm2", "mm"], c.unit, r)}),
    "polarity": _on_claim(bool, lambda c, r: {"polarity": _other(list(Polarity), c.polarity, r)}),
    "polarity in the text": _on_claim(
        lambda c: c.value is None and c.subject != NO_FINDING, lambda c, r: {"text": _flip(c.text)}
    ),
    "calibration": _on_claim(lambda c: c.confidence is not None, lambda c, r: {"calibrated": True}),
    "over-certainty": _on_claim(
        bool, _append("This is definitely so.", "This proves it.", "It is confirmed.", "This is diagnostic of it.")
    ),
    "finding in the text": _on_claim(bool, _append("There is a rib fracture.", "Tuberculosis is likely.")),
    "comparison": _on_claim(
        bool, _append("It has increased.", "This is new.", "Unchanged since the prior film.", "It has worsened.")
    ),
    "certainty above the belief": _on_claim(
        lambda c: c.confidence is not None,
        _append("It is very likely.", "This is consistent with it.", "High confidence."),
    ),
    "degree": _on_claim(_is_finding, lambda c, r: {"degree": r.choice(list(Degree))}),
    "degree in the text": _on_claim(_is_finding, _append("It is large.", "It is mild.", "It is severe.")),
    "change without an earlier film": _on_claim(_is_finding, lambda c, r: {"change": r.choice(list(Change))}),
    "citation twice": _on_claim(bool, lambda c, r: {"citations": (*c.citations, c.citations[0])}),
    "treatment in the text": _on_claim(bool, _append("Antibiotics are needed.", "A CT is recommended.")),
    "diagnosis out of scope": _on_claim(
        _is_finding, lambda c, r: {"subject": r.choice(["pulmonary embolism", "sepsis", "heart failure"])}
    ),
    "invented claim": _invented,
    "omission": _omission,
    "contradiction": _contradiction,
    "normal beside a finding": _normal_beside,
}  # fmt: skip


def _is_caught(checked: Verification) -> bool:
    verdicts = {claim.verdict for conclusion in checked.conclusions for claim in conclusion.claims}
    return bool(checked.struck) or bool(checked.problems) or Verdict.REPAIRED in verdicts


def test_sound_conclusions_pass_untouched(make_ledger: Callable[[int], Ledger]) -> None:
    for seed in range(25):
        ledger = make_ledger(seed)
        conclusions = conclude(ledger.items)
        checked = verify(conclusions, ledger.items)
        assert (checked.problems, checked.struck) == ((), ()), seed
        assert [one.text for one in checked.conclusions] == [one.text for one in conclusions]
        verdicts = {claim.verdict for conclusion in checked.conclusions for claim in conclusion.claims}
        assert verdicts == {Verdict.SUPPORTED}


def test_planted_faults_are_caught_and_what_comes_out_is_sound(make_ledger: Callable[[int], Ledger]) -> None:
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for seed in range(LEDGERS):
        ledger = make_ledger(seed)
        sound = conclude(ledger.items)
        for name, fault in FAULTS.items():
            faulty = fault(sound, ledger.items, random.Random(f"{seed} {name}"))
            if faulty is None or faulty == sound:
                continue
            checked = verify(faulty, ledger.items)
            planted[name] += 1
            caught[name] += _is_caught(checked)
            again = verify(checked.conclusions, ledger.items)
            assert (again.problems, again.struck) == ((), ()), f"{name}, seed {seed}: the mended result is not sound"
    table = "\n".join(f"{caught[name]:4d} of {planted[name]:4d}  {name}" for name in FAULTS)
    assert sum(planted.values()) >= 1200, table
    assert all(planted[name] for name in FAULTS), table
    assert sum(caught.values()) >= FLOOR * sum(planted.values()), table

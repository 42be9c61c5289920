"""Faults to plant in a sound typed claim, by kind; each makes the claim false, or is left out where it would not."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from ledgers import with_twin

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.change import Change
from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.codes.diagnoses import diagnosis_rules
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Degree, Evidence, EvidenceKind, Polarity

__all__ = ["CLAIM_FAULTS", "PLANTED", "Planted"]

PLANTED = "C999"  # the id of the claim that bears the fault
_BEARS_ON = {"cardiothoracic ratio": "Cardiomegaly"}
_ZONES = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE)
_BACKGROUND = (EvidenceKind.CONTEXT, EvidenceKind.CASE)
_STRANGERS = ("pulmonary embolism", "sepsis", "tuberculosis", "lymphoma", "sarcoidosis", "COVID-19", "asthma")

_Value = TypeVar("_Value")


class Planted(NamedTuple):
    """A faulty claim, and the evidence that it is to be checked against."""

    claim: Claim
    items: tuple[Evidence, ...]


class _Case(NamedTuple):
    claim: Claim
    items: tuple[Evidence, ...]
    rng: random.Random

    @property
    def cited(self) -> list[Evidence]:
        return [item for item in self.items if item.id in self.claim.citations]

    @property
    def about(self) -> list[Evidence]:
        return [item for item in self.items if _label(item.subject) == _label(self.claim.subject)]

    @property
    def is_finding(self) -> bool:
        return self.claim.value is None and self.claim.change is None

    def other(self, values: Sequence[_Value], *these: object) -> _Value | None:
        left = [value for value in values if value not in these]
        return self.rng.choice(left) if left else None


_Fields = dict[str, object] | None
Fault = Callable[[_Case], _Fields]


@cache
def _label(subject: str) -> str:
    return canonical_label(subject) or subject.casefold()


def _weighing(case: _Case) -> Evidence | None:
    return next((item for item in case.about if item.kind is EvidenceKind.WEIGHING), None)


def _unknown_id(case: _Case) -> _Fields:
    return {"citations": (*case.claim.citations, f"E{len(case.items) + case.rng.randint(1, 500)}")}


def _only_unknown_id(case: _Case) -> _Fields:
    return {"citations": (f"E{len(case.items) + case.rng.randint(1, 500)}",)}


def _other_id(case: _Case) -> _Fields:
    """A weighing of something else in addition; not where a whole film is spoken of, which others bear on."""
    if case.claim.subject == NO_FINDING:
        return None
    mine = (_label(case.claim.subject), _BEARS_ON.get(case.claim.subject))
    others = [one.id for one in case.items if one.kind is EvidenceKind.WEIGHING and one.subject not in mine]
    return {"citations": (*case.claim.citations, case.rng.choice(others))}


def _background_only(case: _Case) -> _Fields:
    ids = [item.id for item in case.items if item.kind in _BACKGROUND]
    return {"citations": (case.rng.choice(ids),)}


def _weighing_left_out(case: _Case) -> _Fields:
    weighing = _weighing(case)
    left = tuple(id_ for id_ in case.claim.citations if weighing is None or id_ != weighing.id)
    return {"citations": left} if weighing is not None and left != case.claim.citations and left else None


def _side(case: _Case) -> _Fields:
    if case.claim.side is None:
        return None
    borne = [item.location.side for item in case.about if item.location is not None]
    side = case.other((Side.LEFT, Side.RIGHT, Side.BILATERAL), case.claim.side, *borne)
    return {"side": side} if side else None


def _region(case: _Case) -> _Fields:
    if case.claim.region is None:
        return None
    borne = [item.location.region for item in case.about if item.location is not None]
    region = case.other((*_ZONES, Region.HEART, Region.MEDIASTINUM), case.claim.region, *borne)
    return {"region": region} if region else None


def _place(case: _Case) -> _Fields:
    """A place for what has none."""
    if case.claim.region is not None or any(item.location is not None for item in case.about):
        return None
    return {"side": case.rng.choice((Side.LEFT, Side.RIGHT)), "region": case.rng.choice((None, *_ZONES))}


def _value(case: _Case) -> _Fields:
    factor = case.rng.choice((case.rng.uniform(0.3, 0.96), case.rng.uniform(1.04, 3.0)))
    return {"value": case.claim.value * factor} if case.claim.value is not None else None


def _unit(case: _Case) -> _Fields:
    unit = case.other(("1", "mm", "cm", "cm2", "deg", "mL"), case.claim.unit)
    return {"unit": unit} if case.claim.value is not None else None


def _made_up_value(case: _Case) -> _Fields:
    return {"value": round(case.rng.uniform(1, 9), 1), "unit": "cm"} if case.is_finding else None


def _polarity(case: _Case) -> _Fields:
    stated = {item.polarity for item in case.cited if item.kind is EvidenceKind.OBSERVATION}
    allowed = (case.claim.polarity, *(stated | {Polarity.UNCERTAIN} if _weighing(case) is None else ()))
    polarity = case.other(tuple(Polarity), *allowed)
    return {"polarity": polarity} if polarity else None


def _confidence(case: _Case) -> _Fields:
    if case.claim.confidence is None:
        return None
    told = (case.claim.confidence + case.rng.uniform(0.015, 0.985)) % 1.0
    borne = [item.value for item in case.about if item.value is not None]
    return {"confidence": told} if all(abs(told - value) > 0.01 for value in borne) else None


def _calibrated(case: _Case) -> _Fields:
    if case.claim.confidence is None or any(item.source.calibrated for item in case.about):
        return None
    return {"calibrated": True}


def _degree(case: _Case) -> _Fields:
    borne = [item.degree for item in case.about if item.degree is not None]
    degree = case.other(tuple(Degree), *borne)
    return {"degree": degree} if degree else None


def _changes(case: _Case) -> list[Change]:
    return [item.comparison.change for item in case.about if item.comparison is not None]


def _made_up_change(case: _Case) -> _Fields:
    return {"change": case.rng.choice(tuple(Change))} if case.is_finding and not _changes(case) else None


def _wrong_change(case: _Case) -> _Fields:
    change = case.other(tuple(Change), *_changes(case))
    return {"change": change} if case.claim.change is not None else None


def _uncited_change(case: _Case) -> _Fields:
    """A change that the ledger has and the claim does not cite."""
    changes = _changes(case)
    cited = any(item.comparison is not None for item in case.cited)
    return {"change": changes[0]} if changes and case.is_finding and not cited else None


def _twice(case: _Case) -> _Fields:
    return {"citations": (*case.claim.citations, case.rng.choice(case.claim.citations))}


def _invented(case: _Case) -> _Fields:
    known = {_label(item.subject) for item in case.items if item.kind not in _BACKGROUND}
    name = case.other(("Fracture", "Lung Lesion", "Enlarged Cardiomediastinum", "pleural plaque", "cavity"), *known)
    return {"subject": name} if name and name.casefold() not in known else None


def _out_of_scope(case: _Case) -> _Fields:
    return {"subject": case.rng.choice(_STRANGERS), "polarity": case.rng.choice(tuple(Polarity))}


def _diagnosed(case: _Case) -> _Fields:
    """A diagnosis on the cited findings: stated where it might be considered, or considered where nothing raises it."""
    raised = {
        one.subject for one in case.cited if one.kind is EvidenceKind.WEIGHING and one.polarity is Polarity.PRESENT
    }
    rule = case.rng.choice(tuple(diagnosis_rules().values()))
    enough = len(raised.intersection(rule.findings)) >= rule.needs
    polarity = Polarity.PRESENT if enough else case.rng.choice((Polarity.PRESENT, Polarity.UNCERTAIN))
    return {
        "subject": case.rng.choice((rule.name, *rule.synonyms)),
        "polarity": polarity,
        "side": None,
        "region": None,
        "value": None,
        "unit": None,
        "confidence": None,
        "calibrated": False,
        "change": None,
    }


def _lesions(case: _Case) -> list[Evidence]:
    """Outlined lesions that the claim's finding may be."""
    alike = ("Nodule", "Mass", "Lung Lesion")
    found = [item for item in case.items if item.kind is EvidenceKind.LESION]
    return found if case.claim.subject in alike and case.claim.change is None else []


def _lesion_alone(case: _Case) -> _Fields:
    """A claim that rests on a lesion and on nothing else."""
    lesions = _lesions(case)
    return {"citations": (case.rng.choice(lesions).id,), "side": None, "region": None} if lesions else None


def _lesion_of_other(case: _Case) -> _Fields:
    """A nodule's outline beside a claim on something else."""
    lesions = [item.id for item in case.items if item.kind is EvidenceKind.LESION]
    if not lesions or case.claim.subject in ("Nodule", "Mass", "Lung Lesion"):
        return None
    return {"citations": (*case.claim.citations, case.rng.choice(lesions))}


def _lesion_s_score(case: _Case) -> _Fields:
    """A lesion's score as the belief in the finding."""
    lesions = [one for one in _lesions(case) if one.value is not None]
    borne = [item.value for item in case.about if item.value is not None and item not in lesions]
    fair = [one for one in lesions if all(abs(one.value - value) > 0.01 for value in borne)]  # type: ignore[operator]
    if not fair:
        return None
    lesion = case.rng.choice(fair)
    return {"confidence": lesion.value, "citations": tuple(dict.fromkeys((*case.claim.citations, lesion.id)))}


def _lesion_against(case: _Case) -> _Fields:
    """Present, for a lesion was outlined, where all the evidence together says otherwise."""
    lesions, weighing = _lesions(case), _weighing(case)
    if not lesions or weighing is None or weighing.polarity is Polarity.PRESENT:
        return None
    citations = (*case.claim.citations, case.rng.choice(lesions).id)
    return {"polarity": Polarity.PRESENT, "citations": tuple(dict.fromkeys(citations))}


def _size_of_absent(case: _Case) -> _Fields:
    """The size of what is not suspected."""
    lesions, weighing = _lesions(case), _weighing(case)
    if not lesions or weighing is None or weighing.polarity is not Polarity.ABSENT:
        return None
    lesion = case.rng.choice(lesions)
    assert lesion.measurement is not None
    return {
        "value": lesion.measurement.value,
        "unit": lesion.measurement.unit,
        "citations": tuple(dict.fromkeys((*case.claim.citations, lesion.id))),
    }


def _size_elsewhere(case: _Case) -> _Fields:
    """One lesion's size at another's place, both cited."""
    lesions = _lesions(case)
    places = [(one, item) for one in lesions for item in case.items if one.id in item.derived_from and item.location]
    clear = [(one, item) for one, item in places if item.location is not None and item.location.overlap >= 0.3]
    pairs = [
        (lesion, item)
        for lesion in lesions
        for one, item in clear
        if one is not lesion
        and not any(
            own is lesion and (it.location.side, it.location.region) == (item.location.side, item.location.region)  # type: ignore[union-attr]
            for own, it in clear
        )
        and all(abs(other.measurement.value - lesion.measurement.value) > 1 for other in lesions if other is not lesion)  # type: ignore[union-attr]
    ]
    if not pairs or case.claim.polarity is not Polarity.PRESENT:
        return None
    lesion, item = case.rng.choice(pairs)
    assert lesion.measurement is not None and item.location is not None
    weighing = _weighing(case)
    return {
        "value": lesion.measurement.value,
        "unit": lesion.measurement.unit,
        "side": item.location.side,
        "region": item.location.region,
        "citations": (*((weighing.id,) if weighing else ()), lesion.id, item.id),
    }


def _worded(*sentences: str) -> Fault:
    def fault(case: _Case) -> _Fields:
        if _changes(case):
            return None
        return {"text": f"{case.claim.text} {case.rng.choice(sentences)}"} if case.claim.text else None

    return fault


def _certain(case: _Case) -> _Fields:
    belief = case.claim.confidence
    if belief is None or (case.claim.calibrated and belief >= 0.9) or not case.claim.text:
        return None
    words = ("This is very likely.", "It is consistent with this.", "High confidence.", "It is almost there.")
    return {"text": f"{case.claim.text} {case.rng.choice(words)}"}


_FAULTS: Mapping[str, Fault] = {
    "id that does not exist": _unknown_id,
    "no id that exists": _only_unknown_id,
    "id of other evidence": _other_id,
    "background as evidence": _background_only,
    "no citation": lambda case: {"citations": ()},
    "weighing left out": _weighing_left_out,
    "side": _side,
    "region": _region,
    "place without evidence": _place,
    "number": _value,
    "unit": _unit,
    "invented measurement": _made_up_value,
    "polarity": _polarity,
    "score": _confidence,
    "score called calibrated": _calibrated,
    "degree": _degree,
    "lesion by itself": _lesion_alone,
    "lesion of something else": _lesion_of_other,
    "lesion's score as belief": _lesion_s_score,
    "lesion against the weighing": _lesion_against,
    "size of what is absent": _size_of_absent,
    "one lesion's size at another's place": _size_elsewhere,
    "invented change": _made_up_change,
    "wrong change": _wrong_change,
    "change that is not cited": _uncited_change,
    "citation twice": _twice,
    "invented finding": _invented,
    "diagnosis out of scope": _out_of_scope,
    "diagnosis stated": _diagnosed,
    "over-certain words": _worded("This is definitely so.", "This proves it.", "It is confirmed.", "Beyond doubt."),
    "words of a higher belief": _certain,
    "invented prior in words": _worded(
        "It has increased.", "This is new.", "Unchanged since the prior film.", "It has worsened.", "As seen before."
    ),
    "invented finding in words": _worded("There is a rib fracture.", "Tuberculosis is likely.", "A tube is in place."),
    "degree in words": _worded("It is huge.", "It is tiny.", "It is extensive."),
    "treatment in words": _worded("Antibiotics are needed.", "A CT is recommended.", "Drain it."),
}  # fmt: skip
_OF_WORDS = {name for name in _FAULTS if "words" in name}


def _planting(name: str, fault: Fault) -> Callable[[Claim, Sequence[Evidence], random.Random], Planted | None]:
    def plant(claim: Claim, items: Sequence[Evidence], rng: random.Random) -> Planted | None:
        fields = fault(_Case(claim, tuple(items), rng))
        if fields is None:
            return None
        # Without a text of its own the claim is worded from its faulty fields, so that only these can give it away.
        text = {} if name in _OF_WORDS else {"text": ""}
        return Planted(claim.model_copy(update={"id": PLANTED, **text, **fields}), tuple(items))

    return plant


def _twin(claim: Claim, items: Sequence[Evidence], rng: random.Random) -> Planted | None:
    """The same evidence under two ids."""
    kinds = (EvidenceKind.FINDING, EvidenceKind.MEASUREMENT, EvidenceKind.OBSERVATION)
    cited = [item for item in items if item.id in claim.citations and item.kind in kinds]
    if not cited:
        return None
    twinned = with_twin(items, rng.choice(cited))
    citations = (*claim.citations, twinned[-1].id)
    return Planted(claim.model_copy(update={"id": PLANTED, "text": "", "citations": citations}), twinned)


CLAIM_FAULTS: Mapping[str, Callable[[Claim, Sequence[Evidence], random.Random], Planted | None]] = {
    **{name: _planting(name, fault) for name, fault in _FAULTS.items()},
    "same evidence twice": _twin,
}

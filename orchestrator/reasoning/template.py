"""Concludes from typed evidence alone: which claims to make, on what, citing what; and when to abstain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Claim, Conclusion
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import Record, clear_places, twins
from wardround.orchestrator.reasoning.relations import PLACELESS, bears_on, same_lesion, same_place
from wardround.orchestrator.reasoning.wording import (
    CHANGES,
    MEASUREMENTS,
    NOT_POOLED,
    NOT_SUSPECTED,
    UNDECIDED,
    statement,
    word,
)

__all__ = ["abstention", "conclude"]

# What bears a finding beside its weighing, in the order in which it is cited.
_BEARERS = (EvidenceKind.FINDING, EvidenceKind.OBSERVATION)


def abstention(ledger_items: Sequence[Evidence]) -> str:
    """Why no finding and no normal film can be concluded, or '' where one can."""
    record = Record(ledger_items)
    if not any(item.kind in _BEARERS for item in record.items):
        return "No detector gave evidence."
    if not record.weighings:
        return "What the detectors reported could not be weighed."
    if all(item.polarity is not Polarity.PRESENT for item in record.weighings.values()):
        return "No finding reaches its operating point, and neither does a normal film."
    if not record.suspected() and record.against_normal():
        return "No finding reaches its operating point, and a measurement is at odds with a normal film."
    return ""


def conclude(ledger_items: Sequence[Evidence]) -> tuple[Conclusion, ...]:
    """What the evidence on one film amounts to: suspected findings first, each claim with its citations and words.

    The claims are C1, C2, … in order; their `confidence` is the cited item's value, unrounded.
    """
    record = Record(ledger_items)
    drafts = [(subject, tuple(claims)) for step in _STEPS for subject, claims in step(record)]
    numbers = iter(range(1, sum(len(claims) for _, claims in drafts) + 1))
    return tuple(_concluded(subject, claims, numbers, record) for subject, claims in drafts if claims)


def _concluded(subject: str, drafts: Iterable[Claim], numbers: Iterator[int], record: Record) -> Conclusion:
    claims = tuple(
        draft.model_copy(update={"id": f"C{next(numbers)}", "text": word(draft, record)}) for draft in drafts
    )
    return Conclusion(subject=subject, text=statement(subject, claims, record), claims=claims)


_Drafts = Iterator[tuple[str, Iterable[Claim]]]


def _ids(items: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.id for item in items))


def _weighed(record: Record, label: str, polarity: Polarity, others: Iterable[Evidence] = ()) -> Claim:
    weighing = record.weighings[label]
    bearers = record.of(label, *_BEARERS)
    again = [twin for _, twin in twins(bearers)]  # one piece of evidence under two ids is cited once
    return Claim(
        id="",
        subject=label,
        polarity=polarity,
        confidence=weighing.value,
        calibrated=weighing.source.calibrated,
        citations=_ids((weighing, *(item for item in bearers if item not in again), *others)),
    )


def _labels(record: Record, polarity: Polarity) -> list[str]:
    return [label for label, item in record.weighings.items() if item.polarity is polarity and label != NO_FINDING]


def _suspected(record: Record) -> _Drafts:
    for label in _labels(record, Polarity.PRESENT):
        claim = _weighed(record, label, Polarity.PRESENT)
        places = () if label in PLACELESS else clear_places(record.places(label))
        yield label, (*_placed(claim, places), *_outlined(claim, places, record))


def _placed(claim: Claim, places: Iterable[Evidence]) -> Iterator[Claim]:
    """The claim with the clearest place, and one more claim for each other place."""
    named: set[tuple[Side, Region]] = set()
    for item in places:
        place = item.location
        if place is None or (place.side, place.region) in named:
            continue
        citations = (*(claim.citations if not named else claim.citations[:1]), item.id)
        further = {"confidence": None, "calibrated": False} if named else {}
        named.add((place.side, place.region))
        yield claim.model_copy(update={"side": place.side, "region": place.region, "citations": citations, **further})
    if not named:
        yield claim


def _outlined(claim: Claim, places: Sequence[Evidence], record: Record) -> Iterator[Claim]:
    """Where and how large the surest lesion is, in a claim beside the detectors' own, which stays as it is.

    Each lesion is told once: of the finding that it was outlined as, else of the first suspected one that it may be.
    Where it lies elsewhere than the heat maps, both are told, and which is right is left to a person. One that lies
    outside lungs and mediastinum is no candidate for what these names mean; it stays in the evidence.
    """
    inside = [lesion for lesion in record.lesions(claim.subject) if not _is_outside(record.outlined(lesion))]
    for lesion in inside[:1]:
        suspected = [label for label in record.suspected() if same_lesion(lesion.subject, label)]
        if claim.subject != (lesion.subject if lesion.subject in suspected else suspected[0]):
            return
        own = record.outlined(lesion)[:1]
        where = own[0].location if own else None
        heat = [one for one in places if one.location and where and not same_place(one.location, where)]
        assert lesion.measurement is not None
        yield claim.model_copy(
            update={
                "side": where.side if where else None,
                "region": where.region if where else None,
                "value": lesion.measurement.value,
                "unit": lesion.measurement.unit,
                "confidence": None,
                "calibrated": False,
                "citations": _ids(
                    (record.weighings[claim.subject], lesion, *own, *(heat if len(heat) == len(places) else ())[:1])
                ),
            }
        )


def _is_outside(places: Sequence[Evidence]) -> bool:
    return bool(places) and places[0].location is not None and places[0].location.region is Region.OUTSIDE


def _normality(record: Record) -> _Drafts:
    weighing = record.weighings.get(NO_FINDING)
    if weighing is None or weighing.polarity is None:
        return
    against = record.against_normal()
    if weighing.polarity is Polarity.PRESENT and against:
        yield NO_FINDING, [_weighed(record, NO_FINDING, Polarity.UNCERTAIN, against)]
    else:
        yield NO_FINDING, [_weighed(record, NO_FINDING, weighing.polarity)]


def _measurements(record: Record) -> _Drafts:
    def claims() -> Iterator[Claim]:
        for item in record.items:
            if item.measurement is None or item.kind is EvidenceKind.LESION:
                continue
            finding = bears_on(item.measurement.quantity)
            weighing = record.weighings.get(finding) if finding else None
            yield Claim(
                id="",
                subject=item.measurement.quantity,
                polarity=Polarity.PRESENT,
                value=item.measurement.value,
                unit=item.measurement.unit,
                citations=_ids((item, *([weighing] if weighing else []))),
            )

    yield MEASUREMENTS, claims()


def _changes(record: Record) -> _Drafts:
    def claims() -> Iterator[Claim]:
        for item in record.items:
            if item.comparison is None:
                continue
            weighing = record.weighings.get(item.subject)
            yield Claim(
                id="",
                subject=item.subject,
                polarity=Polarity.PRESENT if weighing is None or weighing.polarity is None else weighing.polarity,
                change=item.comparison.change,
                citations=_ids((*([weighing] if weighing else []), item)),
            )

    yield CHANGES, claims()


def _not_pooled(record: Record) -> _Drafts:
    yield (
        NOT_POOLED,
        (
            Claim(
                id="",
                subject=item.subject,
                polarity=Polarity.UNCERTAIN,
                confidence=item.value,
                calibrated=item.value is not None and item.source.calibrated,
                citations=(item.id,),
            )
            for item in record.items
            if item.kind in _BEARERS and item.subject not in record.weighings
        ),
    )


def _undecided(record: Record) -> _Drafts:
    yield UNDECIDED, (_weighed(record, label, Polarity.UNCERTAIN) for label in _labels(record, Polarity.UNCERTAIN))


def _not_suspected(record: Record) -> _Drafts:
    yield NOT_SUSPECTED, (_weighed(record, label, Polarity.ABSENT) for label in _labels(record, Polarity.ABSENT))


_STEPS: tuple[Callable[[Record], _Drafts], ...] = (
    _suspected,
    _normality,
    _measurements,
    _changes,
    _not_pooled,
    _undecided,
    _not_suspected,
)

"""What a text may say, given the claims it stands for and the evidence they cite; and where it says something else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import canonical_label
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Degree, Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.verify.reader import Clause, Number, NumberKind, Place, Reading

__all__ = ["Licence", "departures", "licence", "subject_name"]

_ZONES = frozenset({Region.UPPER_ZONE.value, Region.MIDDLE_ZONE.value, Region.LOWER_ZONE.value})
_NAMING = frozenset({EvidenceKind.FINDING, EvidenceKind.WEIGHING, EvidenceKind.OBSERVATION, EvidenceKind.LOCATION})


@dataclass(frozen=True)
class _Borne:
    """What may be said of one finding or quantity; `polarity` None: in any polarity.

    `above`: whether what was measured of it exceeds its upper limit; None where there is no such limit.
    """

    polarity: Polarity | None
    places: frozenset[Place]
    degrees: frozenset[Degree]
    scores: tuple[float, ...]
    overlaps: tuple[float, ...]
    quantities: tuple[tuple[float, str], ...]
    above: bool | None = None


@dataclass(frozen=True)
class Licence:
    """The statements that are borne out, by finding or quantity; '' holds those of all of them together."""

    subjects: Mapping[str, _Borne]
    citations: frozenset[str]


def subject_name(subject: str) -> str:
    """The name under which a subject is read: the code table's label where it has one."""
    return canonical_label(subject) or subject


def licence(claims: Collection[Claim], record: Record) -> Licence:
    """What a text that stands for these claims may say."""
    subjects: dict[str, _Borne] = {}
    for item in record.cited(claims):
        if item.measurement is not None:
            subjects[subject_name(item.measurement.quantity)] = _borne(None, (), (item,))
        elif item.kind in _NAMING:
            weighing = record.weighings.get(item.subject)
            subjects[item.subject] = _borne(weighing.polarity if weighing else None, (), ())
    for name in dict.fromkeys(subject_name(claim.subject) for claim in claims):
        own = [claim for claim in claims if subject_name(claim.subject) == name]
        polarity = own[0].polarity if own[0].value is None and own[0].change is None else None
        subjects[name] = _borne(polarity, own, record.cited(own))
    subjects[""] = _borne(None, claims, record.cited(claims))
    return Licence(subjects, frozenset(citation for claim in claims for citation in claim.citations))


def _borne(polarity: Polarity | None, claims: Collection[Claim], cited: Collection[Evidence]) -> _Borne:
    places = frozenset(
        Place(claim.side, claim.region.value if claim.region else None)
        for claim in claims
        if claim.side is not None or claim.region is not None
    )
    return _Borne(
        polarity=polarity,
        places=places,
        degrees=frozenset(claim.degree for claim in claims if claim.degree is not None),
        scores=tuple(claim.confidence for claim in claims if claim.confidence is not None),
        overlaps=tuple(item.location.overlap for item in cited if item.location and _placed(item, claims)),
        quantities=tuple(_quantities(claims, cited)),
        above=_is_above(cited),
    )


def _is_above(cited: Collection[Evidence]) -> bool | None:
    measured = [item.measurement for item in cited if item.measurement is not None]
    known = {one.value > one.high for one in measured if one.high is not None}
    return known.pop() if len(known) == 1 else None


def _placed(item: Evidence, claims: Collection[Claim]) -> bool:
    return item.location is not None and any(
        (claim.side, claim.region) == (item.location.side, item.location.region) for claim in claims
    )


def _quantities(claims: Collection[Claim], cited: Collection[Evidence]) -> Iterator[tuple[float, str]]:
    for claim in claims:
        if claim.value is not None:
            yield claim.value, claim.unit or "1"
    for item in cited:
        if item.measurement is not None:
            for limit in (item.measurement.low, item.measurement.high):
                if limit is not None:
                    yield limit, item.measurement.unit
        if item.comparison is not None and any(claim.change is item.comparison.change for claim in claims):
            yield item.comparison.before, item.comparison.unit or "1"
            yield item.comparison.now, item.comparison.unit or "1"


def departures(reading: Reading, allowed: Licence) -> Iterator[str]:
    """Where a text says what the licence does not bear, in words for people."""
    for citation in sorted(reading.citations - allowed.citations):
        yield f"the text cites {citation}, the claim does not"
    for clause in reading.clauses:
        yield from _findings(clause, allowed)
        for name, place in clause.places:
            if not _is_placed(place, _of(name, allowed).places):
                said = " ".join(filter(None, (place.side and place.side.value, place.region)))
                yield f"the text says '{said}'{_about(name)}, the claim does not"
        for name, degree in clause.degrees:
            if degree not in _of(name, allowed).degrees:
                yield f"the text calls it {degree.value}{_about(name)}, the claim does not"
        for name, number in clause.numbers:
            if not _is_counted(number, _of(name, allowed)):
                yield f"the {number.kind.value} {number.value:g}{_about(name)} in the text is not in the cited evidence"


def _of(name: str, allowed: Licence) -> _Borne:
    return allowed.subjects.get(name, allowed.subjects[""])


def _about(name: str) -> str:
    return f" of {name}" if name else ""


def _findings(clause: Clause, allowed: Licence) -> Iterator[str]:
    for name in sorted(clause.findings):
        borne = allowed.subjects.get(name)
        if borne is None:
            yield f"the text names {name}, which no cited evidence is about"
        elif borne.polarity is None:
            if None not in (clause.above, borne.above) and clause.above is not borne.above:
                stands = "above its limit" if borne.above else "within its limit"
                yield f"the text says otherwise of {name}, which is {stands}"
        elif clause.mixed:
            yield f"what the text says of {name} cannot be told apart"
        elif (clause.polarity or Polarity.PRESENT) is not borne.polarity:  # a bare name reads as its presence
            yield f"the text has {name} {clause.polarity or Polarity.PRESENT}, the evidence {borne.polarity}"


def _is_placed(said: Place, borne: Collection[Place]) -> bool:
    fitting = {place for place in borne if said.region in (None, place.region) or _is_lung(said, place)}
    sides = {place.side for place in fitting}
    if said.side is None:
        return bool(fitting)
    if said.side is Side.BILATERAL and sides >= {Side.LEFT, Side.RIGHT}:
        return True
    return said.side in sides or (said.side in (Side.LEFT, Side.RIGHT) and Side.BILATERAL in sides)


def _is_lung(said: Place, place: Place) -> bool:
    """Whether a zone is meant by naming its lung."""
    return said.region == Region.LUNG.value and place.region in _ZONES


def _is_counted(number: Number, borne: _Borne) -> bool:
    scores = any(number.agrees(score, None) for score in borne.scores)
    overlaps = any(number.agrees(overlap, None) for overlap in borne.overlaps)
    if number.kind is NumberKind.SCORE:
        return scores
    if number.kind is NumberKind.OVERLAP:
        return overlaps
    quantities = any(number.agrees(value, unit) and (number.unit or "1") == unit for value, unit in borne.quantities)
    return quantities or (number.unit is None and (scores or overlaps))

"""What a text may say, given the claims it stands for and the evidence they cite; and where it says something else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Degree, Evidence, EvidenceKind, Measurement, Polarity
from wardround.orchestrator.lesions import DIAMETER
from wardround.orchestrator.reasoning.record import Record, clear_places
from wardround.orchestrator.reasoning.relations import bears_on, same_place
from wardround.orchestrator.verify.bounds import Way, holds
from wardround.orchestrator.verify.reader import Clause, Number, NumberKind, Place, Reading

__all__ = ["Licence", "conflicting", "departures", "licence", "subject_name"]

_ZONES = frozenset({Region.UPPER_ZONE.value, Region.MIDDLE_ZONE.value, Region.LOWER_ZONE.value})
_NAMING = frozenset({EvidenceKind.FINDING, EvidenceKind.WEIGHING, EvidenceKind.OBSERVATION, EvidenceKind.LOCATION})


@dataclass(frozen=True)
class _Borne:
    """What may be said of one finding or quantity; `polarity` None: in any polarity."""

    polarity: Polarity | None
    places: frozenset[Place]
    degrees: frozenset[Degree]
    scores: tuple[float, ...]
    overlaps: tuple[float, ...]
    quantities: tuple[tuple[NumberKind, float, str], ...]
    measured: tuple[Measurement, ...]
    citations: frozenset[str]


@dataclass(frozen=True)
class Licence:
    """The statements that are borne out, by finding or quantity; '' holds those of all of them together."""

    subjects: Mapping[str, _Borne]


def subject_name(subject: str) -> str:
    """The name under which a subject is read: the code table's label where it has one."""
    return canonical_label(subject) or subject


def licence(claims: Collection[Claim], record: Record) -> Licence:
    """What a text that stands for these claims may say."""
    subjects: dict[str, _Borne] = {}
    for item in record.cited(claims):
        if item.kind is EvidenceKind.LESION:
            sized = [claim for claim in claims if claim.value is not None and item in record.cited([claim])]
            before = subjects.get(DIAMETER)
            subjects[DIAMETER] = _borne(None, sized, record.cited(sized)) if sized or not before else before
        elif item.measurement is not None:
            subjects[subject_name(item.measurement.quantity)] = _borne(None, (), (item,))
        elif item.kind in _NAMING and record.lesion(item) is None:
            weighing = record.weighings.get(item.subject)
            about = frozenset(one.id for one in record.cited(claims) if record.relevant(one, item.subject))
            subjects[item.subject] = _borne(weighing.polarity if weighing else None, (), (), about)
    for name in dict.fromkeys(subject_name(claim.subject) for claim in claims):
        own = [claim for claim in claims if subject_name(claim.subject) == name]
        quantified = canonical_label(name) is None and any(
            claim.value is not None or claim.change is not None for claim in own
        )
        polarity = own[0].polarity if name in record.weighings or not quantified else None
        subjects[name] = _borne(polarity, own, record.cited(own))
    subjects[""] = _borne(None, claims, record.cited(claims))
    return Licence(subjects)


def _borne(
    polarity: Polarity | None,
    claims: Collection[Claim],
    cited: Collection[Evidence],
    also: frozenset[str] = frozenset(),
) -> _Borne:
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
        measured=tuple(item.measurement for item in cited if item.measurement is not None),
        citations=frozenset(item.id for item in cited) | also,
    )


def _placed(item: Evidence, claims: Collection[Claim]) -> bool:
    return item.location is not None and any(
        (claim.side, claim.region) == (item.location.side, item.location.region) for claim in claims
    )


def _quantities(claims: Collection[Claim], cited: Collection[Evidence]) -> Iterator[tuple[NumberKind, float, str]]:
    for claim in claims:
        if claim.value is not None:
            yield NumberKind.NOW, claim.value, claim.unit or "1"
    for item in cited:
        if item.measurement is not None:
            for limit in (item.measurement.low, item.measurement.high):
                if limit is not None:
                    yield NumberKind.LIMIT, limit, item.measurement.unit
        if item.comparison is not None and any(claim.change is item.comparison.change for claim in claims):
            yield NumberKind.BEFORE, item.comparison.before, item.comparison.unit or "1"
            yield NumberKind.NOW, item.comparison.now, item.comparison.unit or "1"


def conflicting(claim: Claim, record: Record) -> bool:
    """Whether the evidence that a claim cites is at odds with itself.

    An observation says the opposite of the claim, a measurement that of the detectors, a normal film has something
    against it, or a lesion was outlined elsewhere than the heat maps lie.
    """
    cited = record.cited([claim])
    places = clear_places([item for item in cited if record.about(item, claim.subject)])
    heat = [item.location for item in places if item.location and record.lesion(item) is None]
    outlined = [item.location for item in places if item.location and record.lesion(item) is not None]
    if heat and outlined and not any(same_place(one, other) for one in heat for other in outlined):
        return True
    opposite = claim.polarity.opposite
    if opposite and any(item.kind is EvidenceKind.OBSERVATION and item.polarity is opposite for item in cited):
        return True
    if claim.subject == NO_FINDING:
        return any(item in record.against_normal() for item in cited)
    for measured in (item.measurement for item in cited if item.measurement is not None):
        weighing = record.weighings.get(bears_on(measured.quantity) or "")
        if weighing is not None and measured.high is not None and weighing.polarity is not Polarity.UNCERTAIN:
            return (measured.value > measured.high) is not (weighing.polarity is Polarity.PRESENT)
    return False


def departures(reading: Reading, allowed: Licence) -> Iterator[str]:
    """Where a text says what the licence does not bear, in words for people."""
    yield from _citations(reading, allowed)
    before = frozenset[str]()
    for clause in reading.clauses:
        yield from _findings(clause, allowed)
        if not clause.findings and (clause.polarity is not None or clause.mixed):  # 'it' is what was named last
            yield from _findings(replace(clause, findings=before & allowed.subjects.keys()), allowed)
        before = clause.findings or before
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
        for name, bound in clause.bounds:
            measured = _of(name, allowed).measured
            if not any(holds(bound, one) for one in measured) and (measured or bound.way is not Way.RAISED):
                said = f"{'not ' if bound.denied else ''}{bound.way.value}"
                yield f"the text says '{said}' of a limit{_about(name)}, the cited evidence does not"


def _citations(reading: Reading, allowed: Licence) -> Iterator[str]:
    for citation in sorted(reading.citations - allowed.subjects[""].citations):
        yield f"the text cites {citation}, the claim does not"
    for cited in reading.cited:
        known = [allowed.subjects[name] for name in cited.findings if name in allowed.subjects]
        for citation in sorted(cited.ids - frozenset[str]().union(*(one.citations for one in known)) if known else ()):
            yield f"the text cites {citation} for {' and '.join(sorted(cited.findings))}, the claims on it do not"


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
            continue
        elif clause.mixed:
            yield f"what the text says of {name} cannot be told apart"
        elif (clause.polarity or Polarity.PRESENT) is not borne.polarity:  # a bare name reads as its presence
            yield f"the text has {name} {clause.polarity or Polarity.PRESENT}, the evidence {borne.polarity}"


def _is_placed(said: Place, borne: Collection[Place]) -> bool:
    fitting = {place for place in borne if said.region in (None, place.region) or _is_lung(said, place)}
    sides = {place.side for place in fitting}
    if said.side is None:
        return bool(fitting)
    return said.side in sides or (said.side is Side.BILATERAL and sides >= {Side.LEFT, Side.RIGHT})


def _is_lung(said: Place, place: Place) -> bool:
    """Whether a zone is meant by naming its lung."""
    return said.region == Region.LUNG.value and place.region in _ZONES


def _is_counted(number: Number, borne: _Borne) -> bool:
    scores = any(number.agrees(score, None) for score in borne.scores)
    overlaps = any(number.agrees(overlap, None) for overlap in borne.overlaps)
    if number.kind in (NumberKind.SCORE, NumberKind.OVERLAP):
        return number.unit is None and (scores if number.kind is NumberKind.SCORE else overlaps)
    kinds = (NumberKind.BEFORE, NumberKind.NOW) if number.kind is NumberKind.OTHER else (number.kind,)
    quantities = any(
        number.agrees(value, unit) and (number.unit or "1") == unit
        for kind, value, unit in borne.quantities
        if kind in kinds
    )
    return quantities or (number.kind is NumberKind.OTHER and number.unit is None and (scores or overlaps))

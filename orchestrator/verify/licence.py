"""What a text may say, given the claims it stands for and the evidence they cite; and where it says something else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import canonical_label
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.verify.reader import Number, NumberKind, Reading

__all__ = ["Licence", "departures", "licence"]

_ZONES = frozenset({Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE})
_NAMING = frozenset({EvidenceKind.FINDING, EvidenceKind.WEIGHING, EvidenceKind.OBSERVATION, EvidenceKind.LOCATION})


@dataclass(frozen=True)
class Licence:
    """The statements that are borne out. `polarity` has every finding that may be named; None: in any polarity."""

    polarity: Mapping[str, Polarity | None]
    sides: frozenset[Side]
    regions: frozenset[str]
    scores: tuple[float, ...]
    overlaps: tuple[float, ...]
    quantities: tuple[tuple[float, str], ...]
    citations: frozenset[str]


def licence(claims: Collection[Claim], record: Record) -> Licence:
    """What a text that stands for these claims may say."""
    cited = record.cited(claims)
    polarity: dict[str, Polarity | None] = {}
    for item in cited:
        if item.measurement is not None:
            polarity[_label(item.measurement.quantity)] = None
        elif item.kind in _NAMING:
            weighing = record.weighings.get(item.subject)
            polarity[item.subject] = weighing.polarity if weighing else None
    for claim in claims:
        polarity[_label(claim.subject)] = claim.polarity if claim.value is None else None
    return Licence(
        polarity=polarity,
        sides=_sides(claims),
        regions=_regions(claims),
        scores=tuple(claim.confidence for claim in claims if claim.confidence is not None),
        overlaps=tuple(item.location.overlap for item in cited if item.location is not None and _placed(item, claims)),
        quantities=tuple(_quantities(claims, cited)),
        citations=frozenset(citation for claim in claims for citation in claim.citations),
    )


def departures(reading: Reading, allowed: Licence) -> Iterator[str]:
    """Where a text says what the licence does not bear, in words for people."""
    for citation in sorted(reading.citations - allowed.citations):
        yield f"the text cites {citation}, the claim does not"
    for clause in reading.clauses:
        for finding in sorted(clause.findings):
            if finding not in allowed.polarity:
                yield f"the text names {finding}, which no cited evidence is about"
            elif clause.polarity not in (None, allowed.polarity[finding]) and allowed.polarity[finding] is not None:
                yield f"the text has {finding} {clause.polarity}, the evidence {allowed.polarity[finding]}"
    for side in sorted(reading.sides - allowed.sides):
        yield f"the text says {side.value}, the claim does not"
    for region in sorted(reading.regions - allowed.regions):
        yield f"the text says '{region}', the claim does not"
    for number in reading.numbers:
        if not _is_borne(number, allowed):
            yield f"the {number.kind.value} {number.value:g} in the text is not in the cited evidence"


def _label(subject: str) -> str:
    return canonical_label(subject) or subject


def _sides(claims: Collection[Claim]) -> frozenset[Side]:
    sides = {claim.side for claim in claims if claim.side is not None}
    return frozenset(sides | ({Side.LEFT, Side.RIGHT} if Side.BILATERAL in sides else set()))


def _regions(claims: Collection[Claim]) -> frozenset[str]:
    regions = {claim.region for claim in claims if claim.region is not None}
    return frozenset(region.value for region in regions | ({Region.LUNG} if regions & _ZONES else set()))


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


def _is_borne(number: Number, allowed: Licence) -> bool:
    scores = any(number.agrees(score, None) for score in allowed.scores)
    overlaps = any(number.agrees(overlap, None) for overlap in allowed.overlaps)
    if number.kind is NumberKind.SCORE:
        return scores
    if number.kind is NumberKind.OVERLAP:
        return overlaps
    quantities = any(number.agrees(value, unit) and (number.unit or "1") == unit for value, unit in allowed.quantities)
    return quantities or (number.unit is None and (scores or overlaps))

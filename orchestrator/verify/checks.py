"""The checks of one claim against the evidence that it cites: a table of small pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wardround.contracts.anatomy import Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import BACKGROUND, Record, clear_places, same_subject
from wardround.orchestrator.reasoning.words import SCORE_DECIMALS
from wardround.orchestrator.verify.licence import departures, licence
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.vocabulary import COMPARISON, OVERCERTAIN, PROBABILITY

__all__ = ["CHECKS", "Check", "cited_measurements", "cited_places", "cited_scores", "failures", "wording_failures"]

Check = Callable[[Claim, Record, Reader], Iterator[str]]

_CONFIDENCE_TOLERANCE = 0.5 * 10.0**-SCORE_DECIMALS + 1e-9
_SCORED = (EvidenceKind.WEIGHING, EvidenceKind.FINDING)


def cited_scores(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    """The cited items whose value is a belief in the claim's subject, weighings first."""
    about = [item for item in record.cited([claim]) if item.value is not None and record.about(item, claim.subject)]
    return tuple(item for kind in (*_SCORED, EvidenceKind.OBSERVATION) for item in about if item.kind is kind)


def cited_places(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    """The cited items that place the claim's subject clearly."""
    return clear_places([item for item in record.cited([claim]) if record.about(item, claim.subject)])


def cited_measurements(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    """The cited items that measure the claim's subject, or what bears on it."""
    cited = record.cited([claim])
    return tuple(item for item in cited if item.measurement is not None and record.about(item, claim.subject))


def _citations_exist(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if not claim.citations:
        yield "it cites nothing"
    for citation in claim.citations:
        if record.get(citation) is None:
            yield f"{citation} is not in the ledger"


def _citations_bear(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    cited = record.cited([claim])
    for item in cited:
        if not record.relevant(item, claim.subject):
            yield f"{item.id} is about {item.subject}, not about {claim.subject}"
    if not any(item.kind not in BACKGROUND and record.about(item, claim.subject) for item in cited):
        yield f"no cited evidence is about {claim.subject}"
    weighing = record.weighings.get(claim.subject)
    if weighing is not None and weighing.id not in claim.citations:
        yield f"it leaves out {weighing.id}, which weighs all the evidence on {claim.subject}"


def _polarity(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    borne = _borne_polarities(claim, record)
    if claim.polarity not in borne:
        yield f"it says {claim.polarity}, the evidence says {' or '.join(sorted(borne))}"


def _borne_polarities(claim: Claim, record: Record) -> set[Polarity]:
    weighing = record.weighings.get(claim.subject)
    if weighing is not None and weighing.polarity is not None:
        if claim.subject == NO_FINDING and weighing.polarity is Polarity.PRESENT and record.against_normal():
            return {Polarity.UNCERTAIN}
        return {weighing.polarity}
    if claim.value is not None:
        return {Polarity.PRESENT}
    stated = {item.polarity for item in record.cited([claim]) if record.about(item, claim.subject) and item.polarity}
    return stated | {Polarity.UNCERTAIN}


def _place(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if claim.side is None and claim.region is None:
        return
    places = [item.location for item in cited_places(claim, record) if item.location is not None]
    claimed = " ".join(part.value for part in (claim.side, claim.region) if part is not None)
    if not places:
        yield f"no cited evidence places it; it says {claimed}"
        return
    for place in places:
        if claim.side in (None, place.side) and claim.region in (None, place.region):
            return
    sides = {place.side for place in places if claim.region in (None, place.region)}
    if claim.side is Side.BILATERAL and sides >= {Side.LEFT, Side.RIGHT}:
        return
    borne = " or ".join(f"{place.side.value} {place.region.value}" for place in places)
    yield f"it says {claimed}, the evidence says {borne}"


def _measurement(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if claim.value is None:
        if claim.unit is not None:
            yield f"it has a unit, {claim.unit}, and no value"
        return
    measured = [item.measurement for item in cited_measurements(claim, record) if item.measurement is not None]
    stated = f"{claim.value:g} {claim.unit or '1'}"
    if not measured:
        yield f"no cited evidence measures it; it says {stated}"
    elif not any(
        abs(claim.value - one.value) <= _tolerance(claim.value) and (claim.unit or "1") == one.unit for one in measured
    ):
        yield f"it says {stated}, the evidence says {' or '.join(f'{one.value:g} {one.unit}' for one in measured)}"


def _tolerance(stated: float) -> float:
    """Half a unit of the last decimal that is stated, but never more than a hundredth of the value."""
    decimals = len(repr(stated).partition(".")[2])
    return min(0.5 * 10.0**-decimals, 0.01 * abs(stated)) + 1e-9


def _confidence(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if claim.confidence is None:
        return
    values = [item.value for item in cited_scores(claim, record) if item.value is not None]
    if not values:
        yield f"no cited evidence has a score for it; it says {claim.confidence:.4f}"
    elif not any(abs(claim.confidence - value) <= _CONFIDENCE_TOLERANCE for value in values):
        yield f"it says {claim.confidence:.4f}, the evidence says {' or '.join(f'{value:.4f}' for value in values)}"


def _calibration(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if claim.calibrated:
        bearers = [
            item
            for item in cited_scores(claim, record)
            if claim.confidence is not None
            and item.value is not None
            and abs(claim.confidence - item.value) <= _CONFIDENCE_TOLERANCE
        ]
        if not any(item.source.calibrated for item in bearers):
            yield "it calls an uncalibrated score a probability"
    elif PROBABILITY.search(claim.text):
        yield "its text calls an uncalibrated score a probability"


def _overcertainty(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    for match in OVERCERTAIN.finditer(claim.text):
        yield f"'{match.group()}' is more certain than evidence here can be"


def _comparison(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    films = {item.input_digest for item in record.cited([claim]) if item.input_digest}
    if len(films) < 2:
        for match in COMPARISON.finditer(claim.text):
            yield f"'{match.group()}' compares with an earlier film, and no evidence on one is cited"


def _text(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    reading = reader.read(claim.text)
    if claim.text and not any(same_subject(claim.subject, finding) for finding in reading.findings):
        yield f"the text does not name {claim.subject}"
    yield from departures(reading, licence([claim], record))


CHECKS: Mapping[str, Check] = {
    "citations exist": _citations_exist,
    "citations bear": _citations_bear,
    "polarity": _polarity,
    "place": _place,
    "measurement": _measurement,
    "confidence": _confidence,
    "calibration": _calibration,
    "over-certainty": _overcertainty,
    "comparison": _comparison,
    "text": _text,
}


def failures(claim: Claim, record: Record, reader: Reader) -> dict[str, tuple[str, ...]]:
    """What each check that fails has to say; empty where all hold."""
    said = {name: tuple(check(claim, record, reader)) for name, check in CHECKS.items()}
    return {name: problems for name, problems in said.items() if problems}


def wording_failures(text: str, claims: tuple[Claim, ...], record: Record, reader: Reader) -> tuple[str, ...]:
    """Where the text of a conclusion says more than its claims do."""
    whole = claims[0].model_copy(update={"text": text, "calibrated": all(claim.calibrated for claim in claims)})
    problems = [*_overcertainty(whole, record, reader), *_comparison(whole, record, reader)]
    if not whole.calibrated:
        problems += _calibration(whole, record, reader)
    return (*problems, *departures(reader.read(text), licence(claims, record)))

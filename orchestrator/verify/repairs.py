"""Repairs of a claim from the evidence that it cites, where that evidence leaves one possibility: a table by check."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from wardround.contracts.diagnosis import Claim
from wardround.orchestrator.reasoning.record import Record, twins
from wardround.orchestrator.reasoning.wording import word
from wardround.orchestrator.verify.checks import cited_measurements, cited_places, cited_scores

__all__ = ["REPAIRS", "Repair", "repaired"]

Repair = Callable[[Claim, Record], Claim | None]


def _with(claim: Claim, **fields: object) -> Claim:
    return claim.model_copy(update=fields)


def _citations(claim: Claim, record: Record) -> Claim | None:
    """Keeps what bears on the subject, and adds its weighing; a claim with nothing of its own left is not repaired."""
    kept = [item for item in record.cited([claim]) if record.relevant(item, claim.subject)]
    if not any(record.carries(item, claim.subject) for item in kept):
        return None
    weighing = record.weighings.get(claim.subject)
    ids = ([weighing.id] if weighing is not None else []) + [item.id for item in kept]
    return _with(claim, citations=tuple(dict.fromkeys(ids)))


def _once(claim: Claim, record: Record) -> Claim | None:
    again = {twin.id for _, twin in twins(record.cited([claim]))}
    return _with(claim, citations=tuple(dict.fromkeys(id_ for id_ in claim.citations if id_ not in again)))


def _degree(claim: Claim, record: Record) -> Claim | None:
    """A degree that nothing bears is left out: the claim without it says less, and what it says stands."""
    return _with(claim, degree=None)


def _place(claim: Claim, record: Record) -> Claim | None:
    places = {(item.location.side, item.location.region) for item in cited_places(claim, record) if item.location}
    if len(places) != 1:
        return None
    ((side, region),) = places
    return _with(claim, side=side, region=region)


def _measurement(claim: Claim, record: Record) -> Claim | None:
    if claim.value is None:
        return _with(claim, unit=None)
    measured = [item.measurement for item in cited_measurements(claim, record) if item.measurement is not None]
    if len(measured) != 1:
        return None
    return _with(claim, value=measured[0].value, unit=measured[0].unit)


def _size(claim: Claim, record: Record) -> Claim | None:
    """A size that belongs elsewhere is left out: where a finding lies is for the detectors to say before a lesion."""
    return _with(claim, value=None, unit=None)


def _confidence(claim: Claim, record: Record) -> Claim | None:
    scores = cited_scores(claim, record)
    if not scores:
        return None
    return _with(claim, confidence=scores[0].value, calibrated=claim.calibrated and scores[0].source.calibrated)


def _calibration(claim: Claim, record: Record) -> Claim | None:
    return _with(claim, calibrated=False)


def _words(claim: Claim, record: Record) -> Claim | None:
    """Every repaired claim is worded anew, which is all that is wrong here."""
    return claim


# By the name of the failed check, in the order of repair. What is not here cannot be repaired: the polarity is the
# claim itself, a diagnosis out of scope stays out of it, and a comparison with a film that nobody showed is invented.
REPAIRS: Mapping[str, Repair] = {
    "citations exist": _citations,
    "citations bear": _citations,
    "duplicate": _once,
    "place": _place,
    "degree": _degree,
    "measurement": _measurement,
    "size": _size,
    "confidence": _confidence,
    "calibration": _calibration,
    "over-certainty": _words,
    "strength": _words,
    "text": _words,
}


def repaired(claim: Claim, failed: Collection[str], record: Record) -> Claim | None:
    """The claim with each failed check's repair, worded anew; None where one of them has none."""
    if not set(failed) <= REPAIRS.keys():
        return None
    for name, repair in REPAIRS.items():
        if name in failed:
            mended = repair(claim, record)
            if mended is None:
                return None
            claim = mended
    return _with(claim, text=word(claim, record))

"""The checks of one claim against the evidence that it cites: a table of small pure functions.

An outlined lesion (kind LESION, and the item that places it) proves place and size of what it was outlined as, where
something else says that this is there or may be: never that it is, never a belief. A claim on that finding may cite it
beside its own evidence (nodule, mass and lung lesion count as one finding here); a claim that rests on lesions alone is
struck; lesions lend no polarity, degree or confidence; to what is absent they lend neither place nor size; and a size
goes with the place of that very lesion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from wardround.contracts.anatomy import Side
from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.codes.diagnoses import diagnosis_rule
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity
from wardround.orchestrator.reasoning.record import BACKGROUND, Record, clear_places, raising, same_subject, twins
from wardround.orchestrator.reasoning.wording import word
from wardround.orchestrator.reasoning.words import SCORE_DECIMALS
from wardround.orchestrator.verify.licence import departures, licence
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.wording_checks import (
    comparison_words,
    overcertain_words,
    source_words,
    strength_words,
    unread_words,
)

__all__ = ["CHECKS", "OF_WORDS", "Check", "cited_measurements", "cited_places", "cited_scores", "failures"]

Check = Callable[[Claim, Record, Reader], Iterator[str]]

_CONFIDENCE_TOLERANCE = 0.5 * 10.0**-SCORE_DECIMALS + 1e-9
_SCORED = (EvidenceKind.WEIGHING, EvidenceKind.FINDING)


def cited_scores(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    """The cited items whose value is a belief in the claim's subject, weighings first."""
    about = [item for item in record.cited([claim]) if item.value is not None and record.about(item, claim.subject)]
    return tuple(item for kind in (*_SCORED, EvidenceKind.OBSERVATION) for item in about if item.kind is kind)


def cited_places(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    """The cited items that place the claim's subject clearly."""
    return clear_places([item for item in record.cited([claim]) if _lends(item, claim, record)])


def cited_measurements(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    """The cited items that measure the claim's subject, or what bears on it."""
    cited = record.cited([claim])
    return tuple(item for item in cited if item.measurement is not None and _lends(item, claim, record))


def _lends(item: Evidence, claim: Claim, record: Record) -> bool:
    """Whether an item about the claim's subject may say where it lies and how large it is."""
    absent = claim.polarity is Polarity.ABSENT and record.lesion(item) is not None
    return record.about(item, claim.subject) and not absent


def _citations_exist(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if not claim.citations:
        yield "it cites nothing"
    for citation in claim.citations:
        if record.get(citation) is None:
            yield f"{citation} is not in the ledger"


def _citations_bear(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    cited = record.cited([claim])
    rule = diagnosis_rule(claim.subject)
    if rule is not None and not _is_evidenced(claim.subject, record):
        for item in cited:
            if item.kind not in BACKGROUND and item.subject not in rule.findings:
                yield f"{item.id} is about {item.subject}, which does not bear on {rule.name}"
        return
    for item in cited:
        if not record.relevant(item, claim.subject):
            yield f"{item.id} is about {item.subject}, not about {claim.subject}"
    if not any(record.carries(item, claim.subject) for item in cited):
        known = _is_evidenced(claim.subject, record) or any(
            record.carries(item, claim.subject) for item in record.items
        )
        outlined = any(record.lesion(item) is not None and record.about(item, claim.subject) for item in cited)
        yield (
            f"no cited evidence is about {claim.subject}"
            + (", for an outlined lesion bears no finding by itself" if outlined else "")
            + ("" if known else ", and none in the ledger could bear it")
        )
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
    if (claim.value is not None or claim.change is not None) and canonical_label(claim.subject) is None:
        return {Polarity.PRESENT}  # of a quantity
    # What was told, found in other patients or outlined stands beside a claim, and lends it no polarity.
    bearing = [item for item in record.cited([claim]) if record.carries(item, claim.subject)]
    stated = {item.polarity for item in bearing if item.polarity}
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
    elif not any(_is_stated(claim, one) for one in measured):
        yield f"it says {stated}, the evidence says {' or '.join(f'{one.value:g} {one.unit}' for one in measured)}"


def _size(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    """A place beside a size must be that of a lesion of this size: of two candidates one lends it and one the other."""
    if claim.value is None or (claim.side is None and claim.region is None):
        return
    measured = cited_measurements(claim, record)
    sized = [item for item in measured if item.measurement is not None and _is_stated(claim, item.measurement)]
    lesions = [item for item in sized if record.lesion(item) is not None]
    if not lesions or len(lesions) < len(sized):
        return
    places = [item.location for item in cited_places(claim, record) if record.lesion(item) in lesions]
    fits = (
        place is not None and claim.side in (None, place.side) and claim.region in (None, place.region)
        for place in places
    )
    if not any(fits):
        ids = " or ".join(item.id for item in lesions)
        yield f"the size is that of {ids}, which no cited evidence places where it says"


def _is_stated(claim: Claim, measured: Measurement) -> bool:
    assert claim.value is not None
    return abs(claim.value - measured.value) <= _tolerance(claim.value) and (claim.unit or "1") == measured.unit


def _tolerance(stated: float) -> float:
    """Half a unit of the last decimal that is stated; with fewer than two, never more than a hundredth of the value."""
    decimals = len(repr(stated).partition(".")[2])
    rounded = 0.5 * 10.0**-decimals
    return (rounded if decimals >= 2 else min(rounded, 0.01 * abs(stated))) + 1e-9


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


def _degree(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if claim.degree is None:
        return
    borne = {item.degree for item in _about(claim, record) if item.degree is not None}
    if claim.degree not in borne:
        yield f"it says {claim.degree}, the evidence says {' or '.join(sorted(borne)) or 'no degree'}"


def _change(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    if claim.change is None:
        return
    borne = {item.comparison.change for item in _about(claim, record) if item.comparison is not None}
    if claim.change not in borne:
        said = " or ".join(sorted(borne)) or "nothing of an earlier film"
        yield f"it says {claim.change}, the evidence says {said}"


def _duplicates(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    """The same evidence, by its id or by its content, may not be counted twice."""
    for citation in sorted(id_ for id_, times in Counter(claim.citations).items() if times > 1):
        yield f"{citation} is cited twice"
    for item, twin in twins(record.cited([claim])):
        yield f"{twin.id} is {item.id} over again"


def _scope(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    """A diagnosis that nothing scores may only be put up for consideration, on findings that raise it."""
    rule = diagnosis_rule(claim.subject)
    if rule is None or _is_evidenced(claim.subject, record):
        return
    raised = raising(rule, record.cited([claim]))
    if len(raised) < rule.needs:
        yield (
            f"{rule.name} needs {rule.needs} of {', '.join(rule.findings)} suspected and cited; "
            f"{', '.join(raised) or 'none'} is"
        )
    stated = (claim.side, claim.region, claim.degree, claim.change, claim.value, claim.confidence)
    if any(field is not None for field in stated):
        yield f"nothing measures or places {rule.name}: it may be considered, and no more"


def _text(claim: Claim, record: Record, reader: Reader) -> Iterator[str]:
    reading = reader.read(claim.text)
    if claim.text and not any(same_subject(claim.subject, name) for name in reading.findings):
        yield f"the text does not name {claim.subject}"
    yield from departures(reading, licence([claim], record))
    yield from source_words(claim.text, [claim], record)
    yield from unread_words(reading)


def _about(claim: Claim, record: Record) -> tuple[Evidence, ...]:
    return tuple(item for item in record.cited([claim]) if record.carries(item, claim.subject))


def _is_evidenced(subject: str, record: Record) -> bool:
    return any(
        item.kind not in BACKGROUND and record.lesion(item) is None and same_subject(item.subject, subject)
        for item in record.items
    )


CHECKS: Mapping[str, Check] = {
    "citations exist": _citations_exist,
    "citations bear": _citations_bear,
    "duplicate": _duplicates,
    "scope": _scope,
    "polarity": _polarity,
    "place": _place,
    "degree": _degree,
    "change": _change,
    "measurement": _measurement,
    "size": _size,
    "confidence": _confidence,
    "calibration": _calibration,
    "over-certainty": lambda claim, record, reader: overcertain_words(claim.text),
    "strength": lambda claim, record, reader: strength_words(claim.text, [claim]),
    "comparison": lambda claim, record, reader: comparison_words(claim.text, [claim]),
    "text": _text,
}


# What these look for is in the words alone, and cannot be in a sentence that the templates made of the claim's fields.
OF_WORDS = frozenset({"over-certainty", "strength", "comparison", "text"})


def failures(claim: Claim, record: Record, reader: Reader) -> dict[str, tuple[str, ...]]:
    """What each check that fails has to say; empty where all hold."""
    skipped = OF_WORDS if claim.text == word(claim, record) else frozenset[str]()
    said = {name: tuple(check(claim, record, reader)) for name, check in CHECKS.items() if name not in skipped}
    return {name: problems for name, problems in said.items() if problems}

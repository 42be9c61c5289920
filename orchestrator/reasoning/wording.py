"""Puts a typed claim into a sentence: every word of it follows from the claim's fields and the evidence it cites."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity
from wardround.orchestrator.reasoning.record import Record, same_subject
from wardround.orchestrator.reasoning.relations import bears_on, same_place
from wardround.orchestrator.reasoning.words import (
    CHANGE_WORDS,
    HEDGES,
    SCORE_DECIMALS,
    cites,
    finding_name,
    joined,
    place_words,
    quantity,
    score_words,
)
from wardround.prompts.loader import load

__all__ = ["CHANGES", "MEASUREMENTS", "NOT_POOLED", "NOT_SUSPECTED", "UNDECIDED", "statement", "word"]

CHANGES = "Compared with the earlier film"
MEASUREMENTS = "Measurements"
NOT_POOLED = "Reported but not pooled"
NOT_SUSPECTED = "Not suspected"
UNDECIDED = "Undecided"
_LISTS = {NOT_SUSPECTED: "list_absent", UNDECIDED: "list_uncertain"}

_SUPPORTS, _CONFLICTS, _BESIDE = "which supports", "which conflicts with", "to be read beside"
# (value above its upper limit, what the detectors say) to how the two stand together.
_BEARING = {
    (True, Polarity.PRESENT): _SUPPORTS,
    (True, Polarity.ABSENT): _CONFLICTS,
    (True, Polarity.UNCERTAIN): _BESIDE,
    (False, Polarity.PRESENT): _CONFLICTS,
    (False, Polarity.ABSENT): _SUPPORTS,
    (False, Polarity.UNCERTAIN): _BESIDE,
}


@cache
def _templates() -> dict[str, str]:
    return load("wording").sections()


def word(claim: Claim, record: Record) -> str:
    """The claim as a sentence, with its citations in brackets, for example

    'Pleural effusion is suspected in the left lower zone (heat-map overlap 0.62): score 0.41 (uncalibrated) [E17, E3].'
    """
    cited = record.cited([claim])
    fields = {
        "name": finding_name(claim.subject),
        "polarity": HEDGES[claim.polarity],
        "place": _place(claim, cited, record),
        "score": score_words(claim.confidence, claim.calibrated) if claim.confidence is not None else "unscored",
        "cites": cites(claim.citations),
    }
    if claim.change is not None:
        sentence = _changed(claim, cited, fields)
    elif (lesion := _sized(claim, cited)) is not None:
        sentence = _outlined(claim, lesion, cited, record, fields)
    elif claim.value is not None:
        sentence = _measured(claim, cited, record, fields)
    elif claim.subject == NO_FINDING:
        sentence = _normal(claim, record, fields)
    elif claim.confidence is None:
        sentence = _templates()["stated"].format(**fields)
    elif any(item.kind is EvidenceKind.WEIGHING for item in cited):
        sentence = _templates()["scored"].format(**fields)
    else:
        sentence = _templates()["unweighed"].format(**fields)
    return " ".join(filter(None, (sentence[:1].upper() + sentence[1:], _disagreement(claim, cited))))


def statement(subject: str, claims: Sequence[Claim], record: Record) -> str:
    """A conclusion's text: a list of names where its subject is one of the summaries, else its claims' sentences."""
    if subject in _LISTS:
        names = joined(f"{finding_name(claim.subject)} {cites(claim.citations[:1])}" for claim in claims)
        return _templates()[_LISTS[subject]].format(list=names)
    return " ".join(claim.text or word(claim, record) for claim in claims)


def _place(claim: Claim, cited: Sequence[Evidence], record: Record) -> str:
    words = place_words(claim.side, claim.region)
    at = [
        item
        for item in cited
        if item.location is not None and (item.location.side, item.location.region) == (claim.side, claim.region)
    ]
    if not words or not at or at[0].location is None:
        return f" {words}" if words else ""
    is_outline = record.lesion(at[0]) is not None
    share = f"{'outline' if is_outline else 'heat-map'} overlap {at[0].location.overlap:.{SCORE_DECIMALS}f}"
    # Of the places a heat map's may be outside the chest, and is then worded as its own.
    return f" {words.removeprefix('with its heat map mainly ') if is_outline else words} ({share})"


def _sized(claim: Claim, cited: Sequence[Evidence]) -> Evidence | None:
    """The cited lesion whose size a claim states: the nearest, for the claim may round it."""
    if claim.value is None or canonical_label(claim.subject) is None:
        return None
    value = claim.value
    found = [
        (abs(item.measurement.value - value), item)
        for item in cited
        if item.kind is EvidenceKind.LESION and item.measurement is not None
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _outlined(claim: Claim, lesion: Evidence, cited: Sequence[Evidence], record: Record, fields: dict[str, str]) -> str:
    """What a lesion adds to a finding; where the finding's heat maps lie elsewhere, that is said."""
    own = [item for item in cited if record.lesion(item) is lesion]
    places = [item.location for item in own if item.location is not None]
    heat = [item.location for item in cited if item.location is not None and record.lesion(item) is None]
    odds = bool(places) and bool(heat) and not any(same_place(one, other) for one in places for other in heat)
    return _templates()["outlined"].format(
        **{**fields, "place": _place(claim, own, record)},
        belief=f" ({fields['score']})" if claim.confidence is not None else "",
        value=quantity(claim.value or 0.0, claim.unit),
        odds=_templates()["odds"] if odds else "",
    )


def _normal(claim: Claim, record: Record, fields: dict[str, str]) -> str:
    against = [item for item in record.against_normal() if item.id in claim.citations]
    if claim.polarity is Polarity.UNCERTAIN and against:
        return _templates()["normal_conflict"].format(**fields, against=_against(against))
    return _templates()[f"normal_{claim.polarity.value}"].format(**fields)


def _against(items: Sequence[Evidence]) -> str:
    suspected = [finding_name(item.subject) for item in items if item.measurement is None]
    above = [item.measurement.quantity for item in items if item.measurement is not None]
    parts = [
        f"{joined(names)} {'are' if len(names) > 1 else 'is'} {said}"
        for names, said in ((suspected, "suspected"), (above, "above the upper limit"))
        if names
    ]
    return " and ".join(parts)


def _measured(claim: Claim, cited: Sequence[Evidence], record: Record, fields: dict[str, str]) -> str:
    assert claim.value is not None
    found = next((item.measurement for item in cited if item.measurement and _is_of(item, claim.subject)), None)
    return _templates()["measured"].format(
        **fields,
        value=quantity(claim.value, claim.unit),
        limits=_limits(found) if found else "",
        bearing=_bearing(found, cited, record) if found else "",
    )


def _changed(claim: Claim, cited: Sequence[Evidence], fields: dict[str, str]) -> str:
    compared = next(
        (item.comparison for item in cited if item.comparison and item.comparison.change is claim.change), None
    )
    if compared is None:
        return _templates()["stated"].format(**fields)
    before, now = (quantity(value, compared.unit or None) for value in (compared.before, compared.now))
    return _templates()["changed"].format(**fields, change=CHANGE_WORDS[compared.change], before=before, now=now)


def _is_of(item: Evidence, subject: str) -> bool:
    assert item.measurement is not None
    return any(same_subject(name, subject) for name in (item.measurement.quantity, item.subject))


def _limits(measured: Measurement) -> str:
    low, high = measured.low, measured.high
    if low is not None and high is not None:
        return f" (range {quantity(low, measured.unit)} to {quantity(high, measured.unit)})"
    if high is not None:
        return f" (upper limit {quantity(high, measured.unit)})"
    return f" (lower limit {quantity(low, measured.unit)})" if low is not None else ""


def _bearing(measured: Measurement, cited: Sequence[Evidence], record: Record) -> str:
    finding = bears_on(measured.quantity)
    weighed = record.weighings.get(finding) if finding else None
    if finding is None or weighed is None or weighed.polarity is None or measured.high is None or weighed not in cited:
        return ""
    return _templates()["bearing"].format(
        verb=_BEARING[measured.value > measured.high, weighed.polarity],
        finding=finding_name(finding),
        polarity=HEDGES[weighed.polarity],
    )


def _disagreement(claim: Claim, cited: Sequence[Evidence]) -> str:
    opposite = claim.polarity.opposite
    ids = [item.id for item in cited if item.kind is EvidenceKind.OBSERVATION and item.polarity is opposite]
    return _templates()["disagreement"].format(cites=cites(ids)) if opposite and ids else ""

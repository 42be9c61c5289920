"""Holds a film's evidence against an earlier film's, by stated rules: new, gone, larger, smaller or unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wardround.contracts.change import Change, Comparison
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity, Source
from wardround.contracts.own_version import own_version
from wardround.contracts.study import ViewPosition

__all__ = ["Compared", "compare"]

_MODEL = "comparison of two films by stated rules"


@dataclass(frozen=True)
class _Rule:
    """A change is told beyond `tolerance`, in the quantity's unit or, where `relative`, as a share of the earlier."""

    tolerance: float
    relative: bool
    source: str


# Quantity, in lower case, to its rule; the tolerance is to exceed what two readings of one film differ by.
_RULES = {
    "cardiothoracic ratio": _Rule(
        0.03, False, "two readings, each off by 0.010 on average on held-out JSRT films (card of anatomy-jsrt)"
    ),
}
_ANY_RULE = _Rule(0.15, True, "chosen, not measured")

# The heart looks larger on AP films, which are taken closer and often lying: its size compares between like views only.
_BY_VIEW = frozenset({"cardiothoracic ratio", "heart width", "cardiac width"})

# What the weighings of a finding said before and say now, to the change that this is; all else tells none.
_FINDINGS = {
    (Polarity.ABSENT, Polarity.PRESENT): Change.NEW,
    (Polarity.PRESENT, Polarity.ABSENT): Change.GONE,
    (Polarity.PRESENT, Polarity.PRESENT): Change.UNCHANGED,
}
_FINDING_RULE = "new: not suspected before and suspected now; gone: the reverse; unchanged: suspected on both"


@dataclass(frozen=True)
class Compared:
    """The changes as evidence without ids, and what could not be compared, for people."""

    items: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()


def compare(
    now: Sequence[Evidence],
    before: Sequence[Evidence],
    *,
    prior_run: str,
    prior_digest: str,
    views: tuple[ViewPosition, ViewPosition],
) -> Compared:
    """The changes between two films of one patient, one item of kind COMPARISON each.

    Args:
        now: the ledger of the film at hand, with ids.
        before: that of the earlier film, from the run `prior_run`.
        prior_digest: the earlier film's digest.
        views: of the film at hand and of the earlier one.
    """
    if any(item.input_digest == prior_digest for item in now):
        return Compared(notes=("The earlier film is the same film: nothing was compared.",))
    alike = views[0] is views[1] and views[0] is not ViewPosition.UNKNOWN
    notes = []
    items = []
    for quantity, item, earlier in _pairs(now, before, EvidenceKind.MEASUREMENT):
        if quantity in _BY_VIEW and not alike:
            notes.append(
                f"The {quantity} was not compared: the views are {views[0].value} and {views[1].value} (earlier)."
            )
            continue
        change = _measured(item, earlier)
        if change is not None:
            items.append(_item(item, change, (earlier.id,), prior_run, prior_digest))
    for label, item, earlier in _pairs(now, before, EvidenceKind.WEIGHING):
        told = _FINDINGS.get((earlier.polarity or Polarity.UNCERTAIN, item.polarity or Polarity.UNCERTAIN))
        if told is not None and label != NO_FINDING.casefold() and item.value is not None and earlier.value is not None:
            items.append(
                _item(
                    item, (told, earlier.value, item.value, "", _FINDING_RULE), (earlier.id,), prior_run, prior_digest
                )
            )
    return Compared(tuple(items), tuple(notes))


def _pairs(
    now: Sequence[Evidence], before: Sequence[Evidence], kind: EvidenceKind
) -> Iterator[tuple[str, Evidence, Evidence]]:
    """The last items of a kind on each subject that both films have, by the subject in lower case."""
    found, earlier = ({_subject(item): item for item in items if item.kind is kind} for items in (now, before))
    for subject, item in found.items():
        if subject in earlier:
            yield subject, item, earlier[subject]


def _subject(item: Evidence) -> str:
    name = item.measurement.quantity if item.measurement is not None else item.subject
    return name.replace("_", " ").casefold()


_Told = tuple[Change, float, float, str, str]


def _measured(item: Evidence, earlier: Evidence) -> _Told | None:
    measured, then = item.measurement, earlier.measurement
    if measured is None or then is None or measured.unit != then.unit:
        return None
    rule = _RULES.get(_subject(item), _ANY_RULE)
    allowed = rule.tolerance * abs(then.value) if rule.relative else rule.tolerance
    difference = measured.value - then.value
    change = Change.UNCHANGED if abs(difference) <= allowed else Change.LARGER if difference > 0 else Change.SMALLER
    beyond = f"{100 * rule.tolerance:g} %" if rule.relative else f"{rule.tolerance:g}"
    return change, then.value, measured.value, measured.unit, f"a change is told beyond {beyond} ({rule.source})"


def _item(item: Evidence, told: _Told, earlier: tuple[str, ...], prior_run: str, prior_digest: str) -> Evidence:
    change, before, now, unit, rule = told
    return Evidence(
        kind=EvidenceKind.COMPARISON,
        subject=item.subject if item.measurement is None else item.measurement.quantity,
        comparison=Comparison(
            change=change,
            before=before,
            now=now,
            unit=unit,
            rule=rule,
            prior_run=prior_run,
            prior_evidence=earlier,
            prior_digest=prior_digest,
        ),
        derived_from=(item.id,),
        source=Source(model=_MODEL, version=own_version()),
        synthetic=item.synthetic,
    )

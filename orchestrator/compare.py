"""Holds a film's evidence against an earlier film's, by stated rules: new, gone, larger, smaller or unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    """A change is told beyond `tolerance`: in the quantity's unit or, where `relative`, as a share of the larger."""

    tolerance: float
    relative: bool
    source: str


_CHOSEN = "chosen, not measured"
_ANGLES = "the network's outlines err by 7 (right) to 10 (left) degrees, as its measurements say"
# Quantity, in lower case, to its rule; the tolerance is to exceed what two readings of one film differ by.
_RULES = {
    "cardiothoracic ratio": _Rule(
        0.03, False, "two readings, each off by 0.010 on average on held-out JSRT films (card of anatomy-jsrt)"
    ),
    "left lung area": _Rule(0.10, True, _CHOSEN),
    "right lung area": _Rule(0.10, True, _CHOSEN),
    "left costophrenic angle": _Rule(10.0, False, _ANGLES),
    "right costophrenic angle": _Rule(10.0, False, _ANGLES),
}
_ANY_RULE = _Rule(0.15, True, _CHOSEN)
_ROUNDING = 1e-9  # 0.53 less 0.50 is no more than 0.03

# What follows the film's edges as much as the patient.
_BY_FRAME = frozenset({"left lung area as share of the film", "right lung area as share of the film"})

# The heart looks larger on AP films, which are taken closer and often lying: its size compares between like views only.
_BY_VIEW = frozenset({"cardiothoracic ratio", "heart width", "cardiac width"})

# What the weighings of a finding said before and say now, to the change that this is; all else tells none.
_FINDINGS = {
    (Polarity.ABSENT, Polarity.PRESENT): Change.NEW,
    (Polarity.PRESENT, Polarity.ABSENT): Change.GONE,
    (Polarity.PRESENT, Polarity.PRESENT): Change.UNCHANGED,
}
# A zone is a third of a lung, how far two outlines of one lesion differ has not been measured, and about one candidate
# a film is false: two in one zone are not thereby one lesion, nor is the difference of their diameters growth.
_LESIONS = (
    "Outlined lesions were not compared: nothing here tells which candidate of the earlier film is which. "
    "A tool that lays the two films over each other can, such as the lesion server's."
)

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
    if not before:
        return Compared(notes=(f"The earlier film gave nothing to compare with: see its own run, {prior_run}.",))
    alike = views[0] is views[1] and views[0] is not ViewPosition.UNKNOWN
    items: list[Evidence] = []
    notes: list[str] = []
    for item, earlier in _pairs(now, before, _measurement):
        quantity = _folded(item.measurement.quantity) if item.measurement is not None else ""
        if quantity in _BY_FRAME:
            notes.append(f"The {quantity} was not compared: it depends on how much of the film the chest fills.")
        elif quantity in _BY_VIEW and not alike:
            notes.append(
                f"The {quantity} was not compared: the views are {views[0].value} and {views[1].value} (earlier)."
            )
        elif (change := _measured(item, earlier)) is not None:
            items.append(_item(item, change, (earlier.id,), prior_run, prior_digest))
    if all(any(item.kind is EvidenceKind.LESION for item in film) for film in (now, before)):
        notes.append(_LESIONS)
    if _several(now) or _several(before):
        notes.append("Quantities measured several times on one film were not compared: which is which is not known.")
    for item, earlier in _pairs(now, before, _weighing):
        told = _FINDINGS.get((earlier.polarity or Polarity.UNCERTAIN, item.polarity or Polarity.UNCERTAIN))
        if told is not None and item.value is not None and earlier.value is not None:
            change = (told, earlier.value, item.value, "", _FINDING_RULE)
            items.append(_item(item, change, (earlier.id,), prior_run, prior_digest))
    return Compared(tuple(items), tuple(notes))


_Key = tuple[str, ...]


def _measurement(item: Evidence) -> _Key | None:
    """What one measurement has in common with that of another film: two models' numbers are no change."""
    if item.kind is not EvidenceKind.MEASUREMENT or item.measurement is None:
        return None
    return _folded(item.measurement.quantity), _folded(item.subject), item.source.model


def _weighing(item: Evidence) -> _Key | None:
    return (item.subject,) if item.kind is EvidenceKind.WEIGHING and item.subject != NO_FINDING else None


def _pairs(
    now: Sequence[Evidence], before: Sequence[Evidence], key: Callable[[Evidence], _Key | None]
) -> Iterator[tuple[Evidence, Evidence]]:
    """The last items of one key on both films, but for quantities that a film has several values of."""
    found, earlier = ({one: item for item in items if (one := key(item)) is not None} for items in (now, before))
    several = _several(now) | _several(before)
    for one, item in found.items():
        if one in earlier and one not in several:
            yield item, earlier[one]


def _several(items: Sequence[Evidence]) -> set[_Key]:
    """The quantities that one film has different values of, such as the diameters of several lesions."""
    values: dict[_Key, set[float]] = {}
    for item in items:
        if item.measurement is not None and (one := _measurement(item)) is not None:
            values.setdefault(one, set()).add(item.measurement.value)
    return {one for one, different in values.items() if len(different) > 1}


def _folded(name: str) -> str:
    return name.replace("_", " ").casefold()


_Told = tuple[Change, float, float, str, str]


def _measured(item: Evidence, earlier: Evidence) -> _Told | None:
    measured, then = item.measurement, earlier.measurement
    if measured is None or then is None or measured.unit != then.unit:
        return None
    rule = _RULES.get(_folded(measured.quantity), _ANY_RULE)
    larger = max(abs(measured.value), abs(then.value))  # the same whichever film came first
    allowed = (rule.tolerance * larger if rule.relative else rule.tolerance) + _ROUNDING
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

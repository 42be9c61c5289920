"""Counterfactual evidence: one cited item removed, flipped or weakened; and changes that should make no difference."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from wardround.contracts.audit import BiasKind, Direction, EditKind
from wardround.contracts.cue import Cue, CueKind
from wardround.contracts.evidence import Evidence, EvidenceKind, Source, Voice

__all__ = ["base", "biased", "closure", "direction", "edited", "predicted", "probed"]

_DERIVED_HERE = frozenset({EvidenceKind.WEIGHING, EvidenceKind.COMPARISON})
_EDGE = 1e-6


def base(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The items that were reported, without what was made of them here."""
    return tuple(item for item in items if item.kind not in _DERIVED_HERE)


def probed(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The items that the weigher pools: only of these is it known where an edit must lead."""
    return tuple(item for item in items if item.kind is EvidenceKind.FINDING and item.voices)


def closure(items: Sequence[Evidence], evidence_id: str) -> set[str]:
    """The item and all that is derived from it."""
    found = {evidence_id}
    while True:
        more = {item.id for item in items if found.intersection(item.derived_from)} - found
        if not more:
            return found
        found |= more


def edited(items: Sequence[Evidence], evidence_id: str, edit: EditKind) -> tuple[Evidence, ...]:
    """The reported items after one edit."""
    if edit is EditKind.REMOVE:
        gone = closure(items, evidence_id)
        return tuple(item for item in items if item.id not in gone)
    change = _flipped if edit is EditKind.FLIP else _weakened
    return tuple(_revoiced(item, change) if item.id == evidence_id else item for item in items)


def _revoiced(item: Evidence, change: Callable[[Voice], float]) -> Evidence:
    voices = tuple(voice.model_copy(update={"value": change(voice)}) for voice in item.voices)
    value = sum(voice.value for voice in voices) / len(voices) if voices else item.value
    return item.model_copy(update={"voices": voices, "value": value})


def _flipped(voice: Voice) -> float:
    return 1.0 - voice.value


def _weakened(voice: Voice) -> float:
    if voice.training_prevalence is None:
        return voice.value
    half = (_logit(voice.value) + _logit(voice.training_prevalence)) / 2
    return 1.0 / (1.0 + math.exp(-half))


def _logit(value: float) -> float:
    kept = min(max(value, _EDGE), 1.0 - _EDGE)
    return math.log(kept / (1.0 - kept))


def predicted(
    item: Evidence, weighing: Evidence, gone: Iterable[str], edit: EditKind
) -> tuple[Direction, float | None]:
    """Where an edit must lead the belief in the item's subject, and by how many log-odds where that is known.

    `gone` has the ids that go with the item. Removing takes away just what they contributed; weakening halves what the
    item contributed, and leaves its place; flipping moves against what the voices said.
    """
    contributed: Mapping[str, float] = {part.evidence_id: part.log_odds for part in weighing.contributions}
    if edit is EditKind.REMOVE:
        by = -sum(contributed.get(id_, 0.0) for id_ in gone)
        return direction(by), by
    if edit is EditKind.WEAKEN:
        by = -contributed.get(item.id, 0.0) / 2
        return direction(by), by
    weighed = [voice for voice in item.voices if voice.training_prevalence]
    lean = sum(_logit(voice.value) for voice in weighed)
    return direction(-lean), None


def direction(by: float) -> Direction:
    """Which way a difference goes; within a millionth, nowhere."""
    if abs(by) <= _EDGE:
        return Direction.NOWHERE
    return Direction.UP if by > 0 else Direction.DOWN


def biased(items: Sequence[Evidence], kind: BiasKind, hinted: str) -> tuple[Evidence, ...]:
    """The reported items under a change that should make no difference.

    Args:
        hinted: a finding that the evidence does not suspect, at which a history then hints.
    """
    if kind is BiasKind.POSITION:
        return tuple(reversed(items))
    if kind is BiasKind.AUTHORITY:
        names = [item.source.specialist for item in items]
        swap = dict(zip(dict.fromkeys(names), reversed(list(dict.fromkeys(names))), strict=True))
        return tuple(
            item.model_copy(
                update={"source": item.source.model_copy(update={"specialist": swap[item.source.specialist]})}
            )
            for item in items
        )
    number = 1 + max((int(item.id[1:]) for item in items if item.id[1:].isdecimal()), default=0)
    hint = Evidence(
        id=f"E{number}",
        kind=EvidenceKind.CONTEXT,
        subject=hinted,
        cue=Cue(kind=CueKind.DISEASE, name=hinted),
        source=Source(specialist="request", model="planted history", version="1"),
    )
    return (hint, *items)

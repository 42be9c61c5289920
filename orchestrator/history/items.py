"""Typed cues as evidence items, so that they can be cited; the words that bore them stay behind."""

from __future__ import annotations

from collections.abc import Sequence

from wardround.contracts.cue import Cue, CueKind, Told
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity, Source
from wardround.contracts.own_version import own_version
from wardround.contracts.study import Patient, Sex

__all__ = ["contradictions", "cue_items"]

_POLARITIES = {Told.YES: Polarity.PRESENT, Told.NO: Polarity.ABSENT, Told.UNSURE: Polarity.UNCERTAIN}
_RULES = "rule reader of histories"
_YEARS_APART = 1  # a history may have been written before a birthday


def cue_items(cues: Sequence[Cue], *, synthetic: bool = False) -> tuple[Evidence, ...]:
    """One item of kind CONTEXT for each cue, without an id."""
    return tuple(
        Evidence(
            kind=EvidenceKind.CONTEXT,
            subject=f"{cue.kind.value} told" if cue.kind in (CueKind.AGE, CueKind.SEX) else cue.name,
            polarity=_POLARITIES[cue.told],
            cue=cue,
            source=Source(model=_RULES if cue.reader == "rules" else cue.reader, version=own_version()),
            synthetic=synthetic,
        )
        for cue in cues
    )


def contradictions(cues: Sequence[Cue], patient: Patient) -> tuple[str, ...]:
    """Where the history and the study tell a different age or sex; the study's is the one that is used."""
    found = []
    for cue in cues:
        if cue.kind is CueKind.AGE and cue.value is not None and patient.age_years is not None:
            told = min(int(cue.value), 90)  # 90 stands for all above, as in `Patient`
            if abs(told - patient.age_years) > _YEARS_APART:
                found.append(f"The history tells an age of {told}, the study {patient.age_years}: the study's is used.")
        if cue.kind is CueKind.SEX and patient.sex in (Sex.FEMALE, Sex.MALE) and cue.name != patient.sex.value:
            found.append(f"The history tells sex {cue.name}, the study {patient.sex.value}: the study's is used.")
    return tuple(found)

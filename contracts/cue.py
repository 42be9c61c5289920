"""What a history or an earlier report says, as typed cues: closed names, polarity, and numbers; never its words."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word

__all__ = ["Cue", "CueKind", "CueSource", "Told"]


class CueKind(StrEnum):
    """What sort of thing is told."""

    AGE = "age"  # value: completed years
    SEX = "sex"  # name: F or M (DICOM PS3.3 C.7.1.1, 0010,0040)
    SYMPTOM = "symptom"
    SIGN = "sign"  # something found on examination or by a laboratory
    DISEASE = "disease"  # a known or earlier disease
    EXPOSURE = "exposure"  # smoking, asbestos, travel
    PROCEDURE = "procedure"  # an operation or a device
    REPORTED_FINDING = "reported finding"  # a finding that an earlier report names


class Told(StrEnum):
    """Whether the text says that it is so."""

    YES = "yes"
    NO = "no"  # negated: 'no fever', 'denies cough'
    UNSURE = "unsure"  # questioned or only considered: '?TB', 'rule out pneumonia'


class CueSource(StrEnum):
    """Which text it stands in."""

    HISTORY = "history"
    PRIOR_REPORT = "prior report"


class Cue(Word):
    """One thing that a text tells. `name` is a word of the closed vocabulary, never of the text.

    `duration_days` is how long it has lasted, where that is told. `start` and `end` are the offsets of the words that
    bear it, for people who want to look it up.
    """

    kind: CueKind
    name: Annotated[str, Field(min_length=1, max_length=60)]
    told: Told = Told.YES
    value: float | None = None
    duration_days: Annotated[float, Field(ge=0)] | None = None
    where: CueSource = CueSource.HISTORY
    start: Annotated[int, Field(ge=0)] = 0
    end: Annotated[int, Field(ge=0)] = 0
    reader: str = Field(default="rules", description="'rules', or the language model whose reading passed the check.")

"""The forms in which a language model answers at each stage: closed vocabularies, and citations of known facts only."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from wardround.contracts.base import Unit, Word
from wardround.contracts.clinic import AuxiliaryExam, Department, HistoryTopic, PhysicalExam, Treatment, Urgency
from wardround.contracts.decision import Move, Stage

__all__ = ["NextOrder", "NextQuestion", "StageAnswer", "VerdictAnswer", "stage_answer"]

_Words = Annotated[str, Field(max_length=240)]
_Name = Annotated[str, Field(min_length=2, max_length=80)]


class Closing(StrEnum):
    """The moves that end a stage."""

    COMMIT = Move.COMMIT.value
    ABSTAIN = Move.ABSTAIN.value
    ESCALATE = Move.ESCALATE.value


class StageAnswer(Word):
    """What every stage's answer has."""

    move: Closing = Closing.COMMIT
    reason: _Words = ""
    confidence: Unit | None = None


class NextQuestion(Word):
    """Another question to the patient, or none."""

    topic: HistoryTopic | None
    words: Annotated[str, Field(max_length=80)] = ""


class NextOrder(Word):
    """Another examination, or none."""

    exam: PhysicalExam | AuxiliaryExam | None


class VerdictAnswer(Word):
    """A judge's answer: a flag, and what to mend. No phrase in it is searched for a verdict."""

    accepted: bool
    faults: Annotated[tuple[Annotated[str, Field(max_length=160)], ...], Field(max_length=3)] = ()
    reopen: Stage | None = None


# By stage: what is chosen, what stands beside it, and further fields.
_FORMS: dict[Stage, dict[str, Any]] = {
    Stage.REFERRAL: {
        "chosen": (Department, ...),
        "alternatives": (Annotated[tuple[Department, ...], Field(max_length=3)], ()),
        "sub_departments": (Annotated[tuple[_Name, ...], Field(max_length=4)], ()),
        "urgency": (Urgency, ...),
    },
    Stage.HISTORY: {
        "chosen": (Annotated[tuple[PhysicalExam | AuxiliaryExam, ...], Field(min_length=1, max_length=10)], ...),
    },
    Stage.DIAGNOSIS: {
        "chosen": (Annotated[tuple[_Name, ...], Field(min_length=1, max_length=3)], ...),
        "alternatives": (Annotated[tuple[_Name, ...], Field(max_length=4)], ()),
    },
    Stage.TREATMENT: {
        "chosen": (Annotated[tuple[Treatment, ...], Field(min_length=1, max_length=6)], ...),
        "alternatives": (Annotated[tuple[Treatment, ...], Field(max_length=4)], ()),
    },
}


def stage_answer(stage: Stage, ids: Sequence[str]) -> type[StageAnswer]:
    """The stage's form, in which only the facts `ids` can be cited. The examination stage has none: it reports."""
    known: Any = Literal.__getitem__(tuple(ids))
    cited = (Annotated[tuple[known, ...], Field(min_length=1, max_length=8)], ...)
    form: dict[str, Any] = {**_FORMS[stage], "citations": cited}
    return create_model(f"{stage.value.title()}Answer", __base__=StageAnswer, **form)

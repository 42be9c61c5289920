"""One typed decision of an encounter (after MedChain, arXiv 2412.01605): what, instead of what, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word

__all__ = ["STAGES", "Decision", "Dissent", "Move", "Stage", "Verdict"]


class Stage(StrEnum):
    """The stages of an encounter, in order."""

    REFERRAL = "referral"
    HISTORY = "history"
    EXAMINATION = "examination"
    DIAGNOSIS = "diagnosis"
    TREATMENT = "treatment"

    @property
    def before(self) -> tuple[Stage, ...]:
        """The stages that come before it."""
        return STAGES[: STAGES.index(self)]


STAGES = tuple(Stage)


class Move(StrEnum):
    """What an agent may do next; nothing else is a move."""

    ASK = "ask"
    ORDER = "order"
    COMMIT = "commit"
    ABSTAIN = "abstain"
    ESCALATE = "escalate"
    REOPEN = "reopen"


class Dissent(Word):
    """What one voice held against the decision."""

    voice: str
    chosen: tuple[str, ...]
    reason: str = ""


class Decision(Word):
    """`chosen` and `alternatives` are words of the stage's closed vocabulary, save for diagnoses and a report's lines.

    By stage, `chosen` holds: one department; examinations; lines of the report; diagnoses; categories of treatment.
    `sub_departments` and `urgency` belong to the referral. `source` and `version` name who decided.
    """

    stage: Stage
    move: Move
    chosen: tuple[str, ...]
    alternatives: tuple[str, ...] = ()
    sub_departments: tuple[str, ...] = ()
    urgency: str = ""
    confidence: Unit | None = None
    calibrated: bool = False
    citations: Annotated[tuple[str, ...], Field(description="Evidence ids; empty only where nothing is claimed.")] = ()
    reason: str = ""
    dissent: tuple[Dissent, ...] = ()
    source: str = ""
    version: str = ""


class Verdict(Word):
    """A judge's word on a decision: a flag, never a phrase to be searched for. `faults` say what to mend.

    `reopen` names an earlier stage whose decision the evidence now speaks against.
    """

    accepted: bool
    faults: tuple[str, ...] = ()
    reopen: Stage | None = None
    judge: str = ""

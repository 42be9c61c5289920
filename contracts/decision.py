"""One typed decision of an encounter (after MedChain, arXiv 2412.01605): what, instead of what, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word

__all__ = ["Decision", "Move", "Stage"]


class Stage(StrEnum):
    """The stages of an encounter, in order."""

    REFERRAL = "referral"
    HISTORY = "history"
    EXAMINATION = "examination"
    DIAGNOSIS = "diagnosis"
    TREATMENT = "treatment"


class Move(StrEnum):
    """What an agent may do next; nothing else is a move."""

    ASK = "ask"
    ORDER = "order"
    COMMIT = "commit"
    ABSTAIN = "abstain"
    ESCALATE = "escalate"
    REOPEN = "reopen"


class Decision(Word):
    """`chosen` and `alternatives` are words of the stage's closed vocabulary; `citations` are evidence ids."""

    stage: Stage
    move: Move
    chosen: tuple[str, ...]
    alternatives: tuple[str, ...] = ()
    confidence: Unit | None = None
    calibrated: bool = False
    citations: Annotated[tuple[str, ...], Field(description="Evidence ids; empty only where nothing is claimed.")] = ()
    reason: str = ""

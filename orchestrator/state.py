"""The state of a run as LangGraph keeps it: plain JSON only, so that checkpoints hold no pixels and no code."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from wardround.contracts.roles import Role
from wardround.orchestrator.directory import Player
from wardround.orchestrator.reasoning.reasoner import Reasoner

__all__ = ["Answer", "Ask", "RunContext", "RunState"]

Json = dict[str, Any]


class Answer(TypedDict):
    """What one specialist gave in one step: a `report`, or a `problem`."""

    order: int
    role: str
    index: int
    report: Json | None
    problem: Json | None


class Ask(TypedDict):
    """One question of the fan-out."""

    order: int
    role: str
    index: int
    arguments: Json


class RunState(TypedDict, total=False):
    """Every value is JSON. `answers` and `timings` grow; the other keys are replaced by the step that owns them."""

    study: Json
    history: str
    prior_report: str
    created_at: str
    priors: dict[str, float]
    answer_share: float | None
    strategy: str
    prior: Json | None
    survival: Json | None
    refusal: Json | None
    screen: list[Json]
    view: str
    answers: Annotated[list[Answer], operator.add]
    timings: Annotated[list[Json], operator.add]
    missing: Annotated[list[Json], operator.add]
    warnings: Annotated[list[str], operator.add]
    ledger: list[Json]
    conclusions: list[Json]
    struck: list[Json]
    problems: list[str]
    abstention: str
    reasoning: Json | None
    narrative: str
    worded: bool
    calls: list[Json]


@dataclass(frozen=True)
class RunContext:
    """What a run works with but does not store: tools by role, whose numbers are trusted, who reasons."""

    players: dict[Role, tuple[Player, ...]]
    calibrated: frozenset[str]
    reasoner: Reasoner | None = None

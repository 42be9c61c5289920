"""The state of an encounter as LangGraph keeps it: plain JSON, one key for each thing that some step owns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from wardround.contracts.case import CaseMatches, CaseQuery
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import Problem
from wardround.contracts.study import Study
from wardround.contracts.survival import SurvivalEstimate, SurvivalQuestion

if TYPE_CHECKING:
    from wardround.orchestrator.encounter.costs import PriceTable
    from wardround.orchestrator.encounter.deciders.decider import Decider
    from wardround.orchestrator.encounter.gate.keeper import Gatekeeper

__all__ = ["EncounterContext", "EncounterOptions", "EncounterState", "Foresee", "ReadFilm", "Recall"]

Json = dict[str, Any]
# Similar cases from memory, or the problem why there are none.
Recall = Callable[[CaseQuery], Awaitable[tuple[CaseMatches | None, Problem | None]]]
# A survival estimate, or the problem why there is none.
Foresee = Callable[[SurvivalQuestion], Awaitable[tuple[SurvivalEstimate | None, Problem | None]]]
# Reads a film under a run id of the encounter's own, so that one that was read is not read again.
ReadFilm = Callable[[Study, str], Awaitable[Diagnosis]]


@dataclass(frozen=True)
class EncounterOptions:
    """How an encounter is bounded.

    Attributes:
        max_questions: to the patient, in one encounter.
        max_orders: beyond those that the history stage asked for.
        max_rounds: how often one stage is decided before its last decision stands with the dissent.
        max_reopenings: of earlier stages, in one encounter.
        red_flags: 'escalate' ends the encounter where a rule fires; 'note' only records it.
        least_support: below this share of the votes a diagnosis is not committed to, and the encounter abstains.
        cases: how many similar cases a stage sees.
        exclude: case ids that memory may not show.
        synthetic_cases: whether written cases may stand beside real ones.
    """

    max_questions: int = 8
    max_orders: int = 4
    max_rounds: int = 2
    max_reopenings: int = 1
    red_flags: Literal["escalate", "note"] = "escalate"
    least_support: float = 0.2
    cases: int = 5
    exclude: tuple[str, ...] = ()
    synthetic_cases: bool = True


class EncounterState(TypedDict, total=False):
    """Every value is JSON; each is replaced by the step that changes it, since the steps follow one another.

    `oracle` has the true decision of each stage, where later stages are to be fed with these: it serves to measure how
    much is lost on the way.
    """

    encounter_id: str
    created_at: str
    mode: str
    opening: Json
    stage: str
    facts: list[Json]
    found: Json
    decisions: list[Json]
    replaced: list[Json]
    verdicts: list[Json]
    turns: list[Json]
    cost: Json
    films: dict[str, Json]
    asked: list[Json]
    belief: dict[str, float]
    extra_orders: int
    wanted: Json
    proposal: Json
    faults: list[str]
    rounds: int
    stale: list[str]
    oracle: dict[str, Json]
    reopenings: int
    red_flags: list[Json]
    foreseen: bool
    prognosis: Json
    status: str
    stopped: str
    missing: list[Json]
    warnings: list[str]
    calls: list[Json]
    usage: Json


@dataclass(frozen=True)
class EncounterContext:
    """What an encounter works with but does not store."""

    gate: Gatekeeper
    decider: Decider
    prices: PriceTable
    recall: Recall
    read_film: ReadFilm
    foresee: Foresee
    options: EncounterOptions

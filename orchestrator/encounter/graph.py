"""The flow of an encounter as a LangGraph graph: five stages, each gathered for, decided, judged, perhaps reopened.

    open ─┬─ a red flag ─────────────────────────────── end (escalated)
          └─ recall ─ think ─┬─ ask ─── recall
                ▲     ▲      ├─ order ─ think (a film goes through the diagnosis graph)
                │     │      └─ decide ─ judge ─┬─ faults ─ decide
                └──── next stage, or an earlier ┴─ end (finished, abstained, escalated)

On the way to the treatment a survival estimate is asked for (foresee), where the opening wants one.

Similar cases are recalled when a stage begins, and again after every answer.

Every step is a checkpoint, so that an encounter goes on where its process ended; an order's price and result are
entered by its id, so that a step that is done again pays nothing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from wardround.contracts.decision import Move, Stage
from wardround.contracts.encounter import EncounterStatus
from wardround.orchestrator.encounter.foresight import foresee, wants_foresight
from wardround.orchestrator.encounter.judging import decide, judge
from wardround.orchestrator.encounter.opening import open_encounter
from wardround.orchestrator.encounter.state import EncounterContext, EncounterState
from wardround.orchestrator.encounter.steps import ask, order, recall, think

__all__ = ["EncounterGraph", "build_encounter_graph"]

EncounterGraph = CompiledStateGraph[EncounterState, EncounterContext, EncounterState, EncounterState]


def _ended(state: Mapping[str, Any]) -> bool:
    return bool(state["status"] != EncounterStatus.RUNNING.value)


def _after_answer(state: EncounterState) -> str:
    return END if _ended(state) else "recall"


def _after_result(state: EncounterState) -> str:
    return END if _ended(state) else "think"


def _after_opening(state: EncounterState) -> str:
    return END if _ended(state) else "recall"


def _after_thought(state: EncounterState) -> str:
    return {Move.ASK.value: "ask", Move.ORDER.value: "order"}.get(state["wanted"]["move"], "decide")


def _after_verdict(state: EncounterState, runtime: Runtime[EncounterContext]) -> str:
    if _ended(state):
        return END
    if state.get("faults"):
        return "decide"
    return "foresee" if wants_foresight(state) else "recall"


def build_encounter_graph(checkpointer: BaseCheckpointSaver[str] | None) -> EncounterGraph:
    """The compiled graph; its input is an `EncounterState` as `begun` makes it."""
    graph = StateGraph(EncounterState, context_schema=EncounterContext)
    graph.add_node("open", open_encounter)
    graph.add_node("recall", recall)
    graph.add_node("think", think)
    graph.add_node("ask", ask)
    graph.add_node("order", order)
    graph.add_node("decide", decide)
    graph.add_node("judge", judge)
    graph.add_node("foresee", foresee)
    graph.add_edge(START, "open")
    graph.add_conditional_edges("open", _after_opening, ["recall", END])
    graph.add_edge("recall", "think")
    graph.add_conditional_edges("think", _after_thought, ["ask", "order", "decide"])
    graph.add_conditional_edges("ask", _after_answer, ["recall", END])
    graph.add_conditional_edges("order", _after_result, ["think", END])
    graph.add_edge("decide", "judge")
    graph.add_conditional_edges("judge", _after_verdict, ["decide", "foresee", "recall", END])
    graph.add_edge("foresee", "recall")
    return graph.compile(checkpointer=checkpointer, name="encounter")


def begun(
    encounter_id: str, created_at: str, mode: str, opening: dict[str, Any], cost: dict[str, Any]
) -> EncounterState:
    """The state in which every encounter begins."""
    return EncounterState(
        encounter_id=encounter_id,
        created_at=created_at,
        mode=mode,
        opening=opening,
        stage=Stage.REFERRAL.value,
        status=EncounterStatus.RUNNING.value,
        cost=cost,
    )

"""The deciding steps of an encounter: a decision, its checks by program and judge, and where it goes from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wardround.contracts.decision import STAGES, Decision, Dissent, Move, Stage, Verdict
from wardround.contracts.encounter import EncounterStatus, Fact, FactKind
from wardround.contracts.own_version import own_version
from wardround.orchestrator.encounter.checks import faults_of
from wardround.orchestrator.encounter.deciders.cases import CasesDecider
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.state import EncounterState
from wardround.orchestrator.encounter.steps import Context, Update, spent, turn, view_of

__all__ = ["PROGRAM", "decide", "judge"]

PROGRAM = "program"
_ENDS = {Move.ABSTAIN: EncounterStatus.ABSTAINED, Move.ESCALATE: EncounterStatus.ESCALATED}


async def decide(state: EncounterState, runtime: Context) -> Update:
    """Has the decider decide the current stage, with the faults of its last decision before it."""
    view = view_of(state, runtime)
    decision = await runtime.context.decider.decide(view)
    rounds = state.get("rounds", 0) + 1
    return {
        **spent(state, view),
        "facts": view.book.dump(),
        "proposal": decision.model_dump(mode="json"),
        "rounds": rounds,
    }


async def judge(state: EncounterState, runtime: Context) -> Update:
    """Checks the decision by program, then by the decider's judge, and moves on, back, or to the end.

    A decision that a program faults never stands: after the last round the stage is decided by case votes, or the
    encounter abstains. A judge's faults do not outlast the rounds: the decision then stands with the dissent.
    """
    view, context = view_of(state, runtime), runtime.context
    decision = Decision.model_validate(state["proposal"])
    view.previous, view.faults = None, ()
    faults = faults_of(decision, view.book)
    verdict = Verdict(accepted=not faults, faults=faults, judge=PROGRAM)
    if not faults:
        verdict = await context.decider.judge(view, decision)
    update: Update = {
        **spent(state, view),
        "verdicts": [*state.get("verdicts", []), verdict.model_dump(mode="json")],
        "faults": [],
    }
    again = state.get("rounds", 1) < context.options.max_rounds
    if verdict.accepted:
        return {**update, **_settled(state, runtime, decision, view.book)}
    if verdict.reopen is not None and verdict.reopen in view.stage.before:
        if state.get("reopenings", 0) < context.options.max_reopenings:
            return {**update, **_reopened(state, runtime, decision, verdict, verdict.reopen)}
    elif again and not _stagnant(state, decision, verdict):
        faults = verdict.faults or ("The judge did not accept it.",)
        return {**update, "faults": list(faults), "stale": _mark(decision, verdict)}
    if verdict.judge != PROGRAM:
        held = Dissent(voice=verdict.judge, chosen=(), reason=" ".join(verdict.faults)[:500])
        decision = decision.model_copy(update={"dissent": (*decision.dissent, held)})
        return {**update, **_settled(state, runtime, decision, view.book)}
    return {**update, **await _fallen_back(state, runtime, verdict)}


def _stagnant(state: EncounterState, decision: Decision, verdict: Verdict) -> bool:
    """Whether the same decision was faulted in the same words before: asking again would give it again."""
    return state.get("stale", []) == _mark(decision, verdict)


def _mark(decision: Decision, verdict: Verdict) -> list[str]:
    return [*decision.chosen, *verdict.faults]


async def _fallen_back(state: EncounterState, runtime: Context, verdict: Verdict) -> Update:
    view = view_of(state, runtime)
    decision = await CasesDecider().decide(view)
    faults = faults_of(decision, view.book)
    if faults:
        decision = decision.model_copy(update={"move": Move.ABSTAIN, "chosen": (), "reason": " ".join(faults)})
    told = f"{view.stage.value}: no decision of '{runtime.context.decider.name}' passed the checks; case votes stand."
    warnings = [*state.get("warnings", []), told]
    return {"warnings": warnings, **_settled(state, runtime, decision, view.book)}


def _settled(state: EncounterState, runtime: Context, decision: Decision, book: Notebook) -> Update:
    """Enters the decision in force, and goes to the next stage or to the end."""
    stage = decision.stage
    kept = [one for one in state.get("decisions", []) if one["stage"] != stage.value]
    what = ", ".join(decision.chosen) or decision.reason
    update: Update = {
        **turn(state, decision.move, what, decision.source, decision.reason, decision.citations),
        "decisions": [*kept, decision.model_dump(mode="json")],
        "rounds": 0,
        "stale": [],
        "wanted": {},
        "proposal": {},
    }
    if decision.move in _ENDS:
        return {**update, "status": _ENDS[decision.move].value, "stopped": decision.reason}
    if stage is Stage.EXAMINATION and decision.chosen:
        told = state.get("oracle", {}).get(stage.value)
        book.add(_report(Decision.model_validate(told) if told else decision))
        update["facts"] = book.dump()
    if stage is STAGES[-1]:
        return {**update, "status": EncounterStatus.FINISHED.value}
    return {**update, "stage": STAGES[STAGES.index(stage) + 1].value}


def _report(decision: Decision) -> Fact:
    return Fact(
        id="",
        kind=FactKind.REPORT,
        stage=Stage.EXAMINATION,
        name="report",
        text="\n".join(decision.chosen)[:4000],
        source=decision.source,
        version=own_version(),
    )


def _reopened(state: EncounterState, runtime: Context, decision: Decision, verdict: Verdict, earlier: Stage) -> Update:
    """Gives up all decisions from the earlier stage on; facts and what was paid for stay."""
    in_force: Sequence[dict[str, Any]] = state.get("decisions", [])
    dropped = [one for one in in_force if Stage(one["stage"]) not in earlier.before]
    why = " ".join(verdict.faults)
    return {
        **turn(state, Move.REOPEN, earlier.value, verdict.judge, why),
        "decisions": [one for one in in_force if one not in dropped],
        "replaced": [*state.get("replaced", []), *dropped, decision.model_dump(mode="json")],
        "stage": earlier.value,
        "reopenings": state.get("reopenings", 0) + 1,
        "rounds": 0,
        "stale": [],
        "wanted": {},
        "proposal": {},
        "warnings": [*state.get("warnings", []), f"{earlier.value} was reopened: {why}"],
    }

"""The gathering steps of an encounter: similar cases, the next move, a question, an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from wardround.contracts.case import CaseMatch, CaseMatches
from wardround.contracts.clinic import exam_named
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.diagnosis import Missing
from wardround.contracts.encounter import (
    Answer,
    AnswerStatus,
    CostLedger,
    EncounterUsage,
    Fact,
    FactKind,
    Order,
    OrderResult,
    OrderStatus,
    Question,
    Turn,
)
from wardround.contracts.roles import Role
from wardround.orchestrator.encounter.costs import charge
from wardround.orchestrator.encounter.deciders.decider import Similar, View, Wanted
from wardround.orchestrator.encounter.films import film_facts
from wardround.orchestrator.encounter.flags import flagged
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.query import case_query
from wardround.orchestrator.encounter.questions import exam_belief
from wardround.orchestrator.encounter.state import EncounterContext, EncounterState

__all__ = ["Context", "Update", "ask", "order", "recall", "think", "turn", "view_of"]

Context = Runtime[EncounterContext]
Update = dict[str, Any]
_PICTURED = "film"


def turn(
    state: EncounterState, move: Move, what: str, by: str, reason: str = "", facts: tuple[str, ...] = ()
) -> Update:
    """The state's turns and one more; it is told to whoever listens, too."""
    turns = state.get("turns", [])
    made = Turn(
        number=len(turns) + 1,
        stage=Stage(state["stage"]),
        move=move,
        what=what[:300],
        by=by,
        reason=reason,
        facts=facts,
    )
    get_stream_writer()({"specialist": by, "role": made.stage.value, "message": f"{move.value}: {made.what}"})
    return {"turns": [*turns, made.model_dump(mode="json")]}


def view_of(state: EncounterState, runtime: Context, *, citable: bool = True) -> View:
    """The current stage as its decider sees it.

    Args:
        citable: whether similar cases are entered as facts; while questions are asked they only lead to the next one.
    """
    book = Notebook.of(state)
    previous = state.get("proposal")
    return View(
        stage=Stage(state["stage"]),
        book=book,
        similar=_similar(state, book, citable),
        options=runtime.context.options,
        asked=[Wanted.model_validate(one) for one in state.get("asked", [])],
        faults=tuple(state.get("faults", [])),
        previous=Decision.model_validate(previous) if previous and state.get("faults") else None,
        belief=state.get("belief", {}),
    )


def spent(state: EncounterState, view: View) -> Update:
    """What a decider's calls add to the state."""
    usage = view.usage(EncounterUsage.model_validate(state.get("usage", {})))
    return {
        "usage": usage.model_dump(mode="json"),
        "calls": [*state.get("calls", []), *view.calls],
        "warnings": [*state.get("warnings", []), *view.warnings],
    }


def _similar(state: EncounterState, book: Notebook, citable: bool) -> list[Similar]:
    if not state.get("found"):
        return []
    found, stage = CaseMatches.model_validate(state["found"]), Stage(state["stage"])
    facts = [_case_fact(match, found, stage) for match in found.matches]
    return [Similar(*pair) for pair in zip(book.add_all(facts) if citable else facts, found.matches, strict=True)]


async def recall(state: EncounterState, runtime: Context) -> Update:
    """Asks case memory what the stage may know of similar cases."""
    book, stage = Notebook.of(state), Stage(state["stage"])
    if stage is Stage.EXAMINATION:
        return {"found": {}}
    # A referral that is reopened goes by the history, too: the complaint alone would lead to the same department again.
    known = Stage.HISTORY if stage is Stage.REFERRAL and state.get("reopenings") else stage
    found, problem = await runtime.context.recall(case_query(book, known, runtime.context.options))
    if found is None:
        missing = [*state.get("missing", [])]
        if problem is not None:
            told = Missing(specialist="case memory", role=Role.RECALL.value, problem=problem).model_dump(mode="json")
            missing += [told] if told not in missing else []
        return {"found": {}, "missing": missing}
    return {
        "found": found.model_dump(mode="json"),
        "warnings": list(dict.fromkeys([*state.get("warnings", []), *found.warnings])),
    }


def _case_fact(match: CaseMatch, found: CaseMatches, stage: Stage) -> Fact:
    return Fact(
        id="",
        kind=FactKind.CASE,
        stage=stage,
        name="similar case",
        text=match.fields.chief_complaint[:300],
        weight=match.similarity,
        ref=match.case_id,
        source=f"{match.trust.value}: {found.model}",
        version=found.version,
        synthetic=match.synthetic,
    )


def _owed(state: EncounterState, book: Notebook) -> Wanted | None:
    """The next examination that the history stage chose and nobody has ordered yet."""
    chosen = book.decisions[Stage.HISTORY].chosen if Stage.HISTORY in book.decisions else ()
    ordered = {one.exam for one in _asked(state)}
    for name in chosen:
        exam = exam_named(name)
        if exam is not None and exam not in ordered:
            return Wanted(move=Move.ORDER, exam=exam, reason="chosen at the history stage")
    return None


def _asked(state: Mapping[str, Any]) -> list[Wanted]:
    return [Wanted.model_validate(one) for one in state.get("asked", [])]


async def think(state: EncounterState, runtime: Context) -> Update:
    """What to do next at this stage; bounds and repetitions are a program's business, not the decider's."""
    stage, book, options = Stage(state["stage"]), Notebook.of(state), runtime.context.options
    commit = Wanted(move=Move.COMMIT).model_dump(mode="json")
    if stage not in (Stage.HISTORY, Stage.EXAMINATION):
        return {"wanted": commit}
    if stage is Stage.EXAMINATION:
        owed = _owed(state, book)
        if owed is not None:
            return {"wanted": owed.model_dump(mode="json")}
    asked = _asked(state)
    questions = sum(one.move is Move.ASK for one in asked)
    if stage is Stage.HISTORY and questions >= options.max_questions:
        return {"wanted": commit}
    if stage is Stage.EXAMINATION and state.get("extra_orders", 0) >= options.max_orders:
        return {"wanted": commit}
    view = view_of(state, runtime, citable=False)
    wanted = await runtime.context.decider.next_move(view)
    fitting = Move.ASK if stage is Stage.HISTORY else Move.ORDER
    repeated = any((one.topic, one.words, one.exam) == (wanted.topic, wanted.words, wanted.exam) for one in asked)
    if wanted.move is not fitting or repeated or (wanted.topic is None and wanted.exam is None):
        wanted = Wanted(move=Move.COMMIT)
    return {**spent(state, view), "wanted": wanted.model_dump(mode="json"), "belief": exam_belief(view.similar)}


async def ask(state: EncounterState, runtime: Context) -> Update:
    """Puts a question. Where a person answers, the encounter waits here, for days if need be."""
    wanted = Wanted.model_validate(state["wanted"])
    assert wanted.topic is not None
    asked = state.get("asked", [])
    question = Question(id=f"Q{len(asked) + 1}", topic=wanted.topic, words=wanted.words)
    answer = await runtime.context.gate.answer(question)
    if answer.status is AnswerStatus.WAITING:
        answer = Answer.model_validate(interrupt({"question": question.model_dump(mode="json")}))
    book = Notebook.of(state)
    fact = book.add(
        Fact(
            id="",
            kind=FactKind.ANSWER,
            stage=Stage(state["stage"]),
            name=question.topic.value,
            text=answer.text,
            available=answer.status is AnswerStatus.ANSWERED,
            ref=question.id,
            source=answer.source,
        )
    )
    what = f"{question.topic.value}{': ' + question.words if question.words else ''}"
    told = turn(state, Move.ASK, what, runtime.context.decider.name, wanted.reason, (fact.id,))
    update: Update = {**told, "facts": book.dump(), "asked": [*asked, wanted.model_dump(mode="json")]}
    return {**update, **flagged({**state, **update}, book, runtime.context.options)}


async def order(state: EncounterState, runtime: Context) -> Update:
    """Places an order: charges it once, and enters its result, or that there is none."""
    wanted = Wanted.model_validate(state["wanted"])
    assert wanted.exam is not None
    asked, context = state.get("asked", []), runtime.context
    placed = Order(id=f"O{len(asked) + 1}", exam=wanted.exam)
    ledger, entry = charge(CostLedger.model_validate(state["cost"]), placed, context.prices)
    if entry.vetoed:
        result = OrderResult(order_id=placed.id, exam=placed.exam, status=OrderStatus.VETOED, source="budget")
    else:
        result = await context.gate.result(placed)
        if result.status is OrderStatus.WAITING:
            result = OrderResult.model_validate(interrupt({"order": placed.model_dump(mode="json")}))
    book = Notebook.of(state)
    facts, problems = await film_facts(state, result, context, book)
    if not facts:
        facts = (book.add(_result_fact(result, Stage(state["stage"]))),)
    told = turn(
        state,
        Move.ORDER,
        f"{placed.exam.value} ({ledger.currency} {entry.price:g}{', vetoed' if entry.vetoed else ''})",
        context.decider.name,
        wanted.reason,
        tuple(fact.id for fact in facts),
    )
    extra = state.get("extra_orders", 0) + (_owed(state, book) is None)
    update: Update = {
        **told,
        "facts": book.dump(),
        "asked": [*asked, wanted.model_dump(mode="json")],
        "cost": ledger.model_dump(mode="json"),
        "extra_orders": extra,
        "missing": [*state.get("missing", []), *problems],
    }
    return {**update, **flagged({**state, **update}, book, context.options)}


def _result_fact(result: OrderResult, stage: Stage) -> Fact:
    return Fact(
        id="",
        kind=FactKind.RESULT,
        stage=stage,
        name=result.exam.value,
        text=result.text,
        available=result.status is OrderStatus.AVAILABLE and bool(result.text),
        ref=result.order_id,
        source=result.source if result.status is OrderStatus.AVAILABLE else f"{result.source}: {result.status.value}",
    )

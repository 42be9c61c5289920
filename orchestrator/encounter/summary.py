"""An encounter in words: for clients that read no structured content, and for whoever is asked a question."""

from __future__ import annotations

from collections.abc import Iterator

from wardround.contracts.base import NOTICE
from wardround.contracts.decision import Decision
from wardround.contracts.encounter import Encounter, EncounterStatus

__all__ = ["decision_text", "encounter_text", "question_text"]

_MAX_FACTS = 40


def question_text(encounter: Encounter) -> str:
    """What a person is asked, in a sentence that says what an answer is for; empty where nothing is open."""
    question, order = encounter.open_question, encounter.open_order
    if question is not None:
        about = f", in particular: {question.words}" if question.words else ""
        return f"Please tell about: {question.topic.value}{about}. 'I do not know' is an answer. {NOTICE}"
    if order is not None:
        return f"What did this examination find: {order.exam.value}? Say 'not available' if it was not done. {NOTICE}"
    return ""


def decision_text(decision: Decision) -> str:
    """One decision in a line: what, how sure, on what."""
    sure = ""
    if decision.confidence is not None:
        sure = f" ({'probability' if decision.calibrated else 'score'} {decision.confidence:.2f})"
    parts = [", ".join(decision.chosen) or decision.move.value]
    if decision.sub_departments:
        parts.append(f"({', '.join(decision.sub_departments)})")
    if decision.urgency:
        parts.append(f"[{decision.urgency}]")
    cited = f" [{', '.join(decision.citations)}]" if decision.citations else ""
    return f"{decision.stage.value}: {' '.join(parts)}{sure}{cited}"


def encounter_text(encounter: Encounter) -> str:
    """The whole in a few lines, with the notice."""
    return "\n".join(_lines(encounter))


def _lines(encounter: Encounter) -> Iterator[str]:
    yield f"Encounter {encounter.encounter_id}: {encounter.status.value}."
    if encounter.synthetic:
        yield "SYNTHETIC: a written case or a phantom film, no person."
    yield from (f"Red flag: {flag.name} ({flag.source})." for flag in encounter.red_flags)
    yield from (decision_text(decision) for decision in encounter.decisions)
    if encounter.stopped:
        yield f"Ended early: {encounter.stopped}"
    cost = encounter.cost
    if cost.charges:
        limit = f" of {cost.budget:g}" if cost.budget is not None else ""
        yield f"Orders: {cost.currency} {cost.total:g}{limit} by the price table."
    yield from (f"Missing: {one.specialist}: {one.problem.message}" for one in encounter.missing)
    yield from (f"Note: {one}" for one in encounter.warnings)
    if encounter.status is EncounterStatus.WAITING:
        open_ = encounter.open_question or encounter.open_order
        assert open_ is not None
        yield f"Waiting for an answer to {open_.id}: {question_text(encounter)}"
    yield "Facts:"
    for fact in encounter.facts[:_MAX_FACTS]:
        told = fact.text if fact.available else "not available"
        yield f"  {fact.id} {fact.kind.value} {fact.name}: {told[:300]}"
    yield NOTICE

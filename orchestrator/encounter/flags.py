"""Red flags during an encounter: what fires is recorded, and ends the encounter where it must not wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardround.contracts.clinic import Department, Urgency
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import EncounterStatus, Fact, FactKind, RedFlag
from wardround.contracts.own_version import own_version
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.red_flags.rules import red_flags
from wardround.orchestrator.encounter.state import EncounterOptions

__all__ = ["SOURCE", "flagged"]

SOURCE = "red flag rules"
_ESCALATE = "escalate"


def flagged(state: Mapping[str, Any], book: Notebook, options: EncounterOptions) -> dict[str, Any]:
    """What newly fires: the flags, their facts, and the end of the encounter where one is an emergency."""
    known = {one["rule"] for one in state.get("red_flags", [])}
    new = [one for one in red_flags(book.facts, book.opening) if one.rule not in known]
    if not new:
        return {}
    stage = Stage(state["stage"])
    facts = book.add_all(_fact(one, stage) for one in new)
    update: dict[str, Any] = {
        "red_flags": [*state.get("red_flags", []), *(one.model_dump(mode="json") for one in new)],
        "facts": book.dump(),
    }
    urgent = [one for one in new if one.urgency == Urgency.EMERGENCY.value]
    if urgent and options.red_flags == _ESCALATE:
        update |= _ended(state, urgent, stage, tuple(fact.id for fact in facts))
    return update


def _ended(state: Mapping[str, Any], urgent: list[RedFlag], stage: Stage, facts: tuple[str, ...]) -> dict[str, Any]:
    names = "; ".join(one.name for one in urgent)
    decision = Decision(
        stage=stage,
        move=Move.ESCALATE,
        chosen=(Department.EMERGENCY.value,) if stage is Stage.REFERRAL else (),
        urgency=Urgency.EMERGENCY.value,
        citations=facts,
        reason=f"A rule fired that must not wait: {names}.",
        source=SOURCE,
        version=own_version(),
    )
    return {
        "status": EncounterStatus.ESCALATED.value,
        "stopped": f"Escalated to a person at once: {names}.",
        "decisions": [*state.get("decisions", []), decision.model_dump(mode="json")],
    }


def _fact(flag: RedFlag, stage: Stage) -> Fact:
    return Fact(
        id="",
        kind=FactKind.RED_FLAG,
        stage=stage,
        name=flag.name,
        text=f"{flag.name} (from {', '.join(flag.facts)}; {flag.source})",
        ref=flag.rule,
        source=SOURCE,
        version=own_version(),
    )

"""The first step of an encounter: who comes, with what complaint, and whether it can wait at all."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from wardround.contracts.decision import Stage
from wardround.contracts.encounter import Fact, FactKind, Opening
from wardround.contracts.study import Sex
from wardround.orchestrator.encounter.flags import flagged
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.state import EncounterContext, EncounterState

__all__ = ["open_encounter"]


async def open_encounter(state: EncounterState, runtime: Runtime[EncounterContext]) -> dict[str, Any]:
    """Enters age, sex and complaint as the first facts, and looks for red flags in them."""
    opening = Opening.model_validate(state["opening"])
    book, source = Notebook([], [], opening), runtime.context.gate.name
    person = _person(opening)
    if person:
        book.add(_fact(FactKind.PATIENT, "age and sex", person, source))
    book.add(_fact(FactKind.COMPLAINT, "chief complaint", opening.chief_complaint, source))
    update: dict[str, Any] = {"facts": book.dump()}
    return {**update, **flagged({**state, **update}, book, runtime.context.options)}


def _person(opening: Opening) -> str:
    age, sex = opening.patient.age_years, opening.patient.sex
    words = {Sex.FEMALE: "female", Sex.MALE: "male", Sex.OTHER: "sex other", Sex.UNKNOWN: ""}[sex]
    return ", ".join(part for part in (f"{age} years" if age is not None else "", words) if part)


def _fact(kind: FactKind, name: str, text: str, source: str) -> Fact:
    return Fact(id="", kind=kind, stage=Stage.REFERRAL, name=name, text=text, source=source)

"""Small records and encounters whose scores can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import CostLedger, Encounter, EncounterMode, EncounterStatus, Opening, Turn

__all__ = ["decided", "encounter", "record"]


def record(case_id: str = "one", **fields: Any) -> Case:
    """A written record; without fields, one of pneumonia in internal medicine."""
    told: dict[str, Any] = {
        "department": "internal medicine",
        "sub_departments": ("respiratory medicine",),
        "physical_examination": {"chest": "crackles", "vital signs": "38.4 °C"},
        "auxiliary_examination": {"X线片": "opacity", "blood": "leucocytes 14"},
        "image_report": "Consolidation in the right lower lobe. No effusion.",
        "diagnoses": ("pneumonia",),
        "treatments": ("antibiotics", "medication"),
        **fields,
    }
    return Case(case_id=case_id, trust=CaseTrust.VALIDATED, provenance="a test", licence="none", synthetic=True, **told)


def decided(stage: Stage, *chosen: str, move: Move = Move.COMMIT, sub: Sequence[str] = ()) -> Decision:
    """A decision without reasons."""
    return Decision(stage=stage, move=move, chosen=chosen, sub_departments=tuple(sub), source="nobody", version="1")


def encounter(
    decisions: Mapping[Stage, Decision] | Sequence[Decision],
    *,
    status: EncounterStatus = EncounterStatus.FINISHED,
    turns: Sequence[Move] = (),
    cost: CostLedger | None = None,
    mode: EncounterMode = EncounterMode.CASES,
) -> Encounter:
    """An encounter that ended with these decisions in force."""
    made = decisions.values() if isinstance(decisions, Mapping) else decisions
    return Encounter(
        encounter_id="E1",
        created_at="2026-01-01T00:00:00Z",
        mode=mode,
        status=status,
        opening=Opening(chief_complaint="cough"),
        stage=Stage.TREATMENT,
        decisions=tuple(made),
        turns=tuple(
            Turn(number=number, stage=Stage.HISTORY, move=move, what="a move", by="nobody")
            for number, move in enumerate(turns, start=1)
        ),
        cost=cost or CostLedger(),
        reasoner="votes",
    )

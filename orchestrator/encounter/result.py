"""Makes the one typed result of an encounter from the state that its graph has reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardround.contracts.decision import STAGES
from wardround.contracts.encounter import Encounter, EncounterStatus, FactKind

__all__ = ["encounter_of"]

_TAKEN = (
    *("encounter_id", "created_at", "mode", "opening", "stage", "replaced", "verdicts", "turns", "facts"),
    *("red_flags", "prognosis", "cost", "stopped", "missing", "warnings", "usage"),
)


def encounter_of(state: Mapping[str, Any], waiting: Mapping[str, Any] | None, reasoner: str) -> Encounter:
    """The encounter as it stands; `waiting` has the question or order that a person is waited for."""
    order = [stage.value for stage in STAGES]
    decisions = sorted(state.get("decisions", []), key=lambda one: order.index(one["stage"]))
    status = EncounterStatus.WAITING.value if waiting else state["status"]
    # A written case beside a real person's makes the encounter no less real; a phantom's film does.
    films = [one for one in state.get("facts", []) if one["kind"] == FactKind.FILM.value]
    synthetic = bool(state["opening"].get("synthetic")) or any(one["synthetic"] for one in films)
    return Encounter.model_validate(
        {
            **{key: state[key] for key in _TAKEN if key in state},
            "status": status,
            "decisions": decisions,
            "open_question": (waiting or {}).get("question"),
            "open_order": (waiting or {}).get("order"),
            "reasoner": reasoner,
            "synthetic": synthetic,
        }
    )

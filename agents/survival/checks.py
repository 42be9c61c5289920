"""What `wardround doctor` asks of this room: is each survival model what was written?"""

from __future__ import annotations

from wardround.agents.survival.folder import load
from wardround.agents.survival.registry import SHELF
from wardround.contracts.errors import WardroundError
from wardround.contracts.health import Check, Health

__all__ = ["checks"]


def checks() -> list[Check]:
    """One line for each model that comes along or is the user's own."""
    found = []
    for name, folder in SHELF.folders().items():
        try:
            detail, health, fix = load(folder).card.version, Health.OK, ""
        except WardroundError as error:
            detail, health, fix = error.problem.message, Health.FAIL, error.problem.hint
        found.append(Check(name=f"survival model {name}", health=health, detail=detail, fix=fix))
    return found

"""What `wardround doctor` asks of this room: is each survival model what was written?"""

from __future__ import annotations

from wardround.agents.survival.folder import load
from wardround.agents.survival.registry import SHELF
from wardround.contracts.health import Check

__all__ = ["checks"]


def checks() -> list[Check]:
    """One line for each model that comes along or is the user's own."""
    return SHELF.checks(lambda folder: load(folder).card.version)

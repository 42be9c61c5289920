"""The players of a run that is taken up again: those it began with, with a silence in the place of each that is gone.

A checkpoint names a question's player by its place in the list, so that the list must stay as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.types import CallToolResult

from wardround.contracts.errors import Fault, ProblemCode
from wardround.contracts.roles import Role
from wardround.orchestrator.directory import Player
from wardround.orchestrator.link import Progress
from wardround.orchestrator.tape import Part

__all__ = ["rejoined"]


@dataclass(frozen=True)
class _Gone:
    """Stands for a specialist that no longer offers the tool that the run began with."""

    name: str

    async def call(self, tool: str, arguments: dict[str, Any], progress: Progress | None = None) -> CallToolResult:
        """Says that nobody is there."""
        raise Fault(
            ProblemCode.SPECIALIST_DOWN,
            f"The specialist '{self.name}' was there when the run began, and is not any more.",
            "Start it again; the next run will find it.",
        )


def rejoined(parts: Sequence[Part], players: Mapping[Role, tuple[Player, ...]]) -> dict[Role, tuple[Player, ...]]:
    """The run's own players in their own order; who has come since takes no part."""
    there = {(one.role, one.specialist, one.tool): one for those in players.values() for one in those}
    found: dict[Role, list[Player]] = {role: [] for role in Role}
    for part in parts:
        gone = Player(part.role, part.tool, frozenset(part.accepts), _Gone(part.specialist))
        found[part.role].append(there.get((part.role, part.specialist, part.tool), gone))
    return {role: tuple(those) for role, those in found.items()}

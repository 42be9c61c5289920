"""Who plays which role: tools are found by the role in their metadata (or in the configuration), never by name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from mcp.types import CallToolResult, Tool

from wardround.contracts.errors import Problem, WardroundError
from wardround.contracts.roles import BODY_PART_KEY, MODALITY_KEY, ROLE_KEY, Role
from wardround.orchestrator.config import SpecialistConfig
from wardround.orchestrator.link import Link, Progress

__all__ = ["Directory", "Line", "Player", "Silent"]

_MODALITIES = frozenset({"CR", "DX"})


class Line(Protocol):
    """What a player calls its specialist by: a live link, or one that records or replays."""

    @property
    def name(self) -> str:
        """The specialist's configured name."""

    async def call(self, tool: str, arguments: dict[str, Any], progress: Progress | None = None) -> CallToolResult:
        """The tool's result; raises what the specialist, or its silence, amounts to (see `Link.call`)."""


@dataclass(frozen=True)
class Player:
    """One tool of one specialist that plays a role."""

    role: Role
    tool: str
    accepts: frozenset[str]
    line: Line

    @property
    def specialist(self) -> str:
        """The specialist's configured name."""
        return self.line.name

    async def call(self, arguments: Mapping[str, Any], progress: Progress | None = None) -> CallToolResult:
        """Calls the tool with those of the role's arguments that its input schema names."""
        return await self.line.call(self.tool, {k: v for k, v in arguments.items() if k in self.accepts}, progress)


@dataclass(frozen=True)
class Silent:
    """A specialist that could not be asked what it offers."""

    specialist: str
    problem: Problem


class Directory:
    """The connections to all enabled specialists, and their tools by role."""

    def __init__(self, links: Mapping[str, Link], configs: Mapping[str, SpecialistConfig]) -> None:
        self._links = dict(links)
        self._configs = dict(configs)

    async def start(self) -> None:
        """Begins all connections at once."""
        for link in self._links.values():
            await link.start()

    async def stop(self) -> None:
        """Ends them all."""
        await asyncio.gather(*(link.stop() for link in self._links.values()))

    async def players(self) -> tuple[dict[Role, tuple[Player, ...]], tuple[Silent, ...]]:
        """Every role's tools, in order of configuration, and who is silent; asked anew for each run."""
        names = list(self._links)
        answers = await asyncio.gather(*(self._links[name].tools() for name in names), return_exceptions=True)
        found: dict[Role, list[Player]] = {role: [] for role in Role}
        silent: list[Silent] = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, WardroundError):
                silent.append(Silent(name, answer.problem))
                continue
            if isinstance(answer, BaseException):
                raise answer
            for tool in answer:
                role = self._role(name, tool)
                if role is not None:
                    accepts = frozenset(tool.input_schema.get("properties", {}))
                    found[role].append(Player(role, tool.name, accepts, self._links[name]))
        return {role: tuple(players) for role, players in found.items()}, tuple(silent)

    def _role(self, specialist: str, tool: Tool) -> Role | None:
        for role, name in self._configs[specialist].roles.items():
            if name == tool.name:
                return role
        meta = tool.meta or {}
        modality = meta.get(MODALITY_KEY, ["CR", "DX"])
        if not isinstance(modality, list) or not _MODALITIES.intersection(map(str, modality)):
            return None
        if meta.get(BODY_PART_KEY, "CHEST") != "CHEST":
            return None
        with suppress(ValueError):
            return Role(str(meta.get(ROLE_KEY)))
        return None

"""The tape of a run: every call to a specialist or a language model, with its answer, so that it can be replayed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from mcp.types import CallToolResult
from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.errors import Problem, WardroundError
from wardround.contracts.language import Heard, LanguageModel, ModelReply, ModelRequest
from wardround.contracts.roles import Role
from wardround.orchestrator.directory import Line, Player
from wardround.orchestrator.link import Progress
from wardround.orchestrator.reasoning.reasoner import Reasoner
from wardround.providers.typed import request_digest

__all__ = ["Entry", "EntryKind", "Part", "Setup", "Write", "call_key", "recorded", "taped"]


class EntryKind(StrEnum):
    """Who was called."""

    TOOL = "tool"
    MODEL = "model"


class Entry(Word):
    """One call. `key` digests who was asked what; exactly one of `answer` and `problem` is set."""

    kind: EntryKind
    who: str
    key: str
    answer: dict[str, Any] | None = None
    problem: Problem | None = None
    seconds: float = 0.0


class Part(Word):
    """One tool that played a role in the run."""

    role: Role
    specialist: str
    tool: str
    accepts: tuple[str, ...]


class Setup(Word):
    """All that a run began with beside the answers on its tape. `begun` is the graph's input."""

    begun: dict[str, Any]
    players: tuple[Part, ...]
    silent: tuple[dict[str, Any], ...] = ()
    calibrated: tuple[str, ...] = ()
    reasoner: dict[str, Any] | None = None
    prompts: dict[str, str] = Field(default_factory=dict)
    wardround_version: str = ""


Write = Callable[[Entry], Awaitable[None]]


def call_key(who: str, tool: str, arguments: Mapping[str, Any]) -> str:
    """Digest of a call to a specialist: its name, the tool, and the arguments as canonical JSON."""
    canonical = json.dumps([who, tool, arguments], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(canonical.encode('ascii')).hexdigest()}"


class _RecordedLine:
    """A specialist whose every answer goes onto the tape."""

    def __init__(self, line: Line, write: Write) -> None:
        self._line = line
        self._write = write

    @property
    def name(self) -> str:
        """The specialist's own."""
        return self._line.name

    async def call(self, tool: str, arguments: dict[str, Any], progress: Progress | None = None) -> CallToolResult:
        """Calls the tool, and writes down what it answered."""
        entry = Entry(kind=EntryKind.TOOL, who=self.name, key=call_key(self.name, tool, arguments))
        begun = time.perf_counter()
        try:
            result = await self._line.call(tool, arguments, progress)
        except WardroundError as error:
            await self._put(entry, begun, problem=error.problem)
            raise
        await self._put(entry, begun, answer=result.structured_content or {})
        return result

    async def _put(self, entry: Entry, begun: float, **outcome: object) -> None:
        await self._write(entry.model_copy(update={**outcome, "seconds": time.perf_counter() - begun}))


def taped(players: Mapping[Role, tuple[Player, ...]], write: Write) -> dict[Role, tuple[Player, ...]]:
    """The same players, each of whose answers goes onto the tape."""
    return {
        role: tuple(replace(one, line=_RecordedLine(one.line, write)) for one in those)
        for role, those in players.items()
    }


class _RecordedModel:
    """A language model whose every answer goes onto the tape."""

    def __init__(self, model: LanguageModel, write: Write) -> None:
        self._model = model
        self._write = write

    @property
    def name(self) -> str:
        """The model's own."""
        return self._model.name

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """The model's answer, written down."""
        entry = Entry(kind=EntryKind.MODEL, who=self.name, key=request_digest(request))
        try:
            reply = await self._model.ask(request, heard)
        except WardroundError as error:
            await self._write(entry.model_copy(update={"problem": error.problem}))
            raise
        await self._write(entry.model_copy(update={"answer": reply.model_dump(mode="json"), "seconds": reply.seconds}))
        return reply

    async def close(self) -> None:
        """The model belongs to the house, which closes it."""


def recorded(reasoner: Reasoner | None, write: Write) -> Reasoner | None:
    """The same reasoner, each of whose model's answers goes onto the tape."""
    return reasoner.with_model(_RecordedModel(reasoner.model, write)) if reasoner is not None else None

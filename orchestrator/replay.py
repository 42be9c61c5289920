"""Replays a finished run from its tape: the same graph, no model, no network; and says where it comes out otherwise."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp.types import CallToolResult

from wardround.contracts.base import Word
from wardround.contracts.diagnosis import Diagnosis, Missing
from wardround.contracts.errors import Fault, ProblemCode, error_from
from wardround.contracts.language import Heard, ModelReply, ModelRequest
from wardround.contracts.own_version import own_version
from wardround.contracts.roles import Role
from wardround.orchestrator.diagnose import run_graph
from wardround.orchestrator.directory import Player
from wardround.orchestrator.graph import build_graph
from wardround.orchestrator.link import Progress
from wardround.orchestrator.reasoning.reasoner import Reasoner
from wardround.orchestrator.result import result_of
from wardround.orchestrator.runs import RunStore
from wardround.orchestrator.state import RunContext
from wardround.orchestrator.tape import Entry, Setup, call_key
from wardround.prompts.loader import digests
from wardround.providers.typed import request_digest

__all__ = ["Replayed", "replay"]

_SHOWN = 60  # characters of a differing value


class Replayed(Word):
    """`same`: the result came out byte for byte as it was kept. Else `differences` says where; `notes` may say why."""

    run_id: str
    same: bool
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    result: Diagnosis


@dataclass
class _Deck:
    """The tape's answers by key, each given once, in order."""

    answers: dict[str, deque[Entry]] = field(default_factory=lambda: defaultdict(deque))
    misses: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> _Deck:
        deck = cls()
        for entry in entries:
            deck.answers[entry.key].append(entry)
        return deck

    def draw(self, key: str, asked: str) -> dict[str, Any]:
        """The recorded answer; raises the recorded problem, or a fault where the tape has nothing more."""
        if not self.answers.get(key):
            self.misses.append(f"{asked} was asked something that is not on the tape")
            raise Fault(ProblemCode.NOT_FOUND, f"The tape has no answer of {asked} to this.", "The run differs here.")
        entry = self.answers[key].popleft()
        if entry.problem is not None:
            raise error_from(entry.problem)
        return entry.answer or {}


class _LineOnTape:
    """A specialist that answers from the tape."""

    def __init__(self, name: str, deck: _Deck) -> None:
        self._name = name
        self._deck = deck

    @property
    def name(self) -> str:
        """As in the run."""
        return self._name

    async def call(self, tool: str, arguments: dict[str, Any], progress: Progress | None = None) -> CallToolResult:
        """The recorded answer."""
        answer = self._deck.draw(call_key(self.name, tool, arguments), f"'{tool}' of '{self.name}'")
        return CallToolResult(content=[], structured_content=answer)


class _ModelOnTape:
    """A language model that answers from the tape."""

    def __init__(self, name: str, deck: _Deck) -> None:
        self._name = name
        self._deck = deck

    @property
    def name(self) -> str:
        """As in the run."""
        return self._name

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """The recorded answer."""
        answer = self._deck.draw(request_digest(request), f"the language model '{self._name}'")
        return ModelReply.model_validate(answer)

    async def close(self) -> None:
        """Nothing is held."""


async def replay(store: RunStore, run_id: str) -> Replayed:
    """Runs the graph on the tape's answers and holds the result against the one that was kept.

    Times are observations of the run, not results of it: they are taken over where the same steps were taken.

    Raises:
        CallerError: NOT_FOUND; there is no finished run of that id, or it is from before runs were taped.
    """
    kept = await store.load(run_id)
    setup, entries = await store.tape(run_id)
    deck = _Deck.of(entries)
    reasoner = None
    if setup.reasoner is not None:
        reasoner = Reasoner.restored(setup.reasoner, _ModelOnTape(setup.reasoner["model"], deck))
    players: dict[Role, list[Player]] = {role: [] for role in Role}
    for part in setup.players:
        line = _LineOnTape(part.specialist, deck)
        players[part.role].append(Player(part.role, part.tool, frozenset(part.accepts), line))
    context = RunContext({role: tuple(those) for role, those in players.items()}, frozenset(setup.calibrated), reasoner)
    state = await run_graph(build_graph(None), setup.begun, run_id, context)  # type: ignore[arg-type]
    away = [Missing.model_validate(one) for one in setup.silent]
    result = _timed(result_of(run_id, state, away, [*state.get("timings", []), {"step": "run", "seconds": 0.0}]), kept)
    differences = [
        *deck.misses,
        *_left(deck),
        *_differences(kept.model_dump(mode="json"), result.model_dump(mode="json")),
    ]
    return Replayed(
        run_id=run_id,
        same=result.model_dump_json() == kept.model_dump_json(),
        differences=tuple(dict.fromkeys(differences)),
        notes=tuple(_notes(setup)),
        result=result,
    )


def _timed(result: Diagnosis, kept: Diagnosis) -> Diagnosis:
    """The result with the kept run's times."""
    update: dict[str, Any] = {}
    if sorted(one.step for one in result.timings) == sorted(one.step for one in kept.timings):
        update["timings"] = kept.timings
    if result.reasoning is not None and kept.reasoning is not None:
        update["reasoning"] = result.reasoning.model_copy(update={"seconds": kept.reasoning.seconds})
    return result.model_copy(update=update)


def _left(deck: _Deck) -> Iterator[str]:
    for entries in deck.answers.values():
        for entry in entries:
            yield f"'{entry.who}' was not asked what it was asked in the run"


def _notes(setup: Setup) -> Iterator[str]:
    here = own_version()
    if setup.wardround_version != here:
        yield f"the run was made by wardround {setup.wardround_version}, this is {here}"
    now = digests()
    for name, digest in setup.prompts.items():
        if now.get(name) != digest:
            yield f"the prompt '{name}' has changed since"


def _differences(kept: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, as JSON pointers (RFC 6901)."""
    if isinstance(kept, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*kept, *now)):
            yield from _differences(kept.get(name), now.get(name), f"{path}/{name}")
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for number, (one, other) in enumerate(zip(kept, now, strict=True)):
            yield from _differences(one, other, f"{path}/{number}")
    elif kept != now:
        yield f"{path}: {_short(kept)} was kept, {_short(now)} came out"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"

"""The encounter's tools at the MCP gateway: begin one, look at it, answer its questions, or be asked them.

A client that can be asked (MCP elicitation) has the open question put to the person by `continue_encounter`. One that
cannot gets the question as a normal result, and gives the answer to `answer_question`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.case import Case, CaseImage, CaseTrust
from wardround.contracts.encounter import MAX_ANSWER_CHARS, Encounter, EncounterMode
from wardround.contracts.errors import Fault, ProblemCode, WardroundError
from wardround.contracts.study import Sex, told_patient
from wardround.contracts.survival import SurvivalQuestion
from wardround.orchestrator.encounter.casefile import films_beside, read_case_file
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.encounter.summary import encounter_text, question_text
from wardround.servers.answers import DELETES, WRITES, add_tool

__all__ = ["Desk", "add_encounter_tools"]

# A desktop client gives up after about a minute: an encounter that is not through by then goes on by itself.
_WAIT_S = 40.0
_MAX_RUNNING = 16
_ASKS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)


class Reply(BaseModel):
    """What a person answers."""

    answer: str = Field(max_length=MAX_ANSWER_CHARS, description="In your own words; 'I do not know' is an answer.")


class Forgotten(Word):
    """The encounter that is no more."""

    encounter_id: str
    notice: str = NOTICE


class Desk:
    """The encounters that this process plays, some of them still under way."""

    def __init__(self, encounters: Callable[[], Encounters]) -> None:
        self.encounters = encounters
        self._tasks: dict[str, asyncio.Task[Encounter]] = {}

    async def played(self, encounter_id: str, play: Callable[[], Any]) -> tuple[Encounter, str]:
        """Starts `play` and gives how the encounter stands after at most `_WAIT_S` seconds."""
        if sum(not task.done() for task in self._tasks.values()) >= _MAX_RUNNING:
            raise Fault(ProblemCode.BUSY, f"{_MAX_RUNNING} encounters are under way.", "Try again when one has ended.")
        self._tasks[encounter_id] = asyncio.create_task(play())
        return await self.standing(encounter_id)

    def plays(self, encounter_id: str) -> bool:
        """Whether this process is playing it."""
        return encounter_id in self._tasks and not self._tasks[encounter_id].done()

    async def standing(self, encounter_id: str) -> tuple[Encounter, str]:
        """How an encounter stands; one under way is waited for, but not longer than a client waits."""
        task = self._tasks.get(encounter_id)
        if task is not None:
            await asyncio.wait({task}, timeout=_WAIT_S)
            if task.done():
                self._tasks.pop(encounter_id, None)
                result = task.result()
                return result, encounter_text(result)
        if task is not None and not await self.encounters().store.knows(encounter_id):
            raise Fault(ProblemCode.BUSY, "The encounter's films are still being opened.", f"Ask for {encounter_id}.")
        result = await self.encounters().standing(encounter_id)
        return result, encounter_text(result)

    async def stop(self) -> None:
        """Ends what is under way; it can be resumed."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def add_encounter_tools(server: MCPServer[Any], desk: Desk) -> None:
    """Adds the tools to the gateway's server."""

    async def begin_encounter(
        chief_complaint: Annotated[
            str, Field(min_length=1, max_length=MAX_ANSWER_CHARS, description="In the person's own words.")
        ],
        age_years: Annotated[int | None, Field(ge=0, le=120)] = None,
        sex: Sex | None = None,
        film_paths: Annotated[
            list[str], Field(max_length=4, description="Chest films in an allowed folder, for when one is ordered.")
        ] = [],  # noqa: B006 - read as a schema's default, never changed
        mode: Annotated[
            EncounterMode | None, Field(description="Who decides; 'cases' needs no language model.")
        ] = None,
        budget: Annotated[float | None, Field(ge=0, description="What orders may cost in all.")] = None,
        survival: Annotated[
            SurvivalQuestion | None,
            Field(
                description="A patient as a survival model reads it: its estimate is cited where treatment is decided."
            ),
        ] = None,
    ) -> tuple[Encounter, str]:
        """Begins an encounter with a live person: five stages from referral to treatment, with questions on the way.

        Returns how it stands: usually a question. Call continue_encounter, or answer_question with the answer.
        """
        encounters, encounter_id = desk.encounters(), f"enc_{secrets.token_urlsafe(16)}"
        films = {f"film-{number}": Path(path) for number, path in enumerate(film_paths, start=1)}
        case = Case(
            case_id=f"live:{encounter_id}",
            trust=CaseTrust.USER,
            provenance="told by a person at a client",
            licence="the person's own",
            patient=told_patient(age_years, sex) or Case.model_fields["patient"].default,
            chief_complaint=chief_complaint,
            images=tuple(CaseImage(file=name) for name in films),
        )
        setup = await encounters.setup_for(case, mode=mode, patient="person", survival=survival)
        return await desk.played(
            encounter_id,
            lambda: encounters.begin(setup, films=films, budget=budget, encounter_id=encounter_id),
        )

    async def submit_case(
        path: Annotated[str, Field(max_length=1000, description="A case file in an allowed folder.")],
        case_id: Annotated[str, Field(max_length=80, description="Which case of the file; empty: the first.")] = "",
        mode: EncounterMode | None = None,
        budget: Annotated[float | None, Field(ge=0)] = None,
        survival: SurvivalQuestion | None = None,
    ) -> tuple[Encounter, str]:
        """Plays an encounter against the record in a case file, which answers only what is asked."""
        encounters, encounter_id = desk.encounters(), f"enc_{secrets.token_urlsafe(16)}"
        case = (await read_case_file(encounters.house, Path(path), case_id))[0]
        setup = await encounters.setup_for(case, mode=mode, survival=survival)
        films = films_beside(case, Path(path))
        return await desk.played(
            encounter_id,
            lambda: encounters.begin(setup, films=films, budget=budget, encounter_id=encounter_id),
        )

    async def get_encounter(encounter_id: Annotated[str, Field(max_length=80)]) -> tuple[Encounter, str]:
        """How an encounter stands: decisions with their citations, facts, costs, and the open question."""
        return await desk.standing(encounter_id)

    async def answer_question(
        encounter_id: Annotated[str, Field(max_length=80)],
        question_id: Annotated[str, Field(max_length=20, description="Such as Q2, or O5 for a result.")],
        answer: Annotated[str, Field(max_length=MAX_ANSWER_CHARS)],
    ) -> tuple[Encounter, str]:
        """Answers the open question of an encounter (or gives the result of an open order), and plays on."""
        return await desk.played(encounter_id, lambda: desk.encounters().answer(encounter_id, question_id, answer))

    async def opened(encounter_id: str) -> str:
        """The id of what is open; empty for nothing, or for no encounter, which the tool itself then tells."""
        with suppress(WardroundError):
            standing, _ = await desk.standing(encounter_id)
            open_ = standing.open_question or standing.open_order
            return open_.id if open_ is not None else ""
        return ""

    async def asked(encounter_id: str, open_id: str, ctx: Context[Any, Any]) -> Elicit[Reply] | Reply:
        capabilities = ctx.client_capabilities
        if not open_id or capabilities is None or capabilities.elicitation is None:
            return Reply(answer="")
        standing, _ = await desk.standing(encounter_id)
        return Elicit(question_text(standing), Reply)

    async def continue_encounter(
        encounter_id: Annotated[str, Field(max_length=80)], open_id: str, reply: ElicitationResult[Reply]
    ) -> tuple[Encounter, str]:
        """Puts the open question to the person at the client, where it can be, and plays on with the answer.

        A client that cannot be asked gets the question back: answer it with answer_question. An encounter that was left
        in the middle goes on.
        """
        if not open_id or not isinstance(reply, AcceptedElicitation) or not reply.data.answer:
            if not desk.plays(encounter_id) and await desk.encounters().is_left(encounter_id):
                return await desk.played(encounter_id, lambda: desk.encounters().resume(encounter_id))
            return await desk.standing(encounter_id)
        words = reply.data.answer
        return await desk.played(encounter_id, lambda: desk.encounters().answer(encounter_id, open_id, words))

    # The id of what was open when the person was asked goes with the answer, so that it answers nothing else. These
    # annotations name functions of this one, which the SDK could not look up by their names.
    asked.__annotations__["open_id"] = Annotated[str, Resolve(opened)]
    continue_encounter.__annotations__ |= {
        "open_id": Annotated[str, Resolve(opened)],
        "reply": Annotated[ElicitationResult[Reply], Resolve(asked)],
    }

    async def forget_encounter(encounter_id: Annotated[str, Field(max_length=80)]) -> Forgotten:
        """Deletes an encounter with all that was said in it, past recovery."""
        await desk.encounters().store.forget(encounter_id)
        return Forgotten(encounter_id=encounter_id)

    add_tool(server, begin_encounter, Encounter, title="Begin an encounter", annotations=_ASKS)
    add_tool(server, submit_case, Encounter, title="Play a case", annotations=WRITES)
    add_tool(server, get_encounter, Encounter, title="Look at an encounter")
    add_tool(server, continue_encounter, Encounter, title="Continue an encounter", annotations=_ASKS)
    add_tool(server, answer_question, Encounter, title="Answer a question", annotations=_ASKS)
    add_tool(server, forget_encounter, Forgotten, title="Forget an encounter", annotations=DELETES)

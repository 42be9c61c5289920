"""The MCP gateway: what a desktop client such as Claude Desktop sees of the whole house.

Every call returns within `MAX_WAIT_S`, well before such clients give up: a long run is submitted and then asked for.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import ContentBlock, ImageContent
from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.codes import FindingCode, finding_codes
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, Fault, Problem, ProblemCode, WardroundError
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.render import Preview
from wardround.contracts.study import Sex, told_patient
from wardround.orchestrator.composition import open_encounters
from wardround.orchestrator.config import Configuration
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.encounter.gateway import Desk, add_encounter_tools
from wardround.orchestrator.overlay import draw, finding_layer, structure_layers
from wardround.orchestrator.summary import summary_text
from wardround.prompts.loader import load
from wardround.servers.answers import WRITES, add_tool, new_server

__all__ = ["MAX_WAIT_S", "build_gateway"]

MAX_WAIT_S = 40.0
_MAX_RUNNING = 16


class Progress(StrEnum):
    """How far a submitted run is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Submitted(Word):
    """A run that has begun: ask `get_result` for it."""

    run_id: str
    study: str
    synthetic: bool
    notice: str = NOTICE


class RunAnswer(Word):
    """What is known of a run by now."""

    run_id: str
    progress: Progress
    result: Diagnosis | None = None
    problem: Problem | None = None
    notice: str = NOTICE


class FindingTable(Word):
    """What can be reported, with verified codes; empty where none could be verified."""

    findings: tuple[FindingCode, ...]
    notice: str = NOTICE


class _Runs:
    """The runs of this process that are under way."""

    def __init__(self) -> None:
        self.opened: Encounters | None = None
        self._tasks: dict[str, asyncio.Task[Diagnosis]] = {}

    def encounters(self) -> Encounters:
        assert self.opened is not None
        return self.opened

    def house(self) -> Diagnoser:
        return self.encounters().house

    def begin(self, run_id: str, task: asyncio.Task[Diagnosis]) -> None:
        self._tasks[run_id] = task
        task.add_done_callback(lambda done: self._forget(run_id, done))

    def _forget(self, run_id: str, done: asyncio.Task[Diagnosis]) -> None:
        """A run that succeeded is in the run store from now on; only a failure must be remembered here."""
        if not done.cancelled() and done.exception() is None:
            self._tasks.pop(run_id, None)

    def check_room(self) -> None:
        running = sum(not task.done() for task in self._tasks.values())
        if running >= _MAX_RUNNING:
            raise Fault(ProblemCode.BUSY, f"{running} runs are under way.", "Ask for their results first.")

    def task(self, run_id: str) -> asyncio.Task[Diagnosis] | None:
        return self._tasks.get(run_id)

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def build_gateway(configuration: Configuration, allowed: tuple[Path, ...]) -> MCPServer[Any]:
    """The gateway server over the configured house; films may be opened from `allowed` folders only."""
    runs = _Runs()
    desk = Desk(runs.encounters)

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        async with open_encounters(configuration, allowed) as encounters:
            runs.opened = encounters
            try:
                yield
            finally:
                await runs.stop()
                await desk.stop()

    server = new_server(
        "wardround",
        "Wardround",
        "Reads frontal chest X-ray films with specialist models; every claim cites evidence that a program checked. "
        "Call submit_study with a file path, then get_result with the run id. For a whole encounter, from referral to "
        "treatment, call begin_encounter, then continue_encounter until it ends.",
        lifespan=lifespan,
    )

    async def submit_study(
        paths: Annotated[
            list[str], Field(min_length=1, max_length=16, description="DICOM, PNG or JPEG files in an allowed folder.")
        ],
        age_years: Annotated[int | None, Field(ge=0, le=120, description="Where the file does not say it.")] = None,
        sex: Annotated[Sex | None, Field(description="Where the file does not say it.")] = None,
        history: Annotated[str, Field(max_length=2000, description="Clinical history; leave identifiers out.")] = "",
        prior_path: Annotated[
            str, Field(max_length=1000, description="An earlier film of the same patient, to compare with.")
        ] = "",
        strategy: Annotated[
            StrategyName | None,
            Field(description="How the configured language model reasons; 'none' leaves it out."),
        ] = None,
    ) -> Submitted:
        """Opens a chest film and begins its diagnosis; returns at once with a run id for get_result.

        Refuses, with the reason, what is not a single-frame frontal chest radiograph.
        """
        runs.check_room()
        house, patient = runs.house(), told_patient(age_years, sex)
        house.check_strategy(strategy)
        study = await house.open_study(paths, patient)
        prior = await house.open_study([prior_path], patient) if prior_path else None
        run_id = f"run_{secrets.token_urlsafe(16)}"
        run = house.diagnose(study, history, run_id=run_id, prior=prior, strategy=strategy)
        runs.begin(run_id, asyncio.create_task(run))
        return Submitted(run_id=run_id, study=study.handle, synthetic=study.synthetic)

    async def get_result(
        run_id: Annotated[str, Field(max_length=80)],
        wait_s: Annotated[float, Field(ge=0, le=MAX_WAIT_S, description="How long to wait for it.")] = 20.0,
    ) -> tuple[RunAnswer, str]:
        """The result of a run: cited conclusions, evidence, what is missing. Waits up to wait_s seconds."""
        task = runs.task(run_id)
        if task is None:
            result = await runs.house().runs.load(run_id)
            return RunAnswer(run_id=run_id, progress=Progress.DONE, result=result), summary_text(result)
        await asyncio.wait({task}, timeout=wait_s)
        if not task.done():
            return RunAnswer(run_id=run_id, progress=Progress.RUNNING), f"Run {run_id} is under way. {NOTICE}"
        try:
            result = task.result()
        except WardroundError as error:
            answer = RunAnswer(run_id=run_id, progress=Progress.FAILED, problem=error.problem)
            return answer, f"Run {run_id} failed. {error.problem} {NOTICE}"
        return RunAnswer(run_id=run_id, progress=Progress.DONE, result=result), summary_text(result)

    async def list_findings() -> FindingTable:
        """The findings that Wardround knows, with their names, synonyms and verified codes."""
        return FindingTable(findings=tuple(finding_codes().values()))

    async def show_overlay(
        run_id: Annotated[str, Field(max_length=80)],
        finding: Annotated[str, Field(max_length=80, description="A finding's name; empty for the anatomy.")] = "",
    ) -> tuple[Preview, list[ContentBlock]]:
        """Shows the film of a finished run with the outlines of its anatomy, or with the heat map of one finding."""
        answer, _ = await get_result(run_id)
        if answer.result is None:
            raise CallerError(ProblemCode.NOT_FOUND, "The run has no result yet.", "Call get_result until it is done.")
        layer = finding_layer(answer.result, finding) if finding else None
        if finding and layer is None:
            raise CallerError(
                ProblemCode.NOT_FOUND,
                f"No evidence of this run has a heat map for '{finding[:40]}'.",
                "Call list_findings for the names.",
            )
        layers = [layer] if layer else list(structure_layers(answer.result).values())[:8]
        picture = await draw(runs.house(), answer.result, layers)
        preview = Preview(
            media_type=picture.media_type,
            width=picture.width,
            height=picture.height,
            size_bytes=len(picture.data),
            synthetic=answer.result.synthetic,
        )
        data = base64.b64encode(picture.data).decode("ascii")
        return preview, [ImageContent(type="image", data=data, mime_type=picture.media_type)]

    add_tool(server, submit_study, Submitted, title="Submit a chest film", annotations=WRITES)
    add_tool(server, get_result, RunAnswer, title="Get a result")
    add_tool(server, list_findings, FindingTable, title="List findings")
    add_tool(server, show_overlay, Preview, title="Show an overlay")
    add_encounter_tools(server, desk)
    _add_prompts(server)
    return server


def _add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(title="Read a chest film")
    def read_film(path: str, history: str = "") -> str:
        """Diagnose one chest film and report with citations."""
        return load("gateway_read_film").text.format(path=path, history=history or "not given")

    @server.prompt(title="Why this conclusion")
    def why(run_id: str, finding: str) -> str:
        """Explain what speaks for and against one finding of a run."""
        return load("gateway_why").text.format(run_id=run_id, finding=finding)

    @server.prompt(title="What was not looked at")
    def gaps(run_id: str) -> str:
        """List what a run could not see and what would close the gaps."""
        return load("gateway_gaps").text.format(run_id=run_id)

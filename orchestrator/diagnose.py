"""Opens studies and diagnoses them: from a path or handle to one typed result, which is kept."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph
from langsmith import tracing_context
from mcp.types import CallToolResult
from pydantic import ValidationError

from wardround.contracts.diagnosis import Diagnosis, Missing, Timing
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.own_version import own_version
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.roles import Role
from wardround.contracts.study import Patient, Study
from wardround.contracts.survival import SurvivalQuestion
from wardround.orchestrator.directory import Directory, Player
from wardround.orchestrator.graph import build_graph
from wardround.orchestrator.reasoning.reasoner import Reasoner
from wardround.orchestrator.rejoin import rejoined
from wardround.orchestrator.result import result_of
from wardround.orchestrator.runs import RunStore
from wardround.orchestrator.state import RunContext, RunState
from wardround.orchestrator.tape import Part, Setup, recorded, taped
from wardround.prompts.loader import digests

__all__ = ["Diagnoser", "Listener", "run_graph"]

Listener = Callable[[Mapping[str, Any]], Awaitable[None]]


class Diagnoser:
    """One configured house of specialists; safe for several runs at once."""

    def __init__(
        self,
        directory: Directory,
        runs: RunStore,
        calibrated: frozenset[str],
        *,
        priors: Mapping[str, float] | None = None,
        answer_share: float | None = None,
        reasoner: Reasoner | None = None,
    ) -> None:
        """
        Args:
            calibrated: specialists whose word that a number is a probability is believed.
            priors: the site's own share of films in (0, 1) by finding label, in place of the weigher's table.
            answer_share: the share of films in [0.5, 1] that is to be answered, the others being deferred; None: all.
            reasoner: the language model that argues from the evidence; None: the weigher's result is worded.
        """
        self.runs = runs
        self.directory = directory
        self._calibrated = calibrated
        self._priors = dict(priors or {})
        self._answer_share = answer_share
        self.reasoner = reasoner
        self._graph = build_graph(runs.checkpointer)

    async def _first(self, role: Role) -> Player:
        players, silent = await self.directory.players()
        if players[role]:
            return players[role][0]
        raise Fault(
            ProblemCode.SPECIALIST_DOWN,
            f"No specialist offers the role '{role.value}'"
            + (f"; silent: {', '.join(one.specialist for one in silent)}." if silent else "."),
            "Look at 'wardround doctor'.",
        )

    async def open_study(self, paths: Sequence[str], patient: Patient | None = None) -> Study:
        """Has the intake open files as one study.

        Raises:
            CallerError: the file cannot be read as a frontal chest film, or may not be opened.
            Fault: the intake is down.
        """
        player = await self._first(Role.INTAKE)
        arguments = {"paths": list(paths), "patient": patient.model_dump(mode="json") if patient else None}
        result = await player.call(arguments)
        try:
            return Study.model_validate(result.structured_content)
        except ValidationError as error:
            raise Fault(
                ProblemCode.WRONG_SHAPE, f"The intake '{player.specialist}' answered in a wrong shape."
            ) from error

    async def forget_study(self, handle: str) -> None:
        """Has the intake erase a study with its films; one that it does not know is no error.

        Raises:
            Fault: the intake is down.
        """
        try:
            await (await self._first(Role.FORGET)).call({"study": handle})
        except CallerError as error:
            if error.problem.code is not ProblemCode.NOT_FOUND:
                raise

    async def render(self, arguments: Mapping[str, Any]) -> CallToolResult:
        """Has the intake draw a film and layers; the result's image content is the picture.

        Raises:
            CallerError, Fault: as the intake says.
        """
        return await (await self._first(Role.RENDER)).call(arguments)

    async def export(self, arguments: Mapping[str, Any]) -> CallToolResult:
        """Has the intake write a result for clinicians' systems; the embedded resource is the file.

        Raises:
            CallerError, Fault: as the intake says.
        """
        return await (await self._first(Role.EXPORT)).call(arguments)

    def check_strategy(self, strategy: StrategyName | None) -> None:
        """Refuses a strategy that nobody could follow.

        Raises:
            CallerError: BAD_ARGUMENT, it needs a language model and none is configured.
        """
        if self.reasoner is None and strategy not in (None, StrategyName.NONE):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The strategy '{strategy}' needs a language model, and none is configured.",
                "Name one in [reasoner] of wardround.toml, or leave the strategy out.",
            )

    async def diagnose(
        self,
        study: Study,
        history: str = "",
        *,
        listener: Listener | None = None,
        run_id: str | None = None,
        answer_share: float | None = None,
        strategy: StrategyName | None = None,
        prior: Study | None = None,
        prior_report: str = "",
        survival: SurvivalQuestion | None = None,
    ) -> Diagnosis:
        """Runs the graph on the study's first film and keeps the result.

        Args:
            listener: told of each step as it happens.
            run_id: a name for the run; random where none is given.
            answer_share: for this run alone, in place of the configured one.
            strategy: how the reasoner is led, for this run alone; `NONE` leaves it out.
            prior: an earlier study of the same patient; its first film is read first, in a run of its own.
            prior_report: an earlier report, read into typed cues like the history.
            survival: a patient as a survival model reads it; its estimate is put beside the result.

        Raises:
            CallerError: BAD_ARGUMENT, a strategy is asked for and no reasoner is configured.
        """
        self.check_strategy(strategy)
        run_id = run_id or f"run_{secrets.token_urlsafe(16)}"
        earlier = None
        if prior is not None:
            earlier = await self.once(f"{run_id}_prior", prior, listener=listener, strategy=StrategyName.NONE)
        own = self.reasoner.options.strategy if self.reasoner is not None else StrategyName.NONE
        begun: RunState = {
            "study": study.model_dump(mode="json"),
            "history": history,
            "prior_report": prior_report,
            "strategy": (strategy or own).value,
            "survival": survival.nameless().model_dump(mode="json") if survival else None,
            "prior": _earlier(earlier) if earlier is not None else None,
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            # Kept with the run, so that one that is resumed under another configuration goes on as it was begun.
            "priors": self._priors,
            "answer_share": self._answer_share if answer_share is None else answer_share,
        }
        return await self._run(run_id, begun, listener)

    async def once(
        self, run_id: str, study: Study, history: str = "", *, listener: Listener | None = None, **options: Any
    ) -> Diagnosis:
        """The run of that id, however often it is asked for: finished before, finished now, or made now.

        Args:
            options: as for `diagnose`; they count only where the run has not begun.

        Raises:
            CallerError: as for `diagnose`.
        """
        for known in (self.runs.load, partial(self.resume, listener=listener)):
            try:
                return await known(run_id)
            except CallerError as error:
                if error.problem.code is not ProblemCode.NOT_FOUND:
                    raise
        return await self.diagnose(study, history, listener=listener, run_id=run_id, **options)

    async def resume(self, run_id: str, *, listener: Listener | None = None) -> Diagnosis:
        """Finishes a run whose process ended in the middle; steps that were finished are not done again.

        Raises:
            CallerError: NOT_FOUND where no unfinished run has that id.
        """
        config: RunnableConfig = {"configurable": {"thread_id": run_id}}
        # Finished runs keep no checkpoints; `next` alone is empty, too, where a step ended just before the process did.
        if not (await self._graph.aget_state(config)).values:
            raise CallerError(
                ProblemCode.NOT_FOUND,
                "There is no unfinished run of that id.",
                "List finished ones: 'wardround runs list'.",
            )
        return await self._run(run_id, None, listener)

    async def _run(self, run_id: str, begun: RunState | None, listener: Listener | None) -> Diagnosis:
        players, silent = await self.directory.players()
        away = tuple(Missing(specialist=one.specialist, role="unknown", problem=one.problem) for one in silent)
        if begun is not None:
            await self.runs.begin(run_id, self._setup(begun, players, away))
        else:
            setup, _ = await self.runs.tape(run_id)
            players = rejoined(setup.players, players)
            away = tuple(Missing.model_validate(one) for one in setup.silent)
        write = self.runs.writer(run_id)
        context = RunContext(taped(players, write), self._calibrated, recorded(self.reasoner, write))
        clock = time.perf_counter()
        state = await run_graph(self._graph, begun, run_id, context, listener)
        timings = (*state.get("timings", []), Timing(step="run", seconds=time.perf_counter() - clock).model_dump())
        result = result_of(run_id, state, away, timings)
        await self.runs.save(result, state.get("calls", []))
        return result

    def _setup(self, begun: RunState, players: Mapping[Role, tuple[Player, ...]], away: Sequence[Missing]) -> Setup:
        reasoner = self.reasoner
        return Setup(
            begun=dict(begun),
            players=tuple(
                Part(role=one.role, specialist=one.specialist, tool=one.tool, accepts=tuple(sorted(one.accepts)))
                for those in players.values()
                for one in those
            ),
            silent=tuple(one.model_dump(mode="json") for one in away),
            calibrated=tuple(sorted(self._calibrated)),
            reasoner=reasoner.setup() if reasoner is not None else None,
            prompts=digests(),
            wardround_version=own_version(),
        )


async def run_graph(
    graph: CompiledStateGraph[RunState, RunContext, RunState, RunState],
    begun: RunState | None,
    run_id: str,
    context: RunContext,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """The state in which the graph ends; `begun` None goes on from the run's last checkpoint."""
    config: RunnableConfig = {"configurable": {"thread_id": run_id}}
    state: dict[str, Any] = {}
    # What a run holds goes to no tracing service, whatever the environment of LangGraph's maker says.
    with tracing_context(enabled=False):
        async for mode, event in graph.astream(
            begun,
            config,
            context=context,
            stream_mode=["custom", "values"],
            durability="async" if graph.checkpointer else None,
        ):
            assert isinstance(event, dict)  # both modes emit dicts; LangGraph types their union as Any or str
            if mode == "values":
                state = event
            elif listener is not None:
                await listener(event)
    return state


def _earlier(result: Diagnosis) -> dict[str, Any]:
    """What a run needs of the run that read an earlier film."""
    assert result.study is not None
    image = result.study.images[0]
    # Only what is compared: the rest of the earlier film's evidence is in its own run.
    kinds = (EvidenceKind.LESION, EvidenceKind.MEASUREMENT, EvidenceKind.WEIGHING)
    compared = [item for item in result.evidence if item.kind in kinds]
    return {
        "run_id": result.run_id,
        "digest": image.film.digest,
        "view": image.view.value,
        "evidence": [item.model_dump(mode="json") for item in compared],
    }

"""Opens studies and diagnoses them: from a path or handle to one typed result, which is kept."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from langchain_core.runnables import RunnableConfig
from langsmith import tracing_context
from mcp.types import CallToolResult
from pydantic import ValidationError

from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.diagnosis import Conclusion, Diagnosis, Missing, Status, StruckClaim, Timing
from wardround.contracts.errors import CallerError, Fault, Problem, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.contracts.roles import Role
from wardround.contracts.screening import ScreenOutcome
from wardround.contracts.study import Patient, Study
from wardround.orchestrator.directory import Directory, Player, Silent
from wardround.orchestrator.graph import build_graph
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.runs import RunStore
from wardround.orchestrator.state import RunContext, RunState

__all__ = ["Diagnoser", "Listener"]

Listener = Callable[[Mapping[str, Any]], Awaitable[None]]

_ALWAYS_UNSEEN = (
    "lateral view",
    "earlier studies",
    "bones, tubes and lines",
    "anything that only a finer look than these models' input size shows",
)


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
    ) -> None:
        """
        Args:
            calibrated: specialists whose word that a number is a probability is believed.
            priors: the site's own share of films in (0, 1) by finding label, in place of the weigher's table.
            answer_share: the share of films in [0.5, 1] that is to be answered, the others being deferred; None: all.
        """
        self.runs = runs
        self.directory = directory
        self._calibrated = calibrated
        self._priors = dict(priors or {})
        self._answer_share = answer_share
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

    async def render(self, arguments: Mapping[str, Any]) -> CallToolResult:
        """Has the intake draw a film and layers; the result's image content is the picture.

        Raises:
            CallerError, Fault: as the intake says.
        """
        return await (await self._first(Role.RENDER)).call(arguments)

    async def diagnose(
        self,
        study: Study,
        history: str = "",
        *,
        listener: Listener | None = None,
        run_id: str | None = None,
        answer_share: float | None = None,
    ) -> Diagnosis:
        """Runs the graph on the study's first film and keeps the result.

        Args:
            listener: told of each step as it happens.
            run_id: a name for the run; random where none is given.
            answer_share: for this run alone, in place of the configured one.
        """
        run_id = run_id or f"run_{secrets.token_urlsafe(16)}"
        begun: RunState = {
            "study": study.model_dump(mode="json"),
            "history": history,
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            # Kept with the run, so that one that is resumed under another configuration goes on as it was begun.
            "priors": self._priors,
            "answer_share": self._answer_share if answer_share is None else answer_share,
        }
        return await self._run(run_id, begun, listener)

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
        config: RunnableConfig = {"configurable": {"thread_id": run_id}}
        clock = time.perf_counter()
        state: dict[str, Any] = {}
        # What a run holds goes to no tracing service, whatever the environment of LangGraph's maker says.
        with tracing_context(enabled=False):
            async for mode, event in self._graph.astream(
                begun,
                config,
                context=RunContext(players, self._calibrated),
                stream_mode=["custom", "values"],
                durability="async",
            ):
                assert isinstance(event, dict)  # both modes emit dicts; LangGraph types their union as Any or str
                if mode == "values":
                    state = event
                elif listener is not None:
                    await listener(event)
        timings = (*state.get("timings", []), Timing(step="run", seconds=time.perf_counter() - clock).model_dump())
        result = _result(run_id, state, silent, timings)
        await self.runs.save(result)
        return result


def _silent(one: Silent) -> Missing:
    return Missing(specialist=one.specialist, role="unknown", problem=one.problem)


def _unseen(study: Study, items: Sequence[Evidence]) -> tuple[str, ...]:
    reported = {NO_FINDING, *(item.subject for item in items if item.kind is EvidenceKind.FINDING)}
    findings = tuple(row.name for label, row in finding_codes().items() if label not in reported)
    further = tuple(f"film {number} of this study" for number in range(2, len(study.images) + 1))
    return (*further, *findings, *_ALWAYS_UNSEEN)


def _result(
    run_id: str, state: Mapping[str, Any], silent: Sequence[Silent], timings: Sequence[Mapping[str, Any]]
) -> Diagnosis:
    study = Study.model_validate(state["study"])
    items = Ledger(Evidence.model_validate(item) for item in state.get("ledger", [])).exported()
    missing = (
        *(_silent(one) for one in silent),
        *(Missing.model_validate(one) for one in state.get("missing", [])),
    )
    refusal = Problem.model_validate(state["refusal"]) if state.get("refusal") else None
    reason = state.get("abstention", "")
    status = Status.REFUSED if refusal else Status.PARTIAL if missing else Status.COMPLETE
    return Diagnosis(
        run_id=run_id,
        status=status,
        study=_without_urls(study),
        conclusions=tuple(Conclusion.model_validate(one) for one in state.get("conclusions", [])),
        evidence=items,
        missing=missing,
        struck=tuple(StruckClaim.model_validate(one) for one in state.get("struck", [])),
        not_assessed=_unseen(study, items),
        warnings=tuple(dict.fromkeys((*state.get("warnings", []), *state.get("problems", [])))),
        abstained=bool(reason),
        abstention_reason=reason,
        refusal=refusal,
        screen=tuple(ScreenOutcome.model_validate(one) for one in state.get("screen", [])),
        synthetic=study.synthetic,
        reasoner="templates over the weigher's result (no language model)",
        wardround_version=version("wardround"),
        created_at=state["created_at"],
        timings=tuple(Timing.model_validate(one) for one in timings),
    )


def _without_urls(study: Study) -> Study:
    """URLs expire and say where a server is: they do not belong in a result."""
    images = tuple(
        image.model_copy(update={"film": image.film.model_copy(update={"url": None})}) for image in study.images
    )
    return study.model_copy(update={"images": images})

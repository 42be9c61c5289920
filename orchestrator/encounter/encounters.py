"""Begins encounters, goes on with them after an answer or a crash, and keeps how they stand."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command
from langsmith import tracing_context

from wardround.contracts.case import Case, CaseMatches, CaseQuery
from wardround.contracts.clinic import AuxiliaryExam
from wardround.contracts.decision import Decision, Stage
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.encounter import (
    Answer,
    CostLedger,
    Encounter,
    EncounterMode,
    EncounterStatus,
    Order,
    OrderResult,
    Question,
)
from wardround.contracts.errors import CallerError, Problem, ProblemCode, WardroundError
from wardround.contracts.study import Study
from wardround.contracts.survival import SurvivalEstimate, SurvivalQuestion
from wardround.orchestrator.config import EncounterConfig
from wardround.orchestrator.diagnose import Diagnoser, Listener
from wardround.orchestrator.encounter.costs import PriceTable
from wardround.orchestrator.encounter.deciders.cases import CasesDecider
from wardround.orchestrator.encounter.deciders.decider import Decider
from wardround.orchestrator.encounter.deciders.panel import PanelDecider
from wardround.orchestrator.encounter.deciders.single import Asking, SingleDecider
from wardround.orchestrator.encounter.films import unread
from wardround.orchestrator.encounter.foresight import foreseen
from wardround.orchestrator.encounter.gate.attended import AttendedGate
from wardround.orchestrator.encounter.gate.keeper import Gatekeeper
from wardround.orchestrator.encounter.gate.patient import PatientGate
from wardround.orchestrator.encounter.gate.record import RecordGate
from wardround.orchestrator.encounter.graph import begun, build_encounter_graph
from wardround.orchestrator.encounter.memory import recalled, remembered
from wardround.orchestrator.encounter.result import encounter_of
from wardround.orchestrator.encounter.state import EncounterContext, EncounterOptions
from wardround.orchestrator.encounter.store import EncounterSetup, EncounterStore, Speaker

__all__ = ["Encounters"]

# Of all pictures it is plain films of the chest that the diagnosis graph reads; the others bring their report.
_READABLE = (AuxiliaryExam.XRAY,)


class Encounters:
    """The encounters of one house; safe for several at once, and for several answers to one."""

    def __init__(self, house: Diagnoser, store: EncounterStore, prices: PriceTable, config: EncounterConfig) -> None:
        self.house = house
        self.store = store
        self._prices = prices
        self.config = config
        self._graph = build_encounter_graph(store.checkpointer)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def begin(
        self,
        setup: EncounterSetup,
        *,
        films: Mapping[str, Path | Study] | None = None,
        budget: float | None = None,
        oracle: Mapping[Stage, Decision] | None = None,
        encounter_id: str | None = None,
        listener: Listener | None = None,
    ) -> Encounter:
        """Plays an encounter until it ends or waits for a person.

        Args:
            films: the files of the case's films by the name that the case gives them, or studies opened before.
            budget: what orders may cost in all, in place of the configured limit.
            oracle: the true decisions that later stages are fed, to measure what is lost on the way.
            listener: told of each move.

        Raises:
            CallerError: BAD_ARGUMENT, the mode needs a language model and none is configured.
        """
        self._decider(setup.mode)
        opened, lost = await self._opened(films or {})
        # What cannot be looked at is told by its report, as any other result.
        images = tuple(image for image in setup.case.images if image.file in opened)
        setup = setup.model_copy(update={"case": setup.case.model_copy(update={"images": images})})
        encounter_id = encounter_id or f"enc_{secrets.token_urlsafe(16)}"
        created_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        await self.store.begin(encounter_id, created_at, setup)
        limit = self.config.budget if budget is None else budget
        cost = CostLedger(currency=self._prices.currency, budget=limit)
        state = begun(
            encounter_id,
            created_at,
            setup.mode.value,
            setup.opening.model_dump(mode="json"),
            cost.model_dump(mode="json"),
        )
        state["films"], state["missing"] = opened, lost
        state["oracle"] = {stage.value: one.model_dump(mode="json") for stage, one in (oracle or {}).items()}
        return await self._run(encounter_id, state, listener)

    def check_mode(self, mode: EncounterMode | None) -> None:
        """Refuses a mode that nobody could decide in.

        Raises:
            CallerError: BAD_ARGUMENT, it needs a language model and none is configured.
        """
        self._decider(mode or self.config.mode)

    async def standing(self, encounter_id: str) -> Encounter:
        """How an encounter stands, also one whose process ended in the middle: it is not played on.

        Raises:
            CallerError: NOT_FOUND.
        """
        setup = await self.store.setup(encounter_id)
        state = (await self._graph.aget_state(self._config(encounter_id))).values
        if not state:
            return await self.store.load(encounter_id)
        return encounter_of(state, await self._waiting(encounter_id), setup.mode.value)

    async def resume(self, encounter_id: str, *, listener: Listener | None = None) -> Encounter:
        """Goes on with an encounter whose process ended; one that has ended or waits is given as it stands.

        An answer that was given and not played is played now.

        Raises:
            CallerError: NOT_FOUND.
        """
        snapshot = await self._graph.aget_state(self._config(encounter_id))
        if not snapshot.values:
            await self.store.setup(encounter_id)
            raise CallerError(
                ProblemCode.NOT_FOUND,
                "The encounter's process ended before its first step, or it was finished.",
                "Look at it with 'wardround encounters show', or begin it again.",
            )
        given = await self._given(encounter_id)
        begin: Command[Any] | None = Command(resume=json.loads(given)) if given is not None else None
        return await self._run(encounter_id, begin, listener)

    async def is_left(self, encounter_id: str) -> bool:
        """Whether an encounter was left in the middle, and can go on without anybody's answer."""
        steps = (await self._graph.aget_state(self._config(encounter_id))).next
        waits = await self._waiting(encounter_id) is not None
        return bool(steps) and (not waits or await self._given(encounter_id) is not None)

    async def _given(self, encounter_id: str) -> str | None:
        """The answer that was given to what is open, and not played yet."""
        waiting = await self._waiting(encounter_id)
        return await self.store.answer(encounter_id, waiting[_kind(waiting)]["id"]) if waiting else None

    async def answer(
        self, encounter_id: str, asked_id: str, words: str, *, listener: Listener | None = None
    ) -> Encounter:
        """Gives a person's answer to the open question (or result of the open order), and plays on.

        Raises:
            CallerError: NOT_FOUND; BAD_ARGUMENT, that question is not open, such as one that was answered before.
        """
        async with self._locks[encounter_id]:
            answer = await self._kept(encounter_id, asked_id, words)
            return await self._run(encounter_id, Command(resume=answer.model_dump(mode="json")), listener)

    async def take(self, encounter_id: str, asked_id: str, words: str) -> None:
        """Keeps a person's answer for whoever plays on: `resume` then plays it.

        Raises:
            CallerError: as for `answer`.
        """
        async with self._locks[encounter_id]:
            await self._kept(encounter_id, asked_id, words)

    async def _kept(self, encounter_id: str, asked_id: str, words: str) -> Answer | OrderResult:
        setup = await self.store.setup(encounter_id)
        waiting = await self._waiting(encounter_id)
        kind = _kind(waiting)
        if waiting is None or waiting[kind]["id"] != asked_id:
            raise _not_open(asked_id)
        person = AttendedGate(setup.case, setup.opening, _record(setup.case)).person
        answer: Answer | OrderResult
        if kind == "question":
            answer = person.accept(Question.model_validate(waiting[kind]), words)
        else:
            answer = person.accept_result(Order.model_validate(waiting[kind]), words)
        # Kept before it is played: an answer outlives the process that took it, and no second one passes.
        if not await self.store.keep_answer(encounter_id, asked_id, answer.model_dump_json()):
            raise _not_open(asked_id)
        return answer

    async def _run(self, encounter_id: str, begin: Any, listener: Listener | None) -> Encounter:
        setup = await self.store.setup(encounter_id)
        decider = self._decider(setup.mode)
        context = EncounterContext(
            gate=self._gate(setup),
            decider=decider,
            prices=self._prices,
            recall=self._recall,
            read_film=self._read_film,
            foresee=self._foresee,
            options=EncounterOptions(**setup.options),
        )
        config, clock = self._config(encounter_id), time.perf_counter()
        state: dict[str, Any] = {}
        with tracing_context(enabled=False):
            async for mode, event in self._graph.astream(
                begin, config, context=context, stream_mode=["custom", "values"], durability="sync"
            ):
                assert isinstance(event, dict)
                if mode == "values":
                    state = event
                elif listener is not None:
                    await listener(event)
        if not state:
            state = (await self._graph.aget_state(config)).values
        waiting = await self._waiting(encounter_id)
        result = encounter_of(state, waiting, decider.name)
        seconds = result.usage.seconds + time.perf_counter() - clock
        result = result.model_copy(update={"usage": result.usage.model_copy(update={"seconds": seconds})})
        await self.store.save(result)
        if setup.remember and result.status is EncounterStatus.FINISHED:
            result = await remembered(self.house, result)
            await self.store.save(result)
        return result

    async def _waiting(self, encounter_id: str) -> dict[str, Any] | None:
        snapshot = await self._graph.aget_state(self._config(encounter_id))
        return next((one.value for task in snapshot.tasks for one in task.interrupts), None)

    def _config(self, encounter_id: str) -> RunnableConfig:
        return {"configurable": {"thread_id": encounter_id}, "recursion_limit": 200}

    def _asking(self, mode: str) -> Asking:
        reasoner = self.house.reasoner
        if reasoner is None:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"{mode} needs a language model, and none is configured.",
                "Name one in [reasoner] of wardround.toml, or use the mode 'cases'.",
            )
        options = reasoner.options
        return Asking(reasoner.model, options.max_tokens, options.temperature, options.seed)

    def _decider(self, mode: EncounterMode) -> Decider:
        if mode is EncounterMode.CASES:
            return CasesDecider()
        asking = self._asking(f"The mode '{mode.value}'")
        return SingleDecider(asking) if mode is EncounterMode.SINGLE else PanelDecider(asking)

    def _gate(self, setup: EncounterSetup) -> Gatekeeper:
        if setup.patient == "person":
            return AttendedGate(setup.case, setup.opening, _record(setup.case))
        if setup.patient == "model":
            return PatientGate(setup.case, self._asking("A simulated patient").model, readable=_READABLE)
        return _record(setup.case)

    async def _recall(self, query: CaseQuery) -> tuple[CaseMatches | None, Problem | None]:
        return await recalled(self.house, query)

    async def _foresee(self, question: SurvivalQuestion) -> tuple[SurvivalEstimate | None, Problem | None]:
        return await foreseen(self.house, question)

    async def _read_film(self, study: Study, run_id: str) -> Diagnosis:
        """A film that this order read before is not read again; a reading that was interrupted is finished."""
        return await self.house.once(run_id, study)

    async def _opened(self, films: Mapping[str, Path | Study]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Each film opened by the intake now, so that an encounter that is resumed needs no file; and what was lost."""
        opened, lost = dict[str, Any](), list[dict[str, Any]]()
        for name, film in films.items():
            try:
                study = film if isinstance(film, Study) else await self.house.open_study([str(film)])
                opened[name] = study.model_dump(mode="json")
            except WardroundError as error:
                lost.append(unread(error.problem))
        return opened, lost

    async def setup_for(
        self,
        case: Case,
        *,
        mode: EncounterMode | None = None,
        patient: Speaker = "record",
        remember: bool | None = None,
        survival: SurvivalQuestion | None = None,
        **bounds: Any,
    ) -> EncounterSetup:
        """The setup for a case's record, which memory then may not show to whoever decides on it.

        Args:
            patient: who answers for the record: itself, a language model, or a person.
            survival: what is to be foreseen before the treatment is decided.
            bounds: fields of `EncounterOptions`, in place of the configured ones.
        """
        own = {one.name: getattr(self.config, one.name, one.default) for one in fields(EncounterOptions)}
        opening = await _record(case).opening()
        options = EncounterOptions(**{**own, "exclude": (case.case_id,), **bounds})
        return EncounterSetup(
            mode=mode or self.config.mode,
            opening=opening.model_copy(update={"survival": survival.nameless() if survival else None}),
            case=case,
            patient=patient,
            options=asdict(options),
            remember=self.config.remember if remember is None else remember,
        )


def _kind(waiting: Mapping[str, Any] | None) -> str:
    return "order" if waiting and "order" in waiting else "question"


def _not_open(asked_id: str) -> CallerError:
    return CallerError(
        ProblemCode.BAD_ARGUMENT,
        f"'{asked_id[:20]}' is not open in this encounter; it may have been answered before.",
        "Look at it with get_encounter or 'wardround encounters show'. One that was left in the middle goes on with "
        "continue_encounter or 'wardround decide --resume'.",
    )


def _record(case: Case) -> RecordGate:
    return RecordGate(case, readable=_READABLE)

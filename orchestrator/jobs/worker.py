"""Does jobs, several at once: takes them up, tells how far they are, and ends them; a job taken up again goes on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.encounter import Encounter, EncounterStatus
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError
from wardround.contracts.jobs import Job, JobKind, JobState
from wardround.orchestrator.diagnose import Listener
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.jobs.pulse import Pulse
from wardround.orchestrator.jobs.queue import Claim, JobQueue, Standing
from wardround.orchestrator.jobs.work import DiagnosisWork, EncounterWork

__all__ = ["Ended", "Worker"]

_log = logging.getLogger(__name__)
# A specialist, or a language model that counts its words, may tell of progress more often than anyone looks.
_TELL_EVERY_S = 0.5

Ended = Callable[[Job, JobState, Diagnosis | Encounter | None], None]


class Worker:
    """A worker of this process; `run` it in a task, and cancel that task to stop it."""

    def __init__(
        self,
        queue: JobQueue,
        encounters: Encounters,
        *,
        at_once: int = 1,
        beat_s: float = 1.0,
        ended: Ended | None = None,
    ) -> None:
        """
        Args:
            at_once: how many jobs are done at the same time.
            beat_s: how often it looks whether a job is to be cancelled or a new one waits.
            ended: told of each job that this worker ended, with its result where there is one.
        """
        self._queue = queue
        self._encounters = encounters
        self._at_once = at_once
        self._beat_s = beat_s
        self._ended = ended
        self._do: Mapping[JobKind, Callable[[Claim, Listener], Awaitable[Diagnosis | Encounter]]] = {
            JobKind.DIAGNOSIS: self._diagnosis,
            JobKind.ENCOUNTER: self._encounter,
        }

    async def run(self) -> None:
        """Works until it is cancelled; what is under way then goes back into the queue and keeps its checkpoints."""
        with Pulse(self._queue.store, lease_s=self._queue.lease_s) as pulse:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._at_once):
                    group.create_task(self._one_after_another(pulse))

    async def drain(self) -> int:
        """Works until no job waits; returns how many it took up."""
        taken = 0
        with Pulse(self._queue.store, lease_s=self._queue.lease_s) as pulse:
            while (claim := await self._queue.claim()) is not None:
                with pulse.held(claim.lease):
                    await self._work(claim)
                taken += 1
        return taken

    async def _one_after_another(self, pulse: Pulse) -> None:
        while True:
            try:
                claim = await self._queue.claim()
            except Exception as error:  # a database that is busy or full: a worker that ends would help nobody
                _log.error("no job could be claimed: %s", type(error).__name__)
                claim = None
            if claim is None:
                await self._queue.rung(self._beat_s)
            else:
                with pulse.held(claim.lease):
                    await self._work(claim)

    async def _work(self, claim: Claim) -> None:
        doing = asyncio.ensure_future(self._do[claim.job.kind](claim, self._listener(claim)))
        try:
            standing = await self._watch(claim, doing)
            if standing is Standing.GO_ON:
                await self._conclude(claim, doing)
            elif standing is Standing.CANCEL:
                await self._erase(claim.job)
                await self._end(claim, JobState.CANCELLED)
        except asyncio.CancelledError:
            await self._stopped(doing)
            await asyncio.shield(self._queue.let_go(claim))
            raise

    async def _watch(self, claim: Claim, doing: asyncio.Future[Diagnosis | Encounter]) -> Standing:
        """Gives signs of life until the work is done, or is to be left; then it has been stopped."""
        while True:
            bell = asyncio.ensure_future(self._queue.rung(self._beat_s))
            either: set[asyncio.Future[Any]] = {doing, bell}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                bell.cancel()
            if doing.done():
                return Standing.GO_ON
            standing = await self._beat(claim)
            if standing is not Standing.GO_ON:
                await self._stopped(doing)
                return standing

    async def _beat(self, claim: Claim) -> Standing:
        try:
            return await self._queue.beat(claim)
        except Exception as error:  # the lease outlives a few lost beats
            _log.error("a sign of life was lost: %s", type(error).__name__)
            return Standing.GO_ON

    @staticmethod
    async def _stopped(doing: asyncio.Future[Diagnosis | Encounter]) -> None:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)

    async def _conclude(self, claim: Claim, doing: asyncio.Future[Diagnosis | Encounter]) -> None:
        try:
            result = doing.result()
        except WardroundError as error:
            await self._queue.finish(claim, JobState.FAILED, error.problem)
            self._tell(claim.job, JobState.FAILED, None)
        except Exception as error:  # the text of a foreign exception may hold a path or a name: its type alone is told
            _log.error("a job of kind %s failed with %s", claim.job.kind.value, type(error).__name__)
            await self._queue.let_go(claim, failed=True)
        else:
            if isinstance(result, Encounter) and result.status is EncounterStatus.WAITING:
                await self._queue.wait(claim)
            else:
                await self._end(claim, JobState.DONE, result)

    async def _end(self, claim: Claim, state: JobState, result: Diagnosis | Encounter | None = None) -> None:
        data = {"status": result.status.value} if result is not None else None
        if await self._queue.finish(claim, state, data=data):
            self._tell(claim.job, state, result)

    def _tell(self, job: Job, state: JobState, result: Diagnosis | Encounter | None) -> None:
        if self._ended is not None:
            self._ended(job, state, result)

    async def _erase(self, job: Job) -> None:
        """Removes what a cancelled job has left."""
        if job.kind is JobKind.DIAGNOSIS:
            await self._encounters.house.runs.forget(job.run_id)
        elif await self._encounters.store.knows(job.run_id):
            await self._encounters.store.forget(job.run_id)

    def _listener(self, claim: Claim) -> Listener:
        told: dict[tuple[str, str], float] = {}

        async def listen(event: Mapping[str, Any]) -> None:
            role, specialist = str(event["role"]), str(event["specialist"])
            done, total = event.get("done"), event.get("total")
            first, last = (role, specialist) not in told, total is not None and done == total
            if not (first or last or time.monotonic() - told[role, specialist] > _TELL_EVERY_S):
                return
            told[role, specialist] = time.monotonic()
            told_now = {"role": role, "specialist": specialist, "done": done, "total": total}
            try:
                await self._queue.progress(claim, role, told_now)
            except Exception as error:  # a job does not fail for want of an audience
                _log.error("progress could not be told: %s", type(error).__name__)

        return listen

    async def _diagnosis(self, claim: Claim, listen: Listener) -> Diagnosis:
        work = DiagnosisWork.model_validate_json(claim.work)
        return await self._encounters.house.once(
            claim.job.run_id,
            work.study,
            work.history,
            listener=listen,
            answer_share=work.answer_share,
            strategy=work.strategy,
            prior=work.prior,
            prior_report=work.prior_report,
            survival=work.survival,
        )

    async def _encounter(self, claim: Claim, listen: Listener) -> Encounter:
        encounters, encounter_id = self._encounters, claim.job.run_id
        if await encounters.store.knows(encounter_id):
            try:
                return await encounters.resume(encounter_id, listener=listen)
            except CallerError as error:
                if error.problem.code is not ProblemCode.NOT_FOUND:
                    raise
            # It was begun and its process ended before the first step.
            await encounters.store.forget(encounter_id)
        work = EncounterWork.model_validate_json(claim.work)
        return await encounters.begin(
            work.setup, films=work.films, budget=work.budget, encounter_id=encounter_id, listener=listen
        )

"""A worker over the real graph: jobs are done once, also where workers are killed, stopped or told to cancel."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from job_house import holding, job_house, work_of_film
from mcp.server.mcpserver import MCPServer
from small_house import study_of_film

from wardround.contracts.errors import CallerError
from wardround.contracts.jobs import JobEventKind, JobKind, JobState
from wardround.orchestrator.jobs.events import read_events
from wardround.orchestrator.jobs.pulse import Pulse
from wardround.orchestrator.jobs.queue import JobQueue
from wardround.orchestrator.jobs.retention import Retention
from wardround.orchestrator.jobs.store import JobStore
from wardround.orchestrator.jobs.worker import Worker

_SUPPORT = Path(__file__).parents[2] / "support"


async def _submit(queue: JobQueue, number: int = 0, **told: Any) -> str:
    job, _ = await queue.submit(JobKind.DIAGNOSIS, "ann", work_of_film(number, **told))
    return job.id


async def _kinds(queue: JobQueue, job_id: str) -> list[JobEventKind]:
    return [event.kind for event in await read_events(queue.store, job_id)]


def test_a_job_becomes_a_kept_run_and_tells_how_far_it_is(tmp_path: Path) -> None:
    async def story() -> None:
        async with job_house(tmp_path) as (queue, encounters):
            job_id = await _submit(queue, history="cough")
            assert await Worker(queue, encounters).drain() == 1
            job = await queue.job(job_id)
            assert job.state is JobState.DONE and job.started_at and job.ended_at and job.attempts == 1
            result = await encounters.house.runs.load(job.run_id)
            assert result.conclusions
            events = await read_events(queue.store, job_id)
            assert [events[0].kind, events[1].kind, events[-1].kind] == ["queued", "started", "done"]
            assert {"screen", "detect", "weigh"} <= {str(one.data["role"]) for one in events if one.kind == "progress"}
            assert events[-1].data == {"status": result.status.value}

    asyncio.run(story())


def test_a_worker_killed_in_the_middle_is_followed_by_another_and_nothing_is_there_twice(tmp_path: Path) -> None:
    async def submit() -> tuple[str, str]:
        async with job_house(tmp_path) as (queue, _):
            job, _ = await queue.submit(JobKind.DIAGNOSIS, "ann", work_of_film())
            return job.id, job.run_id

    async def held_up(job_id: str) -> None:
        async with JobStore.opened(tmp_path / "jobs.db") as store:
            while not any(one.data.get("role") == "observe" for one in await read_events(store, job_id)):
                await asyncio.sleep(0.02)

    async def finish(job_id: str, run_id: str) -> None:
        async with job_house(tmp_path, lease_s=1.0) as (queue, encounters):
            worker = asyncio.create_task(Worker(queue, encounters, beat_s=0.1).run())
            while (job := await queue.job(job_id)).state is not JobState.DONE:
                await asyncio.sleep(0.02)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            assert job.attempts == 2
            kinds = [kind for kind in await _kinds(queue, job_id) if kind is not JobEventKind.PROGRESS]
            assert kinds == ["queued", "started", "interrupted", "started", "done"]
            assert [one.run_id for one in await encounters.house.runs.summaries()] == [run_id]
            result = await encounters.house.runs.load(run_id)
            assert result.conclusions
            # The observer that held it up is not there any more: it costs its own evidence.
            assert "holding" in {one.specialist for one in result.missing}

    job_id, run_id = asyncio.run(submit())
    path = os.pathsep.join((str(_SUPPORT), os.environ.get("PYTHONPATH", "")))
    worker = subprocess.Popen(
        [sys.executable, "-P", str(_SUPPORT / "job_house.py"), str(tmp_path)], env={**os.environ, "PYTHONPATH": path}
    )
    try:
        asyncio.run(asyncio.wait_for(held_up(job_id), 120))
    finally:
        worker.kill()
        worker.wait()
    asyncio.run(asyncio.wait_for(finish(job_id, run_id), 120))


def test_a_job_taken_up_after_its_run_was_finished_is_only_ended(tmp_path: Path) -> None:
    async def story() -> None:
        async with job_house(tmp_path, lease_s=-1.0) as (queue, encounters):
            job_id = await _submit(queue, prior=None)
            claim = await queue.claim()
            assert claim is not None
            first = await encounters.house.once(claim.job.run_id, study_of_film())
            await Worker(queue, encounters).drain()
            job = await queue.job(job_id)
            assert job.state is JobState.DONE
            assert await encounters.house.runs.load(job.run_id) == first
            assert len(await encounters.house.runs.summaries()) == 1

    asyncio.run(story())


def test_cancelling_reaches_the_specialist_and_frees_the_worker(tmp_path: Path) -> None:
    async def story() -> None:
        begun, ended = asyncio.Event(), asyncio.Event()
        async with job_house(tmp_path, others={"holding": holding(begun, ended)}) as (queue, encounters):
            worker = asyncio.create_task(Worker(queue, encounters).run())
            job_id = await _submit(queue)
            await begun.wait()
            await queue.cancel(job_id)
            await ended.wait()
            while (job := await queue.job(job_id)).state is not JobState.CANCELLED:
                await queue.rung(0.05)
            assert await encounters.house.runs.summaries() == ()
            begun.clear()
            second = await _submit(queue, 1)
            await begun.wait()
            assert (await queue.job(second)).state is JobState.RUNNING
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            # Stopped, not lost: the job waits for the next worker, and counts against nobody.
            assert (await queue.job(second)).state is JobState.QUEUED
            assert job.problem is None

    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_worker_whose_event_loop_stands_still_keeps_its_job(tmp_path: Path) -> None:
    async def story() -> None:
        async with JobStore.opened(tmp_path / "jobs.db") as store:
            queue = JobQueue(store, lease_s=0.3)
            job, _ = await queue.submit(JobKind.DIAGNOSIS, "ann", work_of_film())
            claim = await queue.claim()
            assert claim is not None
            with Pulse(store, lease_s=0.3) as pulse, pulse.held(claim.lease):
                time.sleep(0.9)
                assert await queue.claim() is None
            assert (await queue.job(job.id)).attempts == 1

    asyncio.run(story())


def test_a_problem_is_kept_with_the_job_and_the_next_job_is_done(tmp_path: Path) -> None:
    async def story() -> None:
        async with job_house(tmp_path) as (queue, encounters):
            refused = await _submit(queue, strategy="direct")
            done = await _submit(queue, 1)
            await Worker(queue, encounters).drain()
            job = await queue.job(refused)
            assert job.state is JobState.FAILED and job.problem is not None
            assert job.problem.code.value == "bad_argument"
            assert (await queue.job(done)).state is JobState.DONE

    asyncio.run(story())


def test_a_fault_that_nobody_foresaw_is_tried_again_and_then_given_up_without_its_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with job_house(tmp_path) as (queue, encounters):
            job, _ = await queue.submit(JobKind.DIAGNOSIS, "ann", '{"study": "Jane Doe, 1950"}')
            assert await Worker(queue, encounters).drain() == 3
            job = await queue.job(job.id)
            assert job.state is JobState.FAILED and job.problem is not None
            assert "Jane" not in job.model_dump_json()

    asyncio.run(story())


def test_an_earlier_film_is_read_once_however_often_the_job_is_taken_up(tmp_path: Path) -> None:
    async def story() -> None:
        calls: list[str] = []
        async with job_house(tmp_path, others={"counting": _counting(calls)}, lease_s=-1.0) as (queue, encounters):
            job_id = await _submit(queue, prior=study_of_film(7))
            claim = await queue.claim()
            assert claim is not None
            await encounters.house.once(f"{claim.job.run_id}_prior", study_of_film(7))
            await Worker(queue, encounters).drain()
            assert (await queue.job(job_id)).state is JobState.DONE
            assert sorted(calls) == sorted({study_of_film(n).images[0].handle for n in (0, 7)})
            assert len(await encounters.house.runs.summaries()) == 2

    asyncio.run(story())


def _counting(calls: list[str]) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("counting")

    @server.tool(meta={"wardround/role": "observe"})
    def look(image: str) -> dict[str, Any]:
        """Count."""
        calls.append(image)
        return {"items": []}

    return server


def test_what_has_had_its_time_is_forgotten_with_its_run_and_what_is_under_way_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with job_house(tmp_path) as (queue, encounters):
            old = await _submit(queue, history="a history that must not stay")
            await Worker(queue, encounters).drain()
            run_id = (await queue.job(old)).run_id
            waiting = await _submit(queue, 1)
            keeping = Retention(queue.store, encounters, keep_s=3600)
            assert await keeping.forget_old() == 0
            assert await Retention(queue.store, encounters, keep_s=-1).forget_old() == 1
            for gone in (queue.job(old), encounters.house.runs.load(run_id), encounters.house.runs.tape(run_id)):
                with pytest.raises(CallerError):
                    await gone
            assert await read_events(queue.store, old) == ()
            assert (await queue.job(waiting)).state is JobState.QUEUED
        for file in tmp_path.glob("*.db*"):
            assert b"must not stay" not in file.read_bytes()

    asyncio.run(story())

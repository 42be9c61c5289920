"""What a queue promises: submitted once, claimed by one, ended once, bounded, and the same after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from wardround.contracts.errors import CallerError, Problem, ProblemCode
from wardround.contracts.jobs import JobEventKind, JobKind, JobState
from wardround.orchestrator.jobs.events import MOST_EVENTS, read_events
from wardround.orchestrator.jobs.queue import JobQueue, Key, QueueFull, Standing
from wardround.orchestrator.jobs.store import JobStore

_KEY = Key("k-1", "sha256:one")


def _with_queue(folder: Path, story: Callable[[JobQueue], Awaitable[None]], **options: Any) -> None:
    async def told() -> None:
        async with JobStore.opened(folder / "jobs.db") as store:
            await story(JobQueue(store, **options))

    asyncio.run(told())


async def _kinds(queue: JobQueue, job_id: str) -> list[JobEventKind]:
    return [event.kind for event in await read_events(queue.store, job_id)]


async def _submit(queue: JobQueue, owner: str = "ann", key: Key | None = None) -> str:
    job, _ = await queue.submit(JobKind.DIAGNOSIS, owner, "{}", key)
    return job.id


def test_a_key_names_one_job_of_one_owner_and_no_other_request(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        first = await queue.submit(JobKind.DIAGNOSIS, "ann", "{}", _KEY)
        again = await queue.submit(JobKind.DIAGNOSIS, "ann", "{}", _KEY)
        assert first == (again[0], True) and not again[1]
        assert await _submit(queue, "bob", _KEY) != first[0].id
        with pytest.raises(CallerError) as refused:
            await queue.submit(JobKind.DIAGNOSIS, "ann", "{}", Key(_KEY.text, "sha256:two"))
        assert refused.value.problem.code is ProblemCode.CONFLICT

    _with_queue(tmp_path, story)


def test_many_who_submit_with_one_key_at_once_make_one_job(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        async with JobStore.opened(tmp_path / "jobs.db") as other:
            queues = [queue, JobQueue(other)] * 10
            made = await asyncio.gather(*(one.submit(JobKind.DIAGNOSIS, "ann", "{}", _KEY) for one in queues))
        assert len({job.id for job, _ in made}) == 1
        assert sum(new for _, new in made) == 1

    _with_queue(tmp_path, story)


def test_a_full_queue_refuses_and_says_when_to_come_again_but_knows_a_repeated_request(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        await _submit(queue, key=_KEY)
        await _submit(queue)
        with pytest.raises(QueueFull) as refused:
            await _submit(queue)
        assert refused.value.problem.code is ProblemCode.BUSY and refused.value.retry_after_s >= 1
        await _submit(queue, key=_KEY)
        assert await queue.claim() is not None
        await _submit(queue)

    _with_queue(tmp_path, story, most_queued=2)


def test_jobs_are_claimed_in_order_by_one_worker_each(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        submitted = [await _submit(queue) for _ in range(12)]
        async with JobStore.opened(tmp_path / "jobs.db") as other:
            queues = [queue, JobQueue(other)] * 8
            claims = await asyncio.gather(*(one.claim() for one in queues))
        claimed = [claim.job.id for claim in claims if claim is not None]
        assert sorted(claimed) == sorted(submitted)
        assert await queue.claim() is None

    _with_queue(tmp_path, story)


def test_a_lease_that_ran_out_is_claimed_again_and_the_first_worker_can_end_nothing(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        job_id = await _submit(queue)
        first = await queue.claim()
        second = await queue.claim()
        assert first is not None and second is not None and first.job.id == second.job.id == job_id
        assert second.job.attempts == 2 and second.job.run_id == first.job.run_id
        assert await queue.beat(first) is Standing.LEAVE
        assert not await queue.finish(first, JobState.DONE)
        assert await queue.finish(second, JobState.DONE)
        assert not await queue.finish(second, JobState.FAILED)
        kinds = await _kinds(queue, job_id)
        assert kinds == ["queued", "started", "interrupted", "started", "done"]

    _with_queue(tmp_path, story, lease_s=-1.0)


def test_a_worker_that_gives_signs_of_life_keeps_its_job(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        await _submit(queue)
        claim = await queue.claim()
        assert claim is not None
        assert await queue.beat(claim) is Standing.GO_ON
        assert await queue.claim() is None

    _with_queue(tmp_path, story)


def test_a_job_that_ends_one_worker_after_another_is_given_up(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        job_id = await _submit(queue)
        for _ in range(3):
            assert await queue.claim() is not None
        assert await queue.claim() is None
        job = await queue.job(job_id)
        assert job.state is JobState.FAILED and job.problem is not None
        assert (await _kinds(queue, job_id))[-1] is JobEventKind.FAILED

    _with_queue(tmp_path, story, lease_s=-1.0, most_losses=3)


def test_cancelling_ends_what_nobody_holds_and_tells_who_holds_it(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        idle = await _submit(queue)
        assert (await queue.cancel(idle)).state is JobState.CANCELLED
        held = await _submit(queue)
        claim = await queue.claim()
        assert claim is not None and claim.job.id == held
        assert (await queue.cancel(held)).state is JobState.RUNNING
        await queue.cancel(held)
        assert await queue.beat(claim) is Standing.CANCEL
        assert await queue.finish(claim, JobState.CANCELLED)
        assert await _kinds(queue, held) == ["queued", "started", "cancelling", "cancelled"]

    _with_queue(tmp_path, story)


def test_a_cancelled_job_whose_worker_ended_is_not_begun_again(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        job_id = await _submit(queue)
        await queue.claim()
        await queue.cancel(job_id)
        assert await queue.claim() is None
        assert (await queue.job(job_id)).state is JobState.CANCELLED

    _with_queue(tmp_path, story, lease_s=-1.0)


def test_a_job_that_waits_for_a_person_is_claimed_after_the_answer_and_not_before(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        job_id = await _submit(queue)
        claim = await queue.claim()
        assert claim is not None
        await queue.wait(claim)
        assert await queue.claim() is None
        assert (await queue.wake(job_id)).state is JobState.QUEUED
        await queue.wake(job_id)
        assert await queue.claim() is not None
        assert await _kinds(queue, job_id) == ["queued", "started", "waiting", "answered", "started"]

    _with_queue(tmp_path, story)


def test_pages_hold_every_job_of_an_owner_once_newest_first(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        mine = [await _submit(queue, "ann") for _ in range(5)]
        await _submit(queue, "bob")
        seen, before = [], None
        while True:
            page, before = await queue.jobs(JobKind.DIAGNOSIS, "ann", before=before, limit=2)
            seen += [job.id for job in page]
            if before is None:
                break
        assert seen == mine[::-1]
        assert len((await queue.jobs(JobKind.DIAGNOSIS, None))[0]) == 6
        assert (await queue.jobs(JobKind.DIAGNOSIS, "ann", state=JobState.DONE))[0] == ()
        assert (await queue.jobs(JobKind.ENCOUNTER, "ann"))[0] == ()

    _with_queue(tmp_path, story)


def test_events_are_read_on_from_any_of_them_and_progress_is_bounded(tmp_path: Path) -> None:
    async def story(queue: JobQueue) -> None:
        job_id = await _submit(queue)
        claim = await queue.claim()
        assert claim is not None
        await queue.progress(claim, "detect", {"role": "detect", "done": 0.0})
        events = await read_events(queue.store, job_id)
        assert [event.id for event in events] == [1, 2, 3]
        assert await read_events(queue.store, job_id, after=2) == events[2:]
        assert (await queue.job(job_id)).stage == "detect"

        def crowd(database: Any) -> None:
            database.execute(
                "INSERT INTO events VALUES (:id, :number, 'progress', 0, '{}')", {"id": job_id, "number": MOST_EVENTS}
            )

        await queue.store.change(crowd)
        await queue.progress(claim, "weigh", {})
        await queue.finish(claim, JobState.FAILED, Problem(code=ProblemCode.INTERNAL, message="It broke."))
        last = await read_events(queue.store, job_id, after=MOST_EVENTS)
        assert [event.kind for event in last] == [JobEventKind.FAILED]
        assert last[0].data == {"problem": "internal"}

    _with_queue(tmp_path, story)


def test_a_change_that_fails_changes_nothing_and_the_file_outlives_its_process(tmp_path: Path) -> None:
    jobs: list[str] = []

    async def first(queue: JobQueue) -> None:
        jobs.append(await _submit(queue, key=_KEY))

        def broken(database: Any) -> None:
            database.execute("DELETE FROM jobs")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await queue.store.change(broken)

    async def second(queue: JobQueue) -> None:
        assert await _submit(queue, key=_KEY) == jobs[0]
        assert (await queue.counts())[JobState.QUEUED] == 1

    _with_queue(tmp_path, first)
    _with_queue(tmp_path, second)
    assert (tmp_path / "jobs.db").stat().st_mode & 0o077 == 0

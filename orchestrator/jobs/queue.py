"""The queue of jobs: submitted once, claimed under a lease, done at least once, ended exactly once.

queued ── claimed ── running ─┬─ done │ failed │ cancelled
   ▲                          ├─ waiting ── answered ──┐
   └── lease ran out, or let go ◄──────────────────────┘
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardround.contracts.errors import CallerError, Fault, Problem, ProblemCode
from wardround.contracts.jobs import ENDED, Job, JobEventKind, JobKind, JobState
from wardround.orchestrator.jobs.events import append
from wardround.orchestrator.jobs.store import JobStore, job_of, one_job

__all__ = ["Claim", "JobQueue", "Key", "QueueFull", "Standing"]

_RUN_PREFIX = {JobKind.DIAGNOSIS: "run", JobKind.ENCOUNTER: "enc"}
_LOST = Problem(
    code=ProblemCode.INTERNAL,
    message="The job was given up: one worker after another ended or failed while doing it.",
    hint="Look at the log of the workers, and at 'wardround doctor'.",
)


class QueueFull(Fault):
    """No more jobs are taken; `retry_after_s` says when it is worth asking again."""

    def __init__(self, waiting: int, retry_after_s: int) -> None:
        super().__init__(ProblemCode.BUSY, f"{waiting} jobs wait already.", "Submit it again later.")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Key:
    """An idempotency key: what the caller calls the request, and the digest of what it asks for."""

    text: str
    digest: str


@dataclass(frozen=True)
class Claim:
    """A job that a worker has taken up; `lease` proves that it is still its to end. `work` is what to do, as JSON."""

    job: Job
    work: str
    lease: str


class Standing(StrEnum):
    """What a worker that holds a job is to do."""

    GO_ON = "go on"
    CANCEL = "cancel"
    LEAVE = "leave"  # the lease ran out and the job is another's


class JobQueue:
    """All that changes a job."""

    def __init__(
        self,
        store: JobStore,
        *,
        most_queued: int = 200,
        lease_s: float = 15.0,
        most_losses: int = 10,
        most_faults: int = 3,
    ) -> None:
        """
        Args:
            most_queued: how many jobs may wait for a worker; further ones are refused.
            lease_s: how long a worker that gives no sign keeps its job.
            most_losses: how many workers may end in the middle of one job before it is given up.
            most_faults: how often it may fail in a way that nobody foresaw.
        """
        self.store = store
        self._most_queued = most_queued
        self.lease_s = lease_s
        self._most_losses = most_losses
        self._most_faults = most_faults
        self._bell = asyncio.Event()

    async def submit(self, kind: JobKind, owner: str, work: str, key: Key | None = None) -> tuple[Job, bool]:
        """Keeps a job, and says whether it is new: the same key with the same request gives the job that there is.

        Raises:
            CallerError: CONFLICT, the key was used for another request.
            QueueFull: so many jobs wait that no more are taken.
        """

        def change(database: sqlite3.Connection) -> tuple[Job, bool]:
            known = _known(database, owner, key) if key is not None else None
            if known is not None:
                return known, False
            waiting = database.execute("SELECT COUNT(*) FROM jobs WHERE state = 'queued'").fetchone()[0]
            if waiting >= self._most_queued:
                raise QueueFull(waiting, _retry_after(database, waiting))
            job_id = f"job_{secrets.token_urlsafe(24)}"
            row = {
                "id": job_id,
                "kind": kind.value,
                "owner": owner,
                "now": time.time(),
                "run_id": f"{_RUN_PREFIX[kind]}_{secrets.token_urlsafe(16)}",
                "work": work,
                "key_text": key.text if key is not None else None,
                "key_digest": key.digest if key is not None else None,
            }
            database.execute(
                "INSERT INTO jobs (id, kind, owner, state, created_at, run_id, work, key_text, key_digest) "
                "VALUES (:id, :kind, :owner, 'queued', :now, :run_id, :work, :key_text, :key_digest)",
                row,
            )
            append(database, job_id, JobEventKind.QUEUED)
            return job_of(one_job(database, job_id)), True

        job = await self.store.change(change)
        self.ring()
        return job

    async def claim(self) -> Claim | None:
        """The next job that waits, or whose worker gave no sign for too long; None where there is none."""
        return await self.store.change(self._claim)

    def _claim(self, database: sqlite3.Connection) -> Claim | None:
        query = (
            "SELECT * FROM jobs WHERE state = 'queued' OR (state = 'running' AND lease_until < :now) "
            f"ORDER BY number LIMIT 1{self.store.dialect.unclaimed}"
        )
        while (row := database.execute(query, {"now": time.time()}).fetchone()) is not None:
            lost = row["state"] == JobState.RUNNING.value
            if lost and row["cancelling"]:
                _end(database, row["id"], JobState.CANCELLED)
            elif row["losses"] + lost >= self._most_losses or row["faults"] >= self._most_faults:
                _end(database, row["id"], JobState.FAILED, _LOST)
            else:
                if lost:
                    append(database, row["id"], JobEventKind.INTERRUPTED)
                return self._taken(database, row, lost)
        return None

    def _taken(self, database: sqlite3.Connection, row: sqlite3.Row, lost: bool) -> Claim:
        now, lease = time.time(), secrets.token_urlsafe(16)
        database.execute(
            "UPDATE jobs SET state = 'running', lease = :lease, lease_until = :until, attempts = attempts + 1, "
            "losses = losses + :lost, started_at = COALESCE(started_at, :now) WHERE id = :id",
            {"lease": lease, "until": now + self.lease_s, "now": now, "lost": int(lost), "id": row["id"]},
        )
        append(database, row["id"], JobEventKind.STARTED, {"attempt": row["attempts"] + 1})
        return Claim(job_of(one_job(database, row["id"])), row["work"], lease)

    async def beat(self, claim: Claim) -> Standing:
        """A worker's sign of life: its lease is made longer, and it learns whether it is to go on."""

        def change(database: sqlite3.Connection) -> Standing:
            row = _held(database, claim)
            if row is None:
                return Standing.LEAVE
            until = time.time() + self.lease_s
            database.execute("UPDATE jobs SET lease_until = :until WHERE id = :id", {"until": until, "id": row["id"]})
            return Standing.CANCEL if row["cancelling"] else Standing.GO_ON

        return await self.store.change(change)

    async def progress(self, claim: Claim, stage: str, data: Mapping[str, str | float | None]) -> None:
        """Tells how far a job is."""

        def change(database: sqlite3.Connection) -> None:
            if _held(database, claim) is not None:
                database.execute("UPDATE jobs SET stage = :stage WHERE id = :id", {"stage": stage, "id": claim.job.id})
                append(database, claim.job.id, JobEventKind.PROGRESS, data)

        await self.store.change(change)

    async def finish(
        self,
        claim: Claim,
        state: JobState,
        problem: Problem | None = None,
        data: Mapping[str, str | float | None] | None = None,
    ) -> bool:
        """Ends a job; False, and nothing is changed, where it is no longer this worker's.

        Args:
            state: one of `ENDED`.
        """

        def change(database: sqlite3.Connection) -> bool:
            held = _held(database, claim) is not None
            if held:
                _end(database, claim.job.id, state, problem, data)
            return held

        return await self.store.change(change)

    async def wait(self, claim: Claim) -> None:
        """Lets a job go until a person has answered; one that is to be cancelled ends."""

        def change(database: sqlite3.Connection) -> None:
            row = _held(database, claim)
            if row is not None and row["cancelling"]:
                _end(database, claim.job.id, JobState.CANCELLED)
            elif row is not None:
                _set(database, claim.job.id, JobState.WAITING)
                append(database, claim.job.id, JobEventKind.WAITING)

        await self.store.change(change)

    async def wake(self, job_id: str) -> Job:
        """Puts a job whose question was answered back into the queue; one that does not wait stays as it is.

        Raises:
            CallerError: NOT_FOUND.
        """

        def change(database: sqlite3.Connection) -> Job:
            if one_job(database, job_id)["state"] == JobState.WAITING.value:
                _set(database, job_id, JobState.QUEUED)
                append(database, job_id, JobEventKind.ANSWERED)
            return job_of(one_job(database, job_id))

        job = await self.store.change(change)
        self.ring()
        return job

    async def let_go(self, claim: Claim, *, failed: bool = False) -> None:
        """Puts a job back for another worker; `failed` counts it as one that its worker could not do."""

        def change(database: sqlite3.Connection) -> None:
            if _held(database, claim) is not None:
                _set(database, claim.job.id, JobState.QUEUED, faults=int(failed))
                append(database, claim.job.id, JobEventKind.INTERRUPTED)

        await self.store.change(change)
        self.ring()

    async def cancel(self, job_id: str) -> Job:
        """Ends a job that no worker holds; one that is held is ended by its worker. One that has ended stays so.

        Raises:
            CallerError: NOT_FOUND.
        """

        def change(database: sqlite3.Connection) -> Job:
            row = one_job(database, job_id)
            if row["state"] in (JobState.QUEUED.value, JobState.WAITING.value):
                _end(database, job_id, JobState.CANCELLED)
            elif row["state"] == JobState.RUNNING.value and not row["cancelling"]:
                database.execute("UPDATE jobs SET cancelling = 1 WHERE id = :id", {"id": job_id})
                append(database, job_id, JobEventKind.CANCELLING)
            return job_of(one_job(database, job_id))

        job = await self.store.change(change)
        self.ring()
        return job

    async def job(self, job_id: str) -> Job:
        """
        Raises:
            CallerError: NOT_FOUND.
        """
        return await self.store.read(lambda database: job_of(one_job(database, job_id)))

    async def jobs(
        self,
        kind: JobKind,
        owner: str | None,
        *,
        before: int | None = None,
        limit: int = 50,
        state: JobState | None = None,
    ) -> tuple[tuple[Job, ...], int | None]:
        """A page of jobs, newest first, and where the next one begins; None where this is the last.

        Args:
            owner: whose; None for everyone's.
            before: where the page begins, as the page before it told.
        """
        conditions = ["kind = :kind"]
        conditions += ["owner = :owner"] if owner is not None else []
        conditions += ["number < :before"] if before is not None else []
        conditions += ["state = :state"] if state is not None else []
        query = f"SELECT * FROM jobs WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT :limit"
        values = {
            "kind": kind.value,
            "owner": owner,
            "before": before,
            "limit": limit + 1,
            "state": state.value if state is not None else None,
        }
        rows = await self.store.read(lambda database: database.execute(query, values).fetchall())
        page = rows[:limit]
        return tuple(job_of(row) for row in page), page[-1]["number"] if len(rows) > limit else None

    async def counts(self) -> dict[JobState, int]:
        """How many jobs there are in each state."""
        query = "SELECT state, COUNT(*) AS many FROM jobs GROUP BY state"
        rows = await self.store.read(lambda database: database.execute(query).fetchall())
        return {state: 0 for state in JobState} | {JobState(row["state"]): row["many"] for row in rows}

    def ring(self) -> None:
        """Wakes whoever waits in this process for a change; other processes look for themselves."""
        self._bell.set()
        self._bell = asyncio.Event()

    async def rung(self, at_most_s: float) -> None:
        """Returns when something has changed, or after a while."""
        try:
            await asyncio.wait_for(self._bell.wait(), at_most_s)
        except TimeoutError:
            return


def _known(database: sqlite3.Connection, owner: str, key: Key) -> Job | None:
    query = "SELECT * FROM jobs WHERE owner = :owner AND key_text = :text"
    row = database.execute(query, {"owner": owner, "text": key.text}).fetchone()
    if row is None:
        return None
    if row["key_digest"] != key.digest:
        raise CallerError(
            ProblemCode.CONFLICT,
            "The idempotency key was used before, for another request.",
            "Give each request a key of its own, and repeat a key only with the same request.",
        )
    return job_of(row)


def _held(database: sqlite3.Connection, claim: Claim) -> sqlite3.Row | None:
    """The row of a job, as long as the lease is this claim's."""
    try:
        row = one_job(database, claim.job.id)
    except CallerError:
        return None
    return row if row["state"] == JobState.RUNNING.value and row["lease"] == claim.lease else None


def _set(database: sqlite3.Connection, job_id: str, state: JobState, faults: int = 0) -> None:
    database.execute(
        "UPDATE jobs SET state = :state, lease = NULL, lease_until = NULL, faults = faults + :faults WHERE id = :id",
        {"state": state.value, "faults": faults, "id": job_id},
    )


def _end(
    database: sqlite3.Connection,
    job_id: str,
    state: JobState,
    problem: Problem | None = None,
    data: Mapping[str, str | float | None] | None = None,
) -> None:
    assert state in ENDED
    _set(database, job_id, state)
    database.execute(
        "UPDATE jobs SET ended_at = :now, problem = :problem WHERE id = :id",
        {"now": time.time(), "problem": problem.model_dump_json() if problem else None, "id": job_id},
    )
    told = {"problem": problem.code.value} if problem else dict(data or {})
    append(database, job_id, JobEventKind(state.value), told)


def _retry_after(database: sqlite3.Connection, waiting: int) -> int:
    """Seconds until a place is likely to be free, from how long the last jobs took."""
    query = "SELECT ended_at - started_at AS took FROM jobs WHERE state = 'done' ORDER BY number DESC LIMIT 20"
    took = [row["took"] for row in database.execute(query).fetchall() if row["took"] is not None]
    return max(1, min(300, round(sum(took) / len(took)))) if took else min(60, max(1, waiting))

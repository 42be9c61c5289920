"""The jobs' file: every change to it is one transaction, which happens whole or not at all."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from wardround.contracts.errors import CallerError, Problem, ProblemCode
from wardround.contracts.home import private_folder
from wardround.contracts.jobs import Job
from wardround.orchestrator.jobs.dialect import SQLITE, Dialect

__all__ = ["JOBS_FILE", "JobStore", "job_of", "moment", "one_job", "unknown_job"]

JOBS_FILE = "jobs.db"
Made = TypeVar("Made")
Work = Callable[[sqlite3.Connection], Made]


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def job_of(row: sqlite3.Row) -> Job:
    """A row of the table `jobs` as a word."""
    names = ("id", "kind", "owner", "state", "attempts", "stage", "run_id")
    times = ("created_at", "started_at", "ended_at")
    told: dict[str, Any] = {name: row[name] for name in names}
    told |= {name: moment(row[name]) for name in times if row[name] is not None}
    told["problem"] = Problem.model_validate_json(row["problem"]) if row["problem"] else None
    return Job.model_validate(told)


def unknown_job() -> CallerError:
    """The one answer for a job that never was, is no more, or is another's."""
    return CallerError(
        ProblemCode.NOT_FOUND, "There is no job of that id.", "It may have been deleted, or its time may be over."
    )


def one_job(database: sqlite3.Connection, job_id: str) -> sqlite3.Row:
    """The row of a job.

    Raises:
        CallerError: NOT_FOUND.
    """
    row: sqlite3.Row | None = database.execute("SELECT * FROM jobs WHERE id = :id", {"id": job_id}).fetchone()
    if row is None:
        raise unknown_job()
    return row


class JobStore:
    """Open it with `JobStore.opened`; several processes of one machine may share the file."""

    def __init__(self, file: Path, dialect: Dialect = SQLITE) -> None:
        self._file = file
        self.dialect = dialect
        # A thread of its own: a transaction that has begun is ended there, even where the task that asked is cancelled,
        # and models that fill the common threads do not hold it up.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jobs")
        self._database: sqlite3.Connection | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, file: Path) -> AsyncIterator[JobStore]:
        """The store in `file`, made with its folder where it is not there, readable by its owner alone.

        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made or written.
        """
        private_folder(file.parent, "WARDROUND_HOME")
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        store = cls(file)
        try:
            await store._in_thread(store._open)
            yield store
        finally:
            await store._in_thread(store._close)
            store._thread.shutdown()

    async def change(self, work: Work[Made]) -> Made:
        """What `work` makes of the database, in one transaction that is taken back where it raises."""
        return await self._in_thread(lambda: self._changed(work))

    def submit(self, work: Work[Made]) -> Future[Made]:
        """The same for a thread without an event loop."""
        return self._thread.submit(self._changed, work)

    async def read(self, work: Work[Made]) -> Made:
        """What `work` reads."""
        return await self._in_thread(lambda: work(self._open_database()))

    async def _in_thread(self, work: Callable[[], Made]) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        database = sqlite3.connect(self._file, timeout=30.0, isolation_level=None)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode=WAL")
        # A job that was accepted must not be forgotten by a machine that loses power.
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA secure_delete=ON")
        for statement in self.dialect.schema:
            database.execute(statement)
        self._database = database

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _open_database(self) -> sqlite3.Connection:
        assert self._database is not None
        return self._database

    def _changed(self, work: Work[Made]) -> Made:
        database = self._open_database()
        database.execute(self.dialect.begin)
        try:
            made = work(database)
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        return made

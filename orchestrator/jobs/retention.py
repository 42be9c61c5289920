"""Forgets what has had its time: ended jobs with their runs, and the studies that were handed in."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.jobs import ENDED, Job, JobKind
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.jobs.store import JobStore, job_of, one_job
from wardround.orchestrator.jobs.studies import StudyBook

__all__ = ["Retention"]

_LOOK_EVERY_S = 3600.0
_AT_ONCE = 200
_log = logging.getLogger(__name__)


class Retention:
    """What may be forgotten of one house."""

    def __init__(self, store: JobStore, encounters: Encounters, *, keep_s: float) -> None:
        """
        Args:
            keep_s: seconds for which an ended job, and a study, are kept.
        """
        self._store = store
        self._encounters = encounters
        self._studies = StudyBook(store)
        self._keep_s = keep_s

    async def forget_job(self, job_id: str) -> None:
        """Deletes an ended job with its events and its run, past recovery.

        Raises:
            CallerError: NOT_FOUND; CONFLICT, it has not ended.
        """

        def ended(database: sqlite3.Connection) -> Job:
            return job_of(one_job(database, job_id))

        job = await self._store.read(ended)
        if job.state not in ENDED:
            raise CallerError(ProblemCode.CONFLICT, "The job has not ended.", "Cancel it first.")
        # The run goes first: should this be interrupted, the job is still there to be deleted again.
        await self._forget_run(job)

        def delete(database: sqlite3.Connection) -> None:
            database.execute("DELETE FROM events WHERE job_id = :id", {"id": job_id})
            database.execute("DELETE FROM jobs WHERE id = :id", {"id": job_id})

        await self._store.change(delete)

    async def _forget_run(self, job: Job) -> None:
        if job.kind is JobKind.DIAGNOSIS:
            await self._encounters.house.runs.forget(job.run_id)
        elif await self._encounters.store.knows(job.run_id):
            await self._encounters.store.forget(job.run_id)

    async def forget_old(self) -> int:
        """Deletes all that has had its time; returns how many jobs and studies that were."""
        before = time.time() - self._keep_s
        query = (
            "SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled') AND ended_at < :before "
            "ORDER BY number LIMIT :limit"
        )
        values = {"before": before, "limit": _AT_ONCE}
        rows = await self._store.read(lambda database: database.execute(query, values).fetchall())
        for row in rows:
            await self.forget_job(row["id"])
        old = await self._studies.older_than(before, _AT_ONCE)
        for handle in old:
            await self._encounters.house.forget_study(handle)
            await self._studies.remove(handle)
        return len(rows) + len(old)

    async def run(self) -> None:
        """Forgets every hour, until it is cancelled."""
        while True:
            try:
                while await self.forget_old():
                    pass
            except Exception as error:  # what cannot be forgotten now is tried again
                _log.error("old jobs could not be forgotten: %s", type(error).__name__)
            await asyncio.sleep(_LOOK_EVERY_S)

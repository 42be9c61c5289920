"""What every route works with: the queue, the house, whose study is whose; opened once, with the application."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.jobs import Job, JobKind
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.jobs.queue import JobQueue
from wardround.orchestrator.jobs.retention import Retention
from wardround.orchestrator.jobs.store import unknown_job
from wardround.orchestrator.jobs.studies import StudyBook
from wardround.orchestrator.service.identity import Caller

__all__ = ["JSON", "MULTIPART", "Desk", "TheCaller", "TheDesk", "of_type"]

JSON, MULTIPART = "application/json", "multipart/form-data"


@dataclass(frozen=True)
class Desk:
    """All that the service holds open."""

    queue: JobQueue
    encounters: Encounters
    studies: StudyBook
    retention: Retention
    uploads: Path

    async def owned(self, caller: Caller, job_id: str, kind: JobKind) -> Job:
        """A job that the caller may see.

        Raises:
            CallerError: NOT_FOUND, also for another's: whether it exists is nobody else's business.
        """
        job = await self.queue.job(job_id)
        if job.kind is not kind or caller.sees not in (None, job.owner):
            raise unknown_job()
        return job


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


TheDesk = Annotated[Desk, Depends(_desk)]
TheCaller = Annotated[Caller, Depends(_caller)]


class _OfType:
    """Refuses a body that says it is something else."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted

    def __call__(self, request: Request) -> None:
        told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if told != self._wanted:
            raise CallerError(
                ProblemCode.UNSUPPORTED_FORMAT,
                f"This address takes a body of the type {self._wanted}.",
                "Say so in the header Content-Type.",
            )


def of_type(wanted: str) -> _OfType:
    """A dependency: 415 unless the body says that it is of that type."""
    return _OfType(wanted)

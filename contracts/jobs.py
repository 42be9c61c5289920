"""A job: work that was accepted, is kept until it is done, and outlives the process that does it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import Problem

__all__ = ["ENDED", "Job", "JobEvent", "JobEventKind", "JobKind", "JobState"]


class JobKind(StrEnum):
    """What a job does."""

    DIAGNOSIS = "diagnosis"
    ENCOUNTER = "encounter"


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # for a person's answer
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class JobEventKind(StrEnum):
    """What happened to a job. The last three end it."""

    QUEUED = "queued"
    STARTED = "started"
    PROGRESS = "progress"
    INTERRUPTED = "interrupted"  # its worker ended; it will be claimed again
    WAITING = "waiting"
    ANSWERED = "answered"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Word):
    """A job as it stands.

    `stage` is the role of the specialist that was asked last. `attempts` counts how often a worker took it up; more
    than one says that a worker ended in the middle, or that a person's answer was waited for. `run_id` names the run or
    the encounter that it makes, however often it is taken up. `problem` says why it failed.
    """

    id: Annotated[str, Field(pattern=r"^job_[0-9A-Za-z_-]{22,64}$", description="Random, unguessable name.")]
    kind: JobKind
    owner: str
    state: JobState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: Annotated[int, Field(ge=0)] = 0
    stage: str = ""
    run_id: str
    problem: Problem | None = None
    links: dict[str, str] = Field(default_factory=dict, description="Where its result, events and questions are.")
    notice: str = NOTICE


class JobEvent(Word):
    """One thing that happened. `data` holds names of roles and specialists, counts and codes, and nobody's words."""

    id: Annotated[int, Field(ge=1, description="Increases within a job, from 1.")]
    kind: JobEventKind
    at: datetime
    data: dict[str, str | float | None] = Field(default_factory=dict)

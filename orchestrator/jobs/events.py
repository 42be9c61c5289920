"""The events of jobs: appended in the transaction of what they tell, and read on from any of them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping

from wardround.contracts.jobs import JobEvent, JobEventKind
from wardround.orchestrator.jobs.store import JobStore, moment

__all__ = ["MOST_EVENTS", "append", "read_events"]

# What is told of a job that goes on and on stays bounded; how it ends is always told.
MOST_EVENTS = 2000


def append(
    database: sqlite3.Connection, job_id: str, kind: JobEventKind, data: Mapping[str, str | float | None] | None = None
) -> None:
    """Appends an event within a transaction; progress beyond `MOST_EVENTS` is left out."""
    last = database.execute("SELECT MAX(number) FROM events WHERE job_id = :id", {"id": job_id}).fetchone()[0] or 0
    if kind is JobEventKind.PROGRESS and last >= MOST_EVENTS:
        return
    database.execute(
        "INSERT INTO events (job_id, number, kind, at, data) VALUES (:id, :number, :kind, :at, :data)",
        {"id": job_id, "number": last + 1, "kind": kind.value, "at": time.time(), "data": json.dumps(data or {})},
    )


async def read_events(store: JobStore, job_id: str, after: int = 0, limit: int = 500) -> tuple[JobEvent, ...]:
    """The events of a job after the one of that id, in order; empty for a job that is not there."""
    query = "SELECT * FROM events WHERE job_id = :id AND number > :after ORDER BY number LIMIT :limit"
    rows = await store.read(
        lambda database: database.execute(query, {"id": job_id, "after": after, "limit": limit}).fetchall()
    )
    return tuple(
        JobEvent(id=row["number"], kind=row["kind"], at=moment(row["at"]), data=json.loads(row["data"])) for row in rows
    )

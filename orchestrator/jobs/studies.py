"""Whose study is whose: the studies that were handed in at the service, by handle."""

from __future__ import annotations

import sqlite3
import time

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Study
from wardround.orchestrator.jobs.store import JobStore

__all__ = ["StudyBook"]


class StudyBook:
    """A handle opens nothing for anybody but the one who handed the study in."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    async def add(self, owner: str, study: Study) -> None:
        """Keeps a study."""
        row = {"handle": study.handle, "owner": owner, "now": time.time(), "study": study.model_dump_json()}
        statement = "INSERT INTO studies (handle, owner, created_at, study) VALUES (:handle, :owner, :now, :study)"
        await self._store.change(lambda database: database.execute(statement, row).rowcount)

    async def study(self, owner: str | None, handle: str) -> Study:
        """The study of that handle.

        Args:
            owner: who asks; None may see everyone's.

        Raises:
            CallerError: NOT_FOUND, also for one that is another's.
        """

        def find(database: sqlite3.Connection) -> sqlite3.Row | None:
            row: sqlite3.Row | None = database.execute(
                "SELECT owner, study FROM studies WHERE handle = :handle", {"handle": handle}
            ).fetchone()
            return row

        row = await self._store.read(find)
        if row is None or owner not in (None, row["owner"]):
            raise CallerError(
                ProblemCode.NOT_FOUND,
                "There is no study of that handle.",
                "Submit the films with POST /v1/studies; a study that has had its time is forgotten.",
            )
        return Study.model_validate_json(row["study"])

    async def older_than(self, before: float, limit: int) -> tuple[str, ...]:
        """Handles of studies handed in before that time (seconds since 1970) which no unended job names."""
        query = (
            "SELECT handle FROM studies WHERE created_at < :before AND NOT EXISTS (SELECT 1 FROM jobs WHERE "
            "state IN ('queued', 'running', 'waiting') AND work LIKE '%' || handle || '%') "
            "ORDER BY created_at LIMIT :limit"
        )
        values = {"before": before, "limit": limit}
        rows = await self._store.read(lambda database: database.execute(query, values).fetchall())
        return tuple(row["handle"] for row in rows)

    async def remove(self, handle: str) -> None:
        """Forgets whose it was; one that is not there is no error."""
        statement = "DELETE FROM studies WHERE handle = :handle"
        await self._store.change(lambda database: database.execute(statement, {"handle": handle}).rowcount)

"""The record of runs: results and LangGraph's checkpoints in one SQLite file."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from wardround.contracts.base import Word
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder

__all__ = ["RunStore", "RunSummary"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    status TEXT NOT NULL,
    abstained INTEGER NOT NULL,
    synthetic INTEGER NOT NULL,
    result TEXT NOT NULL
)
"""


class RunSummary(Word):
    """One line of `runs list`."""

    run_id: str
    created_at: str
    status: str
    abstained: bool
    synthetic: bool


class RunStore:
    """Open it with `RunStore.opened`; one process writes, others may read."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.checkpointer = AsyncSqliteSaver(connection)

    @classmethod
    @asynccontextmanager
    async def opened(cls, file: Path) -> AsyncIterator[RunStore]:
        """The store in `file`, made with its folder where it is not there, readable by its owner alone.

        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made or written.
        """
        private_folder(file.parent, "WARDROUND_HOME")
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        async with aiosqlite.connect(file) as connection:
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=NORMAL")
            await connection.execute("PRAGMA busy_timeout=5000")
            await connection.execute(_SCHEMA)
            await connection.commit()
            yield cls(connection)

    async def save(self, result: Diagnosis) -> None:
        """Keeps a finished run, and drops its checkpoints: they serve only to finish it."""
        row = (
            result.run_id,
            result.created_at,
            result.status.value,
            int(result.abstained),
            int(result.synthetic),
            result.model_dump_json(),
        )
        await self._connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", row)
        await self._connection.commit()
        await self.checkpointer.adelete_thread(result.run_id)

    async def load(self, run_id: str) -> Diagnosis:
        """A finished run's result.

        Raises:
            CallerError: NOT_FOUND.
        """
        async with self._connection.execute("SELECT result FROM runs WHERE run_id = ?", (run_id,)) as rows:
            row = await rows.fetchone()
        if row is None:
            raise CallerError(
                ProblemCode.NOT_FOUND, "There is no finished run of that id.", "List them: 'wardround runs list'."
            )
        return Diagnosis.model_validate_json(row[0])

    async def summaries(self, limit: int = 50) -> tuple[RunSummary, ...]:
        """The last runs, newest first."""
        query = f"SELECT {', '.join(RunSummary.model_fields)} FROM runs ORDER BY created_at DESC, rowid DESC LIMIT ?"
        async with self._connection.execute(query, (limit,)) as rows:
            found = await rows.fetchall()
        return tuple(RunSummary.model_validate(dict(zip(RunSummary.model_fields, row, strict=True))) for row in found)

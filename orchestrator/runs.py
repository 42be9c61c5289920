"""The record of runs: results, tapes and LangGraph's checkpoints in one SQLite file."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from wardround.contracts.base import Word
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder
from wardround.orchestrator.tape import Entry, Setup, Write

__all__ = ["RunStore", "RunSummary"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    status TEXT NOT NULL,
    abstained INTEGER NOT NULL,
    synthetic INTEGER NOT NULL,
    result TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS setups (run_id TEXT PRIMARY KEY, setup BLOB NOT NULL, calls BLOB);
CREATE TABLE IF NOT EXISTS tapes (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    entry BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS tapes_by_run ON tapes (run_id);
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
            # A step's answers are committed with its checkpoint: another process may have to wait for a whole step.
            await connection.execute("PRAGMA busy_timeout=60000")
            await connection.execute("PRAGMA secure_delete=ON")
            await connection.executescript(_SCHEMA)
            await connection.commit()
            yield cls(connection)

    async def begin(self, run_id: str, setup: Setup) -> None:
        """Keeps what a run begins with."""
        packed = _packed(setup.model_dump_json())
        await self._connection.execute("INSERT OR REPLACE INTO setups (run_id, setup) VALUES (?, ?)", (run_id, packed))

    def writer(self, run_id: str) -> Write:
        """Puts entries onto the run's tape; they are committed with the checkpoint of their step."""

        async def write(entry: Entry) -> None:
            packed = _packed(entry.model_dump_json())
            await self._connection.execute("INSERT INTO tapes (run_id, entry) VALUES (?, ?)", (run_id, packed))

        return write

    async def tape(self, run_id: str) -> tuple[Setup, tuple[Entry, ...]]:
        """What a run began with, and every answer that it was given, in order.

        Raises:
            CallerError: NOT_FOUND; there is no such run, or it is from before runs were taped.
        """
        async with self._connection.execute("SELECT setup FROM setups WHERE run_id = ?", (run_id,)) as rows:
            begun = await rows.fetchone()
        if begun is None:
            raise CallerError(
                ProblemCode.NOT_FOUND, "There is no tape of a run of that id.", "List runs: 'wardround runs list'."
            )
        query = "SELECT entry FROM tapes WHERE run_id = ? ORDER BY position"
        async with self._connection.execute(query, (run_id,)) as rows:
            entries = [Entry.model_validate_json(_unpacked(row[0])) async for row in rows]
        return Setup.model_validate_json(_unpacked(begun[0])), tuple(entries)

    async def calls(self, run_id: str) -> list[dict[str, Any]]:
        """Each question to the language model, with its prompt's digest and the raw answers; empty without one."""
        async with self._connection.execute("SELECT calls FROM setups WHERE run_id = ?", (run_id,)) as rows:
            row = await rows.fetchone()
        found: list[dict[str, Any]] = json.loads(_unpacked(row[0])) if row is not None and row[0] else []
        return found

    async def save(self, result: Diagnosis, calls: Sequence[Mapping[str, Any]] = ()) -> None:
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
        if calls:
            packed = _packed(json.dumps(list(calls), ensure_ascii=False))
            await self._connection.execute("UPDATE setups SET calls = ? WHERE run_id = ?", (packed, result.run_id))
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

    async def forget(self, run_id: str) -> None:
        """Deletes a run, finished or not, with its tape and checkpoints and the run that read an earlier film for it.

        Past recovery from the file; a run that is not there is no error.
        """
        for one in (run_id, f"{run_id}_prior"):
            await self.checkpointer.adelete_thread(one)
            for table in ("tapes", "setups", "runs"):
                await self._connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (one,))
        await self._connection.commit()
        await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def summaries(self, limit: int = 50) -> tuple[RunSummary, ...]:
        """The last runs, newest first."""
        query = f"SELECT {', '.join(RunSummary.model_fields)} FROM runs ORDER BY created_at DESC, rowid DESC LIMIT ?"
        async with self._connection.execute(query, (limit,)) as rows:
            found = await rows.fetchall()
        return tuple(RunSummary.model_validate(dict(zip(RunSummary.model_fields, row, strict=True))) for row in found)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8"), 1)


def _unpacked(data: bytes) -> str:
    return zlib.decompress(data).decode("utf-8")

"""The record of encounters: what each began with, how it stands, and LangGraph's checkpoints, in one SQLite file."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.case import Case
from wardround.contracts.encounter import Encounter, EncounterMode, EncounterStatus, Opening
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder

__all__ = ["EncounterSetup", "EncounterStore", "EncounterSummary", "Speaker"]

# Who answers for a case's record: the record itself, a language model that is shown it, or a person.
Speaker = Literal["record", "model", "person"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS encounters (
    encounter_id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    setup TEXT NOT NULL,
    result TEXT
);
CREATE TABLE IF NOT EXISTS answers (
    encounter_id TEXT NOT NULL,
    asked_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (encounter_id, asked_id)
);
"""


class EncounterSetup(Word):
    """What an encounter is resumed with.

    `case` is the record that answers; of a live person it has what was told at the start. `options` are the bounds it
    was begun with.
    """

    mode: EncounterMode
    opening: Opening
    case: Case
    patient: Speaker = "record"
    options: dict[str, Any] = Field(default_factory=dict)
    remember: bool = False


class EncounterSummary(Word):
    """One line of `encounters list`."""

    encounter_id: str
    created_at: str
    mode: str
    status: str


class EncounterStore:
    """Open it with `EncounterStore.opened`."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.checkpointer = AsyncSqliteSaver(connection)

    @classmethod
    @asynccontextmanager
    async def opened(cls, file: Path) -> AsyncIterator[EncounterStore]:
        """The store in `file`, made where it is not there, readable by its owner alone.

        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made or written.
        """
        private_folder(file.parent, "WARDROUND_HOME")
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        async with aiosqlite.connect(file) as connection:
            await connection.execute("PRAGMA journal_mode=WAL")
            # A paid order must not be forgotten by a machine that loses power: every checkpoint reaches the disk.
            await connection.execute("PRAGMA synchronous=FULL")
            await connection.execute("PRAGMA busy_timeout=5000")
            await connection.execute("PRAGMA secure_delete=ON")
            await connection.executescript(_SCHEMA)
            await connection.commit()
            yield cls(connection)

    async def begin(self, encounter_id: str, created_at: str, setup: EncounterSetup) -> None:
        """Keeps what an encounter begins with."""
        row = (encounter_id, created_at, setup.mode.value, EncounterStatus.RUNNING.value, setup.model_dump_json())
        await self._connection.execute(
            "INSERT INTO encounters (encounter_id, created_at, mode, status, setup) VALUES (?, ?, ?, ?, ?)", row
        )
        await self._connection.commit()

    async def knows(self, encounter_id: str) -> bool:
        """Whether an encounter of that id has begun."""
        async with self._connection.execute("SELECT 1 FROM encounters WHERE encounter_id = ?", (encounter_id,)) as rows:
            return await rows.fetchone() is not None

    async def setup(self, encounter_id: str) -> EncounterSetup:
        """What an encounter began with.

        Raises:
            CallerError: NOT_FOUND.
        """
        return EncounterSetup.model_validate_json(await self._column("setup", encounter_id))

    async def keep_answer(self, encounter_id: str, asked_id: str, answer: str) -> bool:
        """Keeps what was answered, before anything is made of it; False where that was answered before, by anyone."""
        cursor = await self._connection.execute(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", (encounter_id, asked_id, answer)
        )
        await self._connection.commit()
        return cursor.rowcount == 1

    async def answer(self, encounter_id: str, asked_id: str) -> str | None:
        """What was answered, None where nothing was yet."""
        query = "SELECT answer FROM answers WHERE encounter_id = ? AND asked_id = ?"
        async with self._connection.execute(query, (encounter_id, asked_id)) as rows:
            row = await rows.fetchone()
        return None if row is None else str(row[0])

    async def save(self, result: Encounter) -> None:
        """Keeps how an encounter stands."""
        await self._connection.execute(
            "UPDATE encounters SET status = ?, result = ? WHERE encounter_id = ?",
            (result.status.value, result.model_dump_json(), result.encounter_id),
        )
        await self._connection.commit()

    async def load(self, encounter_id: str) -> Encounter:
        """How an encounter stood when it was last kept.

        Raises:
            CallerError: NOT_FOUND, also where its process ended before anything was kept.
        """
        return Encounter.model_validate_json(await self._column("result", encounter_id))

    async def forget(self, encounter_id: str) -> None:
        """Deletes an encounter with its checkpoints, past recovery from the file.

        Raises:
            CallerError: NOT_FOUND.
        """
        await self.setup(encounter_id)
        await self.checkpointer.adelete_thread(encounter_id)
        for table in ("answers", "encounters"):
            await self._connection.execute(f"DELETE FROM {table} WHERE encounter_id = ?", (encounter_id,))
        await self._connection.commit()
        await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def summaries(self, limit: int = 50) -> tuple[EncounterSummary, ...]:
        """The last encounters, newest first."""
        query = (
            "SELECT encounter_id, created_at, mode, status FROM encounters ORDER BY created_at DESC, rowid DESC LIMIT ?"
        )
        async with self._connection.execute(query, (limit,)) as rows:
            found = await rows.fetchall()
        names = tuple(EncounterSummary.model_fields)
        return tuple(EncounterSummary.model_validate(dict(zip(names, row, strict=True))) for row in found)

    async def _column(self, column: str, encounter_id: str) -> str:
        query = f"SELECT {column} FROM encounters WHERE encounter_id = ?"
        async with self._connection.execute(query, (encounter_id,)) as rows:
            row = await rows.fetchone()
        if row is None or row[0] is None:
            raise CallerError(
                ProblemCode.NOT_FOUND,
                "There is no encounter of that id, or nothing of it was kept yet.",
                "List them: 'wardround encounters list'.",
            )
        return str(row[0])

"""What of the jobs' SQL differs between databases; all else is written so that SQLite and PostgreSQL both read it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SQLITE", "Dialect"]

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS jobs (
        number INTEGER PRIMARY KEY {counted},
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        stage TEXT NOT NULL DEFAULT '',
        created_at {seconds} NOT NULL,
        started_at {seconds},
        ended_at {seconds},
        attempts INTEGER NOT NULL DEFAULT 0,
        losses INTEGER NOT NULL DEFAULT 0,
        faults INTEGER NOT NULL DEFAULT 0,
        run_id TEXT NOT NULL UNIQUE,
        work TEXT NOT NULL,
        key_text TEXT,
        key_digest TEXT,
        problem TEXT,
        lease TEXT,
        lease_until {seconds},
        cancelling INTEGER NOT NULL DEFAULT 0,
        UNIQUE (owner, key_text)
    )""",
    "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number)",
    "CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs (owner, number)",
    """CREATE TABLE IF NOT EXISTS events (
        job_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at {seconds} NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (job_id, number)
    )""",
    """CREATE TABLE IF NOT EXISTS studies (
        handle TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        created_at {seconds} NOT NULL,
        study TEXT NOT NULL
    )""",
)


@dataclass(frozen=True)
class Dialect:
    """One database's spelling.

    Attributes:
        begin: opens a transaction that will write.
        unclaimed: ends the query for the next job, so that two workers do not wait for each other's row.
        counted: a column that counts by itself and gives no number twice.
        seconds: a column of seconds since 1970, UTC, with at least milliseconds.
    """

    begin: str
    unclaimed: str
    counted: str
    seconds: str

    @property
    def schema(self) -> tuple[str, ...]:
        """The statements that make the tables where they are not there."""
        return tuple(one.format(counted=self.counted, seconds=self.seconds) for one in _SCHEMA)


# One writer at a time, so that no row needs a lock of its own.
SQLITE = Dialect(begin="BEGIN IMMEDIATE", unclaimed="", counted="AUTOINCREMENT", seconds="REAL")

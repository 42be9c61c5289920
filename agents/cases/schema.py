"""The one SQLite file of case memory: its tables, its transactions, and what goes wrong with it as our own errors."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wardround.agents.cases.fields import FIELDS, Group
from wardround.contracts.errors import CallerError, Fault, ProblemCode, WardroundError
from wardround.contracts.home import private_folder

__all__ = ["Database", "Meta", "damaged", "words_table"]

_SETTING = "WARDROUND_CASES_FILE"
_APPLICATION = 0x57434153  # 'WCAS' (PRAGMA application_id)
_SCHEMA = 1
_BUSY_MS = 30_000
# Size of the page cache: negative numbers are kibibytes.
_PRAGMAS = ("secure_delete = ON", "temp_store = MEMORY", "cache_size = -64000", "journal_mode = WAL")


def words_table(group: Group) -> str:
    """The full-text table of a group; one column for each of its fields, and no copy of the text."""
    return f"words_{group.value}"


_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # Rows are never used again (AUTOINCREMENT): an index entry that outlived its record would else name another's.
    "CREATE TABLE cases (row INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL UNIQUE,"
    " revision INTEGER NOT NULL, trust INTEGER NOT NULL, synthetic INTEGER NOT NULL, department TEXT NOT NULL,"
    " age INTEGER, sex TEXT NOT NULL, record TEXT NOT NULL)",
    "CREATE INDEX case_revision ON cases (revision)",
    "CREATE TABLE case_findings (finding TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (finding, row))"
    " WITHOUT ROWID",
    "CREATE INDEX case_findings_row ON case_findings (row)",
    "CREATE TABLE vectors (row INTEGER PRIMARY KEY, presentation BLOB NOT NULL, findings BLOB NOT NULL)",
    "CREATE TABLE terms (part TEXT NOT NULL, term TEXT NOT NULL, records INTEGER NOT NULL, PRIMARY KEY (part, term))"
    " WITHOUT ROWID",
    *(
        f"CREATE VIRTUAL TABLE {words_table(group)} USING fts5({', '.join(fields)}, content='',"
        " tokenize='unicode61 remove_diacritics 0')"
        for group, fields in FIELDS.items()
    ),
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BARRED = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})


def damaged() -> CallerError:
    """The refusal of a file that cannot be read as what it should be."""
    return CallerError(
        ProblemCode.DAMAGED_FILE,
        "The file of case memory is damaged, or is no case memory.",
        f"Restore it from a copy, or move it away and import the cases again; {_SETTING} names it.",
    )


def _told(error: sqlite3.Error) -> WardroundError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED or any(part in str(error) for part in ("no such", "Could not decode")):
        return damaged()
    if code in _BUSY:
        return Fault(
            ProblemCode.BUSY, "Case memory is being written by another process.", "Ask again in a few seconds."
        )
    if code in _BARRED:
        return CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The file of case memory cannot be opened or written.",
            f"Make it and its folder writable, or name another file with {_SETTING}.",
        )
    full = " Its disk is full." if code == sqlite3.SQLITE_FULL else ""
    return Fault(ProblemCode.INTERNAL, f"Case memory failed with {type(error).__name__}.{full}", "Check the disk.")


class Meta:
    """Named values beside the records; they are read and written within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str, default: Any = None) -> Any:
        """The value, `default` where it was never set."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else row[0]

    def set(self, **values: Any) -> None:
        """Sets values by name; None takes one away."""
        for name, value in values.items():
            if value is None:
                self._connection.execute("DELETE FROM meta WHERE name = ?", (name,))
            else:
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def raised(self, name: str) -> int:
        """A counter's next number, which is kept."""
        number = int(self.get(name, 0)) + 1
        self.set(**{name: number})
        return number


class Database:
    """One connection that threads take in turn; other processes come between its transactions (WAL).

    What is deleted is overwritten with zeros (PRAGMA secure_delete), and nothing is put into temporary files.
    """

    def __init__(self, file: Path) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, the file cannot be opened or made; DAMAGED_FILE, it is no case memory;
                UNSUPPORTED_FORMAT, a newer version made it.
            Fault: BUSY.
        """
        private_folder(file.parent, _SETTING)
        self._file = file
        self._lock = threading.RLock()
        try:
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                file, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
        except OSError:
            raise _told(_cannot_open()) from None
        except sqlite3.Error as error:
            raise _told(error) from None
        try:
            self._set_up()
        except BaseException:
            self._connection.close()
            raise

    def _set_up(self) -> None:
        with self.reading() as connection:  # before anything is changed in a file that may be another's
            _is_ours(connection)
        try:
            for pragma in _PRAGMAS:
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
        except sqlite3.Error as error:
            raise _told(error) from None
        with self.writing() as connection:
            if not _is_ours(connection):
                for table in _TABLES:
                    connection.execute(table)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {_SCHEMA}")

    @property
    def bytes_on_disk(self) -> int:
        """The size of the file with its log."""
        files = (self._file.with_name(self._file.name + end) for end in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.is_file())

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One unchanging state of the file, for as long as the block lasts."""
        with self._transaction("BEGIN DEFERRED") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A block whose changes are kept all, or, where it raises, none."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute(begin)
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise _told(error) from error

    def empty_log(self) -> None:
        """Brings the log into the file and cuts it to nothing, so that it holds no earlier state of a page.

        Raises:
            Fault: BUSY, another process reads an earlier state for longer than the waiting lasts.
        """
        with self._lock:
            try:
                (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise _told(error) from error
        if busy:
            raise Fault(
                ProblemCode.BUSY,
                "What was forgotten is gone from case memory, but another process still holds its log open.",
                "Forget it once more when that process has ended, which empties the log.",
            )

    def close(self) -> None:
        """Closes the connection."""
        with self._lock:
            self._connection.close()


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Whether the file has our tables; False: it has none at all yet.

    Raises:
        CallerError: DAMAGED_FILE, it has another's; UNSUPPORTED_FORMAT, a newer version made it.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != _APPLICATION:
        raise damaged()
    if version > _SCHEMA:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            "The file of case memory was made by a newer version.",
            f"Update Wardround, or name another file with {_SETTING}.",
        )
    return bool(tables)


def _cannot_open() -> sqlite3.Error:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return error

"""The encrypted map from films to their original identifiers, and the record of when it was opened for an export.

    STORE/identifiers.sqlite   for each film one sealed entry (Fernet: AES-128-CBC with HMAC-SHA-256), and the record
    HOME/identifiers.key       the key, apart from the store, 0600; without it the entries are noise

The record has a row for each export: when, which film by its random handle, in which form, and the digest of what went
out. Rows can be added, not changed or taken away; it names nobody.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from wardround.agents.imaging.origin import Origin
from wardround.agents.imaging.transactions import transaction
from wardround.contracts.base import Word
from wardround.contracts.errors import Fault, ProblemCode
from wardround.contracts.exports import BoundBy, Exported
from wardround.contracts.home import private_folder

__all__ = ["Identifiers", "Opening"]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS sealed (image TEXT PRIMARY KEY, study TEXT NOT NULL, entry BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS sealed_study ON sealed (study)",
    "CREATE TABLE IF NOT EXISTS opening (at TEXT NOT NULL, image TEXT NOT NULL, run_id TEXT NOT NULL, "
    "format TEXT NOT NULL, bound_by TEXT NOT NULL, digest TEXT NOT NULL)",
    "CREATE TRIGGER IF NOT EXISTS opening_kept BEFORE DELETE ON opening BEGIN SELECT RAISE(ABORT, 'kept'); END",
    "CREATE TRIGGER IF NOT EXISTS opening_fixed BEFORE UPDATE ON opening BEGIN SELECT RAISE(ABORT, 'fixed'); END",
)


class Opening(Word):
    """One export, as the record has it."""

    at: str
    image: str
    run_id: str
    format: str
    bound_by: BoundBy
    digest: str


class Identifiers:
    """The map of one store; safe to use from several threads and processes at once."""

    def __init__(self, folder: Path, key_folder: Path) -> None:
        """Opens the map, or makes it; the key is made with the first film that is kept."""
        self._file = folder / "identifiers.sqlite"
        self._key_file = key_folder / "identifiers.key"
        os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        with self._transaction() as index:
            for table in _TABLES:
                index.execute(table)

    def _transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._file, write=True, secure_delete=True)

    def _key(self) -> Fernet:
        """The key, made where there is none yet; of two processes that make one, both get the first."""
        if not self._key_file.is_file():
            private_folder(self._key_file.parent, "WARDROUND_HOME")
            handle, part = tempfile.mkstemp(dir=self._key_file.parent, suffix=".part")  # mode 0600
            with os.fdopen(handle, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(part, self._key_file)
            os.unlink(part)
        try:
            return Fernet(self._key_file.read_bytes())
        except ValueError:
            raise self._wrong_key() from None

    @staticmethod
    def _wrong_key() -> Fault:
        return Fault(
            ProblemCode.INTERNAL,
            "The map of identifiers cannot be opened with the key in the data folder.",
            "Put back the file identifiers.key that belongs to this store, or name the original file.",
        )

    def keep(self, study: str, origins: Mapping[str, Origin]) -> None:
        """Seals the identifiers of a study's films, by the films' handles.

        Raises:
            Fault: INTERNAL, the key in the data folder is none.
        """
        if not origins:
            return
        key = self._key()
        rows = [(image, study, key.encrypt(one.model_dump_json().encode())) for image, one in origins.items()]
        with self._transaction() as index:
            index.executemany("INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", rows)

    def origin(self, image: str) -> Origin | None:
        """The identifiers of a film; None where none were kept, or they were forgotten.

        Raises:
            Fault: INTERNAL, the key is not the one that they were sealed with.
        """
        with self._transaction() as index:
            row = index.execute("SELECT entry FROM sealed WHERE image = ?", (image,)).fetchone()
        if row is None:
            return None
        try:
            return Origin.model_validate_json(self._key().decrypt(row[0]))
        except InvalidToken:
            raise self._wrong_key() from None

    def forget(self, study: str) -> None:
        """Takes the identifiers of a study's films away; the record of exports stays."""
        with self._transaction() as index:
            index.execute("DELETE FROM sealed WHERE study = ?", (study,))

    def record(self, image: str, run_id: str, written: Exported) -> None:
        """Notes an export. Call it before the file is handed out."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = (now, image, run_id, written.format.value, written.bound_by.value, written.digest)
        with self._transaction() as index:
            index.execute("INSERT INTO opening VALUES (?, ?, ?, ?, ?, ?)", row)

    def openings(self) -> tuple[Opening, ...]:
        """The record, oldest first."""
        with self._transaction() as index:
            rows = index.execute(f"SELECT {', '.join(Opening.model_fields)} FROM opening ORDER BY rowid").fetchall()
        return tuple(Opening.model_validate(dict(zip(Opening.model_fields, row, strict=True))) for row in rows)

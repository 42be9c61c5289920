"""The content-addressed study store: arrays by digest, studies by random handle, one folder for many processes.

    FOLDER/artefacts/ab/abcdef….npy   NumPy format 1.0, named by the SHA-256 of its bytes
    FOLDER/index.sqlite               studies, their films, and what was derived from each film

Folders are 0700 and files 0600.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wardround.agents.imaging.npy import channel_of, npy_bytes, parse_npy
from wardround.agents.imaging.transactions import transaction
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.home import private_folder
from wardround.contracts.study import Artefact, ArtefactKind, Image, Study

__all__ = ["PutArtefact", "Store", "new_image_handle", "new_study_handle", "write_whole"]

# Keeps what was made from one film: its kind, the array, and the name of each entry of the array's first axis.
PutArtefact = Callable[[ArtefactKind, npt.NDArray[Any], tuple[str, ...]], Artefact]

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS study (handle TEXT PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS image (handle TEXT PRIMARY KEY, study TEXT NOT NULL, film TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS image_study ON image (study)",
    "CREATE INDEX IF NOT EXISTS image_film ON image (film)",
    "CREATE TABLE IF NOT EXISTS derived (artefact TEXT NOT NULL, film TEXT NOT NULL, PRIMARY KEY (artefact, film))",
    "CREATE INDEX IF NOT EXISTS derived_film ON derived (film)",
    "CREATE TABLE IF NOT EXISTS awaited (artefact TEXT NOT NULL, since REAL NOT NULL)",
)
# A film that was just put belongs to no study yet; for so long another study's end does not take it away. One row for
# each time it was put: of two who put the same film, the study of one must not end the wait for the other's.
_FRESH_S = 3600.0


def new_study_handle() -> str:
    """A random study handle of 192 bits."""
    return f"st_{secrets.token_urlsafe(24)}"


def new_image_handle() -> str:
    """A random image handle of 192 bits."""
    return f"im_{secrets.token_urlsafe(24)}"


def _unknown(what: str) -> CallerError:
    return CallerError(
        ProblemCode.NOT_FOUND, f"This store holds no such {what}.", "It may have been forgotten: submit the film again."
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is only its owner's, whole or not at all, and wait until it is on the disk."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


class Store:
    """A store in one folder; safe to use from several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        """Open the store, or make it.

        Raises:
            CallerError: BAD_ARGUMENT, the folder cannot be made or written.
        """
        self.folder = private_folder(folder, "WARDROUND_STORE")
        self._artefacts = private_folder(folder / "artefacts", "WARDROUND_STORE")
        self._index = folder / "index.sqlite"
        os.close(os.open(self._index, os.O_CREAT | os.O_RDWR, 0o600))
        with self._transaction(write=True) as index:
            for table in _TABLES:
                index.execute(table)

    def _transaction(self, *, write: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._index, write=write)

    def _path(self, digest: str) -> Path:
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise _unknown("artefact")
        return self._artefacts / match[1][:2] / f"{match[1]}.npy"

    def has(self, digest: str) -> bool:
        """Whether the artefact's bytes are here."""
        return self._path(digest).is_file()

    def put_array(
        self,
        kind: ArtefactKind,
        array: npt.NDArray[np.generic],
        channels: Sequence[str] = (),
        *,
        film: str | None = None,
    ) -> Artefact:
        """Keep an array and return its reference; the same array twice is kept once.

        `array` has the shape and type that `ArtefactKind` states (masks may be bool, heat maps any float).
        `film` is the digest of the film it was derived from, so that it is forgotten with it.

        Raises:
            Fault: WRONG_SHAPE, the array does not fit its kind.
        """
        data, shape = npy_bytes(kind, array, len(channels))
        with self._transaction(write=True) as index:  # so that `forget` cannot come between file and row
            digest = self._put_bytes(data)
            if film is None:
                index.execute("INSERT INTO awaited VALUES (?, ?)", (digest, time.time()))
            else:
                index.execute("INSERT OR IGNORE INTO derived VALUES (?, ?)", (digest, film))
        return Artefact(kind=kind, digest=digest, shape=shape, channels=tuple(channels))

    def _put_bytes(self, data: bytes) -> str:
        """Keep the bytes of an artefact, whole or not at all; returns their digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        path = self._path(digest)
        if not path.is_file():
            write_whole(path, data)
        return digest

    def read_bytes(self, digest: str) -> bytes:
        """The bytes of an artefact, checked against its digest.

        Raises:
            CallerError: NOT_FOUND.
            Fault: INTERNAL, the file was changed on disk.
        """
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise _unknown("artefact") from None
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise Fault(
                ProblemCode.INTERNAL,
                "A stored artefact no longer matches its digest and is not used.",
                "Submit the film again; check the disk of the store.",
            )
        return data

    def read_array(self, artefact: Artefact) -> npt.NDArray[np.generic]:
        """The array of an artefact, or the one channel of it that is meant, as (h, w).

        Raises:
            CallerError: NOT_FOUND, no such artefact or channel.
            Fault: WRONG_SHAPE or INTERNAL, the bytes are not what the reference says.
        """
        return channel_of(parse_npy(self.read_bytes(artefact.digest), artefact), artefact)

    def save_study(self, study: Study) -> None:
        """Keep a study; the films must be in the store.

        Raises:
            CallerError: NOT_FOUND, a film is not here.
        """
        with self._transaction(write=True) as index:
            for image in study.images:
                if not self.has(image.film.digest):
                    raise _unknown("film")
            index.execute("INSERT OR REPLACE INTO study VALUES (?, ?)", (study.handle, study.model_dump_json()))
            index.execute("DELETE FROM image WHERE study = ?", (study.handle,))
            index.executemany(
                "INSERT OR REPLACE INTO image VALUES (?, ?, ?)",
                [(image.handle, study.handle, image.film.digest) for image in study.images],
            )
            index.executemany(
                "DELETE FROM awaited WHERE rowid = (SELECT MIN(rowid) FROM awaited WHERE artefact = ?)",
                [(image.film.digest,) for image in study.images],
            )

    def study(self, handle: str) -> Study:
        """The study of a handle.

        Raises:
            CallerError: NOT_FOUND.
        """
        with self._transaction() as index:
            row = index.execute("SELECT body FROM study WHERE handle = ?", (handle,)).fetchone()
        if row is None:
            raise _unknown("study")
        return Study.model_validate_json(row[0])

    def image(self, handle: str) -> Image:
        """The film of a handle.

        Raises:
            CallerError: NOT_FOUND.
        """
        found = self.study_of(handle)
        if found is None:
            raise _unknown("film")
        return next(image for image in found.images if image.handle == handle)

    def study_of(self, image: str) -> Study | None:
        """The study of a film's handle; None where it is not known here."""
        with self._transaction() as index:
            row = index.execute(
                "SELECT body FROM study JOIN image ON image.study = study.handle WHERE image.handle = ?", (image,)
            ).fetchone()
        return None if row is None else Study.model_validate_json(row[0])

    def films_of(self, digest: str) -> frozenset[str]:
        """The digests of the films that an artefact was derived from, as far as is known here."""
        with self._transaction() as index:
            rows = index.execute("SELECT film FROM derived WHERE artefact = ?", (digest,)).fetchall()
        return frozenset(row[0] for row in rows)

    def forget(self, handle: str) -> None:
        """Remove a study, and the films and derived artefacts that nothing else refers to.

        Raises:
            CallerError: NOT_FOUND.
        """
        with self._transaction(write=True) as index:
            if index.execute("DELETE FROM study WHERE handle = ?", (handle,)).rowcount == 0:
                raise _unknown("study")
            films = {row[0] for row in index.execute("SELECT film FROM image WHERE study = ?", (handle,))}
            index.execute("DELETE FROM image WHERE study = ?", (handle,))
            index.execute("DELETE FROM awaited WHERE since < ?", (time.time() - _FRESH_S,))
            films = {film for film in films if not self._referred(index, film)}
            derived: set[str] = set()
            for film in films:
                derived |= {row[0] for row in index.execute("SELECT artefact FROM derived WHERE film = ?", (film,))}
                index.execute("DELETE FROM derived WHERE film = ?", (film,))
            for digest in films | {artefact for artefact in derived if not self._referred(index, artefact)}:
                self._path(digest).unlink(missing_ok=True)

    @staticmethod
    def _referred(index: sqlite3.Connection, digest: str) -> bool:
        found = index.execute(
            "SELECT 1 FROM image WHERE film = :digest UNION ALL SELECT 1 FROM derived WHERE artefact = :digest "
            "UNION ALL SELECT 1 FROM awaited WHERE artefact = :digest LIMIT 1",
            {"digest": digest},
        )
        return found.fetchone() is not None

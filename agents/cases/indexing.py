"""Keeps every record's vectors made by the present embedder: makes what is missing, and all anew where it changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.dense import Shelf, brought_level
from wardround.agents.cases.embedders import Embedder, LearningEmbedder
from wardround.agents.cases.fields import EMBEDDED, Group, group_text
from wardround.agents.cases.records import count, readable, rewrite_all_words
from wardround.agents.cases.schema import Database, Meta
from wardround.agents.cases.words import WORDS_VERSION
from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["GROWTH", "Compared", "Index"]

# An embedder that is fitted on the memory is fitted again when there are so many times the records that it has seen;
# in a small memory, where that takes no time and a new record brings new words, with each addition.
GROWTH = 2
_SMALL = 300
_MOST_FITTED = 20_000  # texts; a larger memory is fitted on an even sample
# Up to so many records an embedder learns anew when one is forgotten; beyond, it unlearns the words that go with it.
_REFITTED = 5_000
_AT_ONCE = 256
_TRIES = 20

Floats = NDArray[np.float32]
# One state of the file, the shelf that is level with it, and the query's vectors by group.
Compared = tuple[sqlite3.Connection, Shelf, dict[Group, Floats]]


class _OtherLength(Exception):
    """The embedder gives vectors of another length than before: it is another model under the same name."""


class Index:
    """The embedder and its vectors, in the file and on the shelf."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._shelf: Shelf | None = None
        self.notes: list[str] = []

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        return self._embedder

    def open(self) -> None:
        """Makes good whatever the file lacks: words or vectors of another making, what was left undone.

        Raises:
            CallerError, Fault: as the embedder, or as `Database`.
        """
        with self._database.writing() as connection:
            meta = Meta(connection)
            if meta.get("words") != WORDS_VERSION:
                rewrite_all_words(connection)
                meta.set(words=WORDS_VERSION)
            learned = meta.get("learned")
            kept = isinstance(self._embedder, LearningEmbedder) and isinstance(learned, bytes)
            if kept and isinstance(self._embedder, LearningEmbedder):
                kept = self._embedder.restore(learned)
            if not self._is_present(meta):
                self._start_over(connection, learned if kept else None)
        self.settle()

    @contextmanager
    def compared(self, texts: Mapping[Group, str]) -> Iterator[Compared]:
        """One state of the file with everything in it that the texts are compared with.

        A group whose text the embedder knows no word of has no vector.

        Raises:
            CallerError: another process has indexed the memory by another embedder.
            Fault: BUSY, the memory is indexed anew over and over.
        """
        groups = [group for group in EMBEDDED if texts.get(group)]
        for _ in range(_TRIES):
            version = self._embedder.version
            rows = self._embedder.embed([texts[group] for group in groups])
            with self._database.reading() as connection:
                shelf = self._level(connection)
                length = rows.shape[1] if groups else 0
                if version == self._embedder.version and (not length or shelf.dimensions in (0, length)):
                    usable = length == shelf.dimensions
                    vectors = {group: row for group, row in zip(groups, rows, strict=True) if usable and row.any()}
                    yield connection, shelf, vectors
                    return
            if version == self._embedder.version:
                self._begin_anew()
        raise Fault(ProblemCode.BUSY, "Case memory is being indexed anew.", "Ask again in a minute.")

    def settle(self) -> None:
        """Fits the embedder where the memory has outgrown it, and makes the vectors that are missing."""
        if self.is_due():
            self._refit()
        try:
            self._catch_up()
        except _OtherLength:
            self._begin_anew()

    def is_due(self) -> bool:
        """Whether the embedder is to be fitted again."""
        if not isinstance(self._embedder, LearningEmbedder):
            return False
        with self._database.reading() as connection:
            fitted = int(Meta(connection).get("fitted_on", 0))
            records = count(connection)
        small = records <= _SMALL and records > fitted
        return records > 0 and (fitted == 0 or small or records >= GROWTH * fitted)

    def unlearn(self) -> None:
        """Takes out of the embedder what it learned from records that are gone, if it learns at all.

        In a memory of up to 5,000 records it is fitted anew on those that are left. In a larger one the words go that
        no record has any more; its axes, sums over all records of the time, stay until it is next fitted.
        """
        if not isinstance(self._embedder, LearningEmbedder):
            return
        with self._database.reading() as connection:
            self._level(connection)
            records = count(connection)
            groups = [group.value for group in EMBEDDED]
            marks = ", ".join("?" * len(groups))
            terms = connection.execute(f"SELECT DISTINCT term FROM terms WHERE part IN ({marks})", groups).fetchall()
        if records <= _REFITTED:
            self._refit()
            self.settle()
            return
        learned = self._embedder.without(self._embedder.vocabulary - {term for (term,) in terms})
        with self._database.writing() as connection:
            Meta(connection).set(learned=learned, embedder_version=self._embedder.version)

    def shelf(self) -> Shelf:
        """The shelf, level with the file."""
        with self._database.reading() as connection:
            return self._level(connection)

    def _is_present(self, meta: Meta) -> bool:
        return (meta.get("embedder"), meta.get("embedder_version")) == (self._embedder.name, self._embedder.version)

    def _level(self, connection: sqlite3.Connection) -> Shelf:
        meta = Meta(connection)
        if not self._is_present(meta):
            learned = meta.get("learned")
            same = meta.get("embedder") == self._embedder.name
            if not (same and isinstance(self._embedder, LearningEmbedder) and self._embedder.restore(learned or b"")):
                raise CallerError(
                    ProblemCode.BAD_ARGUMENT,
                    "Another process has indexed case memory by another embedder.",
                    "Let all processes that share the file have the same WARDROUND_CASES_EMBEDDER, and start again.",
                )
        self._shelf = brought_level(connection, self._shelf)
        return self._shelf

    def _start_over(self, connection: sqlite3.Connection, learned: bytes | None) -> None:
        meta = Meta(connection)
        records = count(connection)
        if records and meta.get("embedder") not in (None, self._embedder.name):
            self.notes.append(f"The embedder has changed: {records} records were indexed anew.")
        connection.execute("DELETE FROM vectors")
        meta.set(
            embedder=self._embedder.name,
            embedder_version=self._embedder.version,
            learned=learned,
            fitted_on=records if learned is not None else None,
            dimensions=None,
        )
        meta.raised("epoch")

    def _begin_anew(self) -> None:
        with self._database.writing() as connection:
            self.notes.append(f"'{self._embedder.name}' gives vectors of another length: all were made anew.")
            self._start_over(connection, None)
        try:
            self._catch_up()
        except _OtherLength:
            raise Fault(
                ProblemCode.WRONG_SHAPE,
                "The embedder gives vectors now of one length, now of another.",
                "Choose another embedder with WARDROUND_CASES_EMBEDDER.",
            ) from None

    def _refit(self) -> None:
        assert isinstance(self._embedder, LearningEmbedder)
        learned = self._embedder.fit(self._sample())
        with self._database.writing() as connection:
            self._start_over(connection, learned)

    def _sample(self) -> list[str]:
        with self._database.reading() as connection:
            rows = [row for (row,) in connection.execute("SELECT row FROM cases ORDER BY row")]
        step = max(1, -(-len(rows) * len(EMBEDDED) // _MOST_FITTED))
        return [text for _, _, texts in self._texts(rows[::step]) for text in texts if text]

    def _texts(self, rows: Sequence[int]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Row, revision and the text of each group, of those rows that are still there."""
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            with self._database.reading() as connection:
                found = connection.execute(
                    f"SELECT row, revision, record FROM cases WHERE row IN ({', '.join('?' * len(some))}) ORDER BY row",
                    [int(row) for row in some],
                ).fetchall()
            for row, revision, record in found:
                case = readable(record)
                if case is not None:
                    yield row, revision, tuple(group_text(case, group) for group in EMBEDDED)

    def _catch_up(self) -> None:
        shelf = self.shelf()
        missing = shelf.rows[~shelf.indexed]
        for start in range(0, len(missing), _AT_ONCE):
            version = self._embedder.version
            told = list(self._texts([int(row) for row in missing[start : start + _AT_ONCE]]))
            if not told:
                continue
            vectors = self._embedder.embed([text for _, _, texts in told for text in texts])
            self._keep(version, [(row, revision) for row, revision, _ in told], vectors)

    def _keep(self, version: str, told: Sequence[tuple[int, int]], vectors: Floats) -> None:
        """Keeps the vectors of those records that are still what they were, where the embedder still is, too."""
        with self._database.writing() as connection:
            meta = Meta(connection)
            if (meta.get("embedder"), meta.get("embedder_version")) != (self._embedder.name, version):
                return
            length = vectors.shape[1]
            if length and length != int(meta.get("dimensions", 0)):
                if meta.get("dimensions"):
                    raise _OtherLength
                meta.set(dimensions=length)
                meta.raised("epoch")
            new = meta.raised("revision")
            for (row, revision), pair in zip(told, vectors.reshape(len(told), len(EMBEDDED), -1), strict=True):
                changed = connection.execute(
                    "UPDATE cases SET revision = ? WHERE row = ? AND revision = ?", (new, row, revision)
                )
                if changed.rowcount:
                    blobs = [vector.astype("<f4").tobytes() if vector.any() else b"" for vector in pair]
                    connection.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", (row, *blobs))

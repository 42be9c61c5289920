"""The keywords of case memory: which records hold which words, and how well a query's rarest words fit (BM25)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.fields import FIELDS, Group, field_text
from wardround.agents.cases.schema import words_table
from wardround.agents.cases.words import distinct, words
from wardround.contracts.case import CaseFields

__all__ = ["Hits", "field_scores", "hits", "merge_words", "rarest", "record_counts", "rewrite_words", "wipe_words"]

# A long query OR-ed over common words makes FTS5 read most of its index (80 ms for three at 100,000 records). Words are
# taken from the rarest on, until together they stand in so many records; what is left out says least (on the Indiana
# reports 20,000 find nothing better, and take half as long again).
MOST_POSTINGS = 8_000
MOST_WORDS = 64
_ASKED_AT_ONCE = 500


@dataclass(frozen=True)
class Hits:
    """Rows that hold one of the words, ascending, and their scores, higher for a better fit."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


def _columns(case: CaseFields, group: Group) -> list[str]:
    return [" ".join(words(field_text(case, field))) for field in FIELDS[group]]


def rewrite_words(
    connection: sqlite3.Connection, changes: Iterable[tuple[int, CaseFields | None, CaseFields | None]]
) -> None:
    """Takes the words of old records out and puts those of new ones in: (row, what it was, what it becomes).

    The full-text tables hold no text, so what a record was must be told word for word.
    """
    moved: Counter[tuple[str, str]] = Counter()
    for row, old, new in changes:
        for group, fields in FIELDS.items():
            names = ", ".join(fields)
            marks = ", ".join("?" * len(fields))
            table = words_table(group)
            if old is not None and any(columns := _columns(old, group)):
                connection.execute(
                    f"INSERT INTO {table} ({table}, rowid, {names}) VALUES ('delete', ?, {marks})", (row, *columns)
                )
                moved.subtract((group.value, word) for word in {one for text in columns for one in text.split()})
            if new is not None and any(columns := _columns(new, group)):
                connection.execute(f"INSERT INTO {table} (rowid, {names}) VALUES (?, {marks})", (row, *columns))
                moved.update((group.value, word) for word in {one for text in columns for one in text.split()})
    connection.executemany(
        "INSERT INTO terms VALUES (?, ?, ?) "
        "ON CONFLICT (part, term) DO UPDATE SET records = records + excluded.records",
        [(part, term, count) for (part, term), count in moved.items() if count],
    )
    connection.executemany(
        "DELETE FROM terms WHERE part = ? AND term = ? AND records <= 0",
        [pair for pair, count in moved.items() if count < 0],
    )


def merge_words(connection: sqlite3.Connection) -> None:
    """Writes the full-text tables anew without what was taken out, which until then stays in them beside a mark."""
    for group in FIELDS:
        table = words_table(group)
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def wipe_words(connection: sqlite3.Connection) -> None:
    """Empties the keywords."""
    for group in FIELDS:
        table = words_table(group)
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    connection.execute("DELETE FROM terms")


def record_counts(connection: sqlite3.Connection, group: Group, asked: Sequence[str]) -> dict[str, int]:
    """In how many records each word stands within a group; words that stand in none are left out."""
    counts: dict[str, int] = {}
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        some = asked[start : start + _ASKED_AT_ONCE]
        found = connection.execute(
            f"SELECT term, records FROM terms WHERE part = ? AND term IN ({', '.join('?' * len(some))})",
            (group.value, *some),
        )
        counts.update(found.fetchall())
    return counts


def rarest(connection: sqlite3.Connection, group: Group, text: str) -> list[str]:
    """The words of a text that are worth looking for, rarest first: at least one, where the group has any of them."""
    counts = record_counts(connection, group, distinct(text))
    chosen: list[str] = []
    postings = 0
    for word in sorted(counts, key=lambda one: (counts[one], one))[:MOST_WORDS]:
        postings += counts[word]
        if chosen and postings > MOST_POSTINGS:
            break
        chosen.append(word)
    return chosen


def _match(chosen: Sequence[str]) -> str:
    # `words` gives letters and digits alone; quoted, none of them is an operator.
    return " OR ".join(f'"{word}"' for word in chosen)


def hits(connection: sqlite3.Connection, group: Group, chosen: Sequence[str], weights: Mapping[str, float]) -> Hits:
    """Every record that holds one of the words within a group, with its BM25 score."""
    if not chosen:
        return Hits(np.empty(0, dtype=np.int64), np.empty(0))
    table = words_table(group)
    weighed = ", ".join(repr(float(weights.get(field, 1.0))) for field in FIELDS[group])
    found = connection.execute(
        f"SELECT rowid, bm25({table}, {weighed}) FROM {table} WHERE {table} MATCH ?", (_match(chosen),)
    ).fetchall()
    pairs = np.array(found, dtype=np.float64).reshape(-1, 2)
    return Hits(pairs[:, 0].astype(np.int64), -pairs[:, 1])


def field_scores(
    connection: sqlite3.Connection, group: Group, chosen: Sequence[str], weights: Mapping[str, float], row: int
) -> dict[str, float]:
    """The BM25 score of one record by field: what it would be if that field alone counted."""
    fields = FIELDS[group]
    scores = dict.fromkeys(fields, 0.0)
    if not chosen:
        return scores
    table = words_table(group)
    alone = [
        f"bm25({table}, {', '.join(repr(float(weights.get(field, 1.0)) if one == field else 0.0) for one in fields)})"
        for field in fields
    ]
    found = connection.execute(
        f"SELECT {', '.join(alone)} FROM {table} WHERE {table} MATCH ? AND rowid = ?", (_match(chosen), row)
    ).fetchone()
    return scores if found is None else {name: max(0.0, -score) for name, score in zip(fields, found, strict=True)}

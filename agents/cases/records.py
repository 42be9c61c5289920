"""Records as they stand in the file: JSON of a `Case`, and beside it the columns that filters ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from wardround.agents.cases.dense import TIERS
from wardround.agents.cases.keywords import rewrite_words, wipe_words
from wardround.agents.cases.schema import Database, Meta
from wardround.contracts.case import Case
from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = [
    "Kept",
    "count",
    "finding_label",
    "paged",
    "parsed",
    "put",
    "readable",
    "rewrite_all_words",
    "row_of",
    "rows_of",
    "stored",
    "taken_out",
    "unknown",
]

_COLUMNS = ("trust", "synthetic", "department", "age", "sex", "record")
_PAGE = 200


@dataclass(frozen=True)
class Kept:
    """How many records were new, and how many took the place of another; what was there word for word is neither."""

    new: int = 0
    replaced: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(self.new + other.new, self.replaced + other.replaced)


def finding_label(name: str) -> str:
    """The code table's label of a film finding, by any of its names; another name in small letters."""
    return canonical_label(name) or name.strip().casefold()


def unknown(case_id: str) -> CallerError:
    """The refusal of an id that the memory does not hold; the id is the caller's own word and may be repeated."""
    return CallerError(
        ProblemCode.NOT_FOUND, f"Case memory holds no case '{case_id[:80]}'.", "Look for it with search_cases."
    )


def parsed(case_id: str, record: str) -> Case:
    """
    Raises:
        CallerError: DAMAGED_FILE, the text is no record.
    """
    case = readable(record)
    if case is None:
        raise CallerError(
            ProblemCode.DAMAGED_FILE,
            f"The record '{case_id[:80]}' of case memory is damaged.",
            "Forget it and add it again, or restore the file from a copy.",
        )
    return case


def readable(record: str) -> Case | None:
    """The record, None where it is damaged."""
    try:
        return Case.model_validate_json(record)
    except ValidationError:
        return None


def count(connection: sqlite3.Connection) -> int:
    """How many records there are."""
    (number,) = connection.execute("SELECT count(*) FROM cases").fetchone()
    return int(number)


def row_of(connection: sqlite3.Connection, case_id: str) -> tuple[int, str] | None:
    """A record's row and text."""
    found = connection.execute("SELECT row, record FROM cases WHERE case_id = ?", (case_id,)).fetchone()
    return None if found is None else (int(found[0]), str(found[1]))


def rows_of(connection: sqlite3.Connection, case_ids: Sequence[str]) -> dict[str, int]:
    """The rows of those ids that there are."""
    marks = ", ".join("?" * len(case_ids))
    return dict(
        connection.execute(f"SELECT case_id, row FROM cases WHERE case_id IN ({marks})", tuple(case_ids)).fetchall()
    )


def stored(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, Case]:
    """The records of rows; those that are damaged are left out."""
    marks = ", ".join("?" * len(rows))
    found = connection.execute(f"SELECT row, record FROM cases WHERE row IN ({marks})", tuple(rows)).fetchall()
    return {row: case for row, record in found if (case := readable(record)) is not None}


def put(connection: sqlite3.Connection, cases: Sequence[Case]) -> Kept:
    """Keeps records, each in the place of the one with its id; what is there already word for word is left alone."""
    revision = Meta(connection).raised("revision")
    kept = Kept()
    changes: list[tuple[int, Case | None, Case | None]] = []
    healed = False
    for case in cases:
        values = (*_filtered(case), case.model_dump_json(exclude_defaults=True))
        there = row_of(connection, case.case_id)
        if there is None:
            marks = ", ".join("?" * (len(_COLUMNS) + 2))
            marked = connection.execute(
                f"INSERT INTO cases (case_id, revision, {', '.join(_COLUMNS)}) VALUES ({marks})",
                (case.case_id, revision, *values),
            )
            assert marked.lastrowid is not None
            row, old, kept = marked.lastrowid, None, kept + Kept(new=1)
        elif there[1] == values[-1]:
            continue
        else:
            row, old, kept = there[0], readable(there[1]), kept + Kept(replaced=1)
            healed = healed or old is None
            assigned = ", ".join(f"{name} = ?" for name in _COLUMNS)
            connection.execute(f"UPDATE cases SET revision = ?, {assigned} WHERE row = ?", (revision, *values, row))
            _drop_derived(connection, row)
        changes.append((row, old, case))
        labels = dict.fromkeys(finding_label(name) for name in case.findings)
        connection.executemany("INSERT INTO case_findings VALUES (?, ?)", [(label, row) for label in labels])
    if healed:
        rewrite_all_words(connection)
    else:
        rewrite_words(connection, changes)
    return kept


def _filtered(case: Case) -> tuple[object, ...]:
    patient = case.patient
    return TIERS.index(case.trust), int(case.synthetic), case.department, patient.age_years, patient.sex.value


def _drop_derived(connection: sqlite3.Connection, row: int) -> None:
    connection.execute("DELETE FROM vectors WHERE row = ?", (row,))
    connection.execute("DELETE FROM case_findings WHERE row = ?", (row,))


def taken_out(connection: sqlite3.Connection, row: int, record: str) -> None:
    """Takes a record out, with its words, findings and vectors."""
    connection.execute("DELETE FROM cases WHERE row = ?", (row,))
    _drop_derived(connection, row)
    Meta(connection).raised("epoch")
    case = readable(record)
    if case is not None:
        rewrite_words(connection, [(row, case, None)])
    else:  # its words cannot be told one by one
        rewrite_all_words(connection)


def rewrite_all_words(connection: sqlite3.Connection) -> None:
    """Makes the keywords anew from the records."""
    wipe_words(connection)
    last = 0
    while found := connection.execute(
        "SELECT row, record FROM cases WHERE row > ? ORDER BY row LIMIT ?", (last, _PAGE)
    ).fetchall():
        cases = ((row, readable(record)) for row, record in found)
        rewrite_words(connection, [(row, None, case) for row, case in cases if case is not None])
        last = found[-1][0]


def paged(database: Database, tier: int | None) -> Iterator[Case]:
    """All records, or those of a tier, in the order in which they came; a page at a time, so that nobody waits.

    Raises:
        CallerError: DAMAGED_FILE, a record is damaged.
    """
    last = 0
    while True:
        with database.reading() as connection:
            found = connection.execute(
                "SELECT row, case_id, record FROM cases WHERE row > ? AND (? IS NULL OR trust = ?) "
                "ORDER BY row LIMIT ?",
                (last, tier, tier, _PAGE),
            ).fetchall()
        if not found:
            return
        for _, case_id, record in found:
            yield parsed(case_id, record)
        last = found[-1][0]

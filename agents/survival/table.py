"""Reads patients from CSV: times and events, covariates with their kinds found out, genes, and what is wrong there."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.agents.survival.learning.cohort import LEAST_PATIENTS
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import Covariate

__all__ = ["Genes", "Table", "digest_of", "read_genes", "read_rows", "read_table"]

MOST_LEVELS = 12
_FEW_EVENTS = 10
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
_ID = re.compile(r"[\w.:-]{1,80}")
_SHOWN = 12
_MAX_FIELD = 1_000_000
_LARGEST = 1e30  # of an expression value
_LONGEST = 120  # letters of a column's name or of a level

Cell = float | str | None


@dataclass(frozen=True)
class Genes:
    """Expression values (n, genes) in the order of the patients asked for, NaN where missing, and the genes' names."""

    names: tuple[str, ...]
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """A training table. `times` in the table's unit, `events` True where it happened; `rows` hold covariates alone.

    `genes` are those columns of the table that a gene set names. `digest` is of the file's bytes.
    """

    ids: tuple[str, ...]
    times: NDArray[np.float64]
    events: NDArray[np.bool_]
    covariates: tuple[Covariate, ...]
    rows: tuple[dict[str, Cell], ...]
    genes: Genes | None
    digest: str
    warnings: tuple[str, ...]


def _refused(message: str, hint: str = "") -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, message, hint)


def digest_of(*paths: Path) -> str:
    """SHA-256 of the files' bytes; of several, of their digests in order."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    whole = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return f"sha256:{whole}"


def _lines(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(_MAX_FIELD)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from (row for row in csv.reader(file) if row)
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"'{path.name}' is not a file that can be read.", "Check the path."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            f"'{path.name}' is not comma-separated text.",
            "Save the table as CSV in UTF-8, with a line of column names first.",
        ) from error


def _opened(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The column names, and the further rows with their numbers, each as long as the names."""
    lines = _lines(path)
    header = [name.strip() for name in next(lines, [])]
    if not header:
        raise _refused(f"'{path.name}' is empty.", "Its first line names the columns.")
    twice = next((name for place, name in enumerate(header) if name in header[:place]), None)
    if twice is not None:
        raise _refused(f"Two columns of '{path.name}' are named '{twice}'.", "Give each column a name of its own.")

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, row in enumerate(lines, 1):
            if len(row) != len(header):
                raise _refused(
                    f"Row {number} of '{path.name}' has {len(row)} fields, the first line names {len(header)}.",
                    "Write the field of a missing value as empty, and put a field that holds a comma in quotes.",
                )
            yield number, row

    return header, rows()


def _demand_names(header: Sequence[str], file: str, unnamed: int | None = None) -> None:
    """That each column has a name that can be shown; `unnamed` is the place of one that needs none."""
    for place, name in enumerate(header):
        if not 0 < len(name) <= _LONGEST and place != unnamed:
            raise _refused(
                f"Column {place + 1} of '{file}' has no name, or one of more than {_LONGEST} letters.",
                "The first line names each column; leave out a column that only counts the rows.",
            )


def _demand(header: Sequence[str], wanted: Collection[str], file: str) -> None:
    absent = [name for name in wanted if name not in header]
    if absent:
        there = ", ".join(header[:_SHOWN]) + (", …" if len(header) > _SHOWN else "")
        raise _refused(f"'{file}' has no column '{absent[0]}'.", f"Its columns are {there}.")


def _cell(text: str) -> Cell:
    word = text.strip()
    if word.lower() in _MISSING:
        return None
    try:
        number = float(word)
    except ValueError:
        return word
    # "inf" may be a word, as for inferior; where numbers belong it is refused.
    return number if math.isfinite(number) else word


def _checked_ids(words: Sequence[str], file: str) -> tuple[str, ...]:
    first: dict[str, int] = {}
    for number, word in enumerate(words, 1):
        # A patient's id is told to nobody: its row says as much.
        if not _ID.fullmatch(word):
            raise _refused(f"Row {number} of '{file}' has no id.", "An id is 1 to 80 letters, digits and . : _ -")
        if word in first:
            raise _refused(
                f"Rows {first[word]} and {number} of '{file}' have the same id.",
                "A patient stands in one row; put several examinations into columns, or choose one.",
            )
        first[word] = number
    return tuple(words)


def read_rows(path: Path, id_column: str | None = None) -> tuple[tuple[str, ...], tuple[dict[str, Cell], ...]]:
    """Ids and rows of any table, numbers as numbers; without an id column the ids are the rows' numbers.

    Raises:
        CallerError: NOT_FOUND, UNSUPPORTED_FORMAT or BAD_ARGUMENT, no such file or column, no CSV, ids twice, no rows.
    """
    header, lines = _opened(path)
    _demand_names(header, path.name)
    _demand(header, [id_column] if id_column else [], path.name)
    at = header.index(id_column) if id_column else None
    words, rows = [], []
    for _, row in lines:
        if at is not None:
            words.append(_id(row[at]))
        rows.append(
            {name: _cell(text) for place, (name, text) in enumerate(zip(header, row, strict=True)) if place != at}
        )
    if not rows:
        raise _refused(f"'{path.name}' has no rows.", "Below the column names there is one row for each patient.")
    if id_column is None:
        return tuple(str(number) for number in range(1, len(rows) + 1)), tuple(rows)
    return _checked_ids(words, path.name), tuple(rows)


def _id(text: str) -> str:
    """An id as it is written, since '007' is another than '7'; empty where it is missing."""
    word = text.strip()
    return "" if word.lower() in _MISSING else word


def read_table(
    path: Path, time: str, event: str, id_column: str | None = None, gene_names: Collection[str] = ()
) -> Table:
    """Reads a training table; columns that are named in `gene_names` are genes, all others covariates.

    A column of numbers is numeric with the range that was seen; one of at most 12 words is categorical. A constant
    column, one of more words, and one without values are left out with a warning.

    Raises:
        CallerError: NOT_FOUND, UNSUPPORTED_FORMAT or BAD_ARGUMENT: no such file or column, ids twice, fewer than 20
            patients, a time that is negative or no number, an event that is not 0 or 1, or no event at all.
    """
    ids, rows = read_rows(path, id_column)
    _demand(tuple(rows[0]), (time, event), path.name)
    if len(rows) < LEAST_PATIENTS:
        raise _refused(
            f"'{path.name}' has {len(rows)} patients; a survival model needs {LEAST_PATIENTS} at the least.",
            "Gather more; with fewer than ten events for each covariate even a simple model misleads.",
        )
    times, events = _times([row[time] for row in rows], time), _events([row[event] for row in rows], event)
    warnings = []
    if events.sum() < _FEW_EVENTS:
        warnings.append(f"only {int(events.sum())} events: no figure of this model will be worth much")
    covariates = []
    for name in rows[0]:
        if name in (time, event) or name in gene_names:
            continue
        found = _covariate(name, [row[name] for row in rows])
        if isinstance(found, str):
            warnings.append(f"the column '{name}' is left out: {found}")
        else:
            covariates.append(found)
    kept = frozenset(one.name for one in covariates)
    return Table(
        ids=ids,
        times=times,
        events=events,
        covariates=tuple(covariates),
        rows=tuple({name: cell for name, cell in row.items() if name in kept} for row in rows),
        genes=_genes_within(rows, [name for name in rows[0] if name in gene_names and name not in (time, event)]),
        digest=digest_of(path),
        warnings=tuple(warnings),
    )


def _times(cells: Sequence[Cell], column: str) -> NDArray[np.float64]:
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, float):
            raise _refused(
                f"Row {number} has no time in '{column}'.",
                "Every patient needs the time to the event or to the last contact; leave out those without.",
            )
        if cell < 0.0:
            raise _refused(
                f"Row {number} has a negative time in '{column}'.",
                "Times count from each patient's own start (diagnosis, surgery), in one unit.",
            )
    return np.array(cells, dtype=np.float64)


def _events(cells: Sequence[Cell], column: str) -> NDArray[np.bool_]:
    for number, cell in enumerate(cells, 1):
        if cell not in (0.0, 1.0):
            raise _refused(
                f"Row {number} has neither 0 nor 1 in '{column}'.",
                "1 says that the event happened at the time, 0 that the patient was last seen then without it.",
            )
    events = np.array(cells, dtype=np.float64) > 0.5
    if not events.any():
        raise _refused(
            f"No patient has the event: '{column}' is 0 throughout.",
            "From censored patients alone no survival can be learned; check the column and its coding.",
        )
    return events


def _is_infinite(word: str) -> bool:
    try:
        return not math.isfinite(float(word))
    except ValueError:
        return False


def _covariate(name: str, cells: Sequence[Cell]) -> Covariate | str:
    """The column's kind, or why it is left out."""
    there = [cell for cell in cells if cell is not None]
    if not there:
        return "it has no values"
    if len(set(there)) == 1:
        return "it is constant"
    numbers = [cell for cell in there if isinstance(cell, float)]
    words = {cell for cell in there if isinstance(cell, str)}
    if numbers and words and all(map(_is_infinite, words)):
        raise _refused(f"The column '{name}' has an infinite value.", "Leave the field empty where it is not known.")
    if not words:
        return Covariate(name=name, low=min(numbers), high=max(numbers))
    levels = sorted({f"{cell:g}" if isinstance(cell, float) else cell for cell in there})
    if len(levels) > MOST_LEVELS:
        return f"it holds words, and {len(levels)} different ones, where a category has {MOST_LEVELS} at the most"
    if max(map(len, levels)) > _LONGEST:
        return f"it holds text of more than {_LONGEST} letters, which is no category"
    return Covariate(name=name, levels=tuple(levels))


def _genes_within(rows: Sequence[Mapping[str, Cell]], names: Sequence[str]) -> Genes | None:
    if not names:
        return None
    values = np.full((len(rows), len(names)), np.nan, dtype=np.float32)
    for place, row in enumerate(rows):
        for column, name in enumerate(names):
            values[place, column] = _expression(row[name], place + 1, name)
    if np.isnan(values).all():
        raise _refused("The columns of genes have no value.", "Fill them in, or leave them out.")
    return Genes(tuple(names), values)


def _expression(cell: Cell, row: int, gene: str) -> float:
    if cell is None:
        return float("nan")
    if not isinstance(cell, float) or not abs(cell) <= _LARGEST:
        raise _refused(f"Row {row} has no number for the gene '{gene}'.", "Leave the field empty where it is missing.")
    return cell


def read_genes(path: Path, ids: Sequence[str], id_column: str | None = None) -> tuple[Genes, tuple[str, ...]]:
    """The expression of the patients `ids`, from a table of one row a patient; NaN for those that have no row.

    Without `id_column` the first column is the id. Also gives warnings: who is not in one of both tables.

    Raises:
        CallerError: NOT_FOUND, UNSUPPORTED_FORMAT or BAD_ARGUMENT, as `read_table`; no row belongs to any patient.
    """
    header, lines = _opened(path)
    at = header.index(id_column) if id_column in header else 0
    _demand_names(header, path.name, unnamed=at)
    _demand(header, [id_column] if id_column else [], path.name)
    names = tuple(name for place, name in enumerate(header) if place != at)
    place_of = {one: place for place, one in enumerate(ids)}
    values = np.full((len(ids), len(names)), np.nan, dtype=np.float32)
    seen: list[str] = []
    for number, row in lines:
        seen.append(_id(row.pop(at)))
        place = place_of.get(seen[-1])
        if place is not None:
            values[place] = _numbers(row, number, names)
    _checked_ids(seen, path.name)
    both = len(place_of.keys() & set(seen))
    if not both or not names:
        raise _refused(
            f"No row of '{path.name}' belongs to a patient of the table.",
            "Both tables name a patient by the same id; give the id's column with --id.",
        )
    if np.isnan(values).all():
        raise _refused(f"'{path.name}' has no value of any gene of the table's patients.", "Check its fields.")
    warnings = []
    if both < len(ids):
        warnings.append(f"{len(ids) - both} patients have no genes")
    if both < len(seen):
        warnings.append(f"{len(seen) - both} rows of the genes belong to no patient of the table")
    return Genes(names, values), tuple(warnings)


def _numbers(row: Sequence[str], number: int, names: Sequence[str]) -> NDArray[np.float32]:
    try:
        values = np.array(row, dtype=np.float64)
    except ValueError:
        values = np.array([_expression(_cell(text), number, name) for text, name in zip(row, names, strict=True)])
    if (np.abs(values) > _LARGEST).any():
        raise _refused(f"Row {number} has an infinite expression.", "Leave the field empty where it is missing.")
    return values.astype(np.float32)

"""Reads the label tables that lie inside the installed torchxrayvision package, without torch, and writes ours."""

from __future__ import annotations

import csv
import gzip
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["torchxrayvision_table", "write_table"]


def torchxrayvision_table(file: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The wanted columns of every row of a gzipped table in torchxrayvision's data folder.

    Raises:
        CallerError: NOT_FOUND, torchxrayvision is not installed.
    """
    spec = importlib.util.find_spec("torchxrayvision")
    if spec is None or spec.origin is None:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"The table {file} comes with torchxrayvision, which is not installed.",
            "Install torchxrayvision 1.3 or later.",
        )
    with gzip.open(Path(spec.origin).parent / "data" / file, "rt", encoding="utf-8", newline="") as lines:
        table = csv.reader(lines)
        header = next(table)
        wanted = [header.index(name) for name in columns]
        yield from (dict(zip(columns, (row[index] for index in wanted), strict=True)) for row in table)


def write_table(out: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Rows of the same columns, at least one, as CSV."""
    with out.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

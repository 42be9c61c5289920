"""What the commands of the specialists' rooms share: tables with the notice, warnings, progress, files written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.printable import printable

__all__ = ["Step", "noticed_table", "printed", "progress", "warn", "written"]

Step = Callable[[str, int, int], None]
"""Told what is done, how far it is, and how far it goes at most."""


def printed(word: Word, as_json: bool, *tables: Table) -> None:
    """A result on standard output: as JSON, or as tables."""
    if as_json:
        typer.echo(word.model_dump_json(indent=1))
    else:
        Console().print(*tables)


def warn(warnings: Sequence[str]) -> None:
    """Each on a line of standard error, with nothing in it that a terminal would obey."""
    for warning in warnings:
        typer.echo(f"warning: {printable(warning)}", err=True)


def noticed_table(title: str, *columns: str) -> Table:
    """A table under the notice; the first column is of words, the others of numbers."""
    first, *others = columns
    aligned = (Column(name, justify="right") for name in others)
    return Table(Column(first), *aligned, title=title, caption=NOTICE)


@contextmanager
def progress() -> Iterator[Step]:
    """A bar on standard error, gone when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, at, most: bar.update(task, description=what, completed=at, total=most)


def written(path: Path, data: bytes) -> None:
    """
    Raises:
        CallerError: BAD_ARGUMENT, the file cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{path.name}' cannot be written.", "Name a file where you may write."
        ) from None

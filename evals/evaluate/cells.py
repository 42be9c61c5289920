"""Cells and columns that the tables of several benchmarks share."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from wardround.contracts.base import NOTICE
from wardround.evals.evaluate.figures import ValueFigure

__all__ = ["figures_table", "number", "value_range"]


def number(value: float | None, places: int = 3) -> str:
    """A figure, or nothing where there is none."""
    return "" if value is None else f"{value:.{places}f}"


def value_range(figure: ValueFigure) -> str:
    """A figure's interval, or nothing where it has none."""
    return "" if figure.low is None or figure.high is None else f"{figure.low:.2f}–{figure.high:.2f}"


def figures_table(title: str, first: str, *headings: str) -> Table:
    """A table with names in its first column and figures in the others, under the notice."""
    columns = (Column(heading, justify="right", no_wrap=True) for heading in headings)
    padding = (0, 1, 0, 0)
    return Table(Column(first, no_wrap=True), *columns, title=title, caption=NOTICE, box=SIMPLE_HEAD, padding=padding)

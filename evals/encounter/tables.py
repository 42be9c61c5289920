"""The score table of an encounter's figures for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Column as Heading
from rich.table import Table

from wardround.contracts.base import NOTICE
from wardround.evals.encounter.aggregate import AverageFigure, ColumnFigure, EncounterFigures, Totals
from wardround.evals.evaluate.figures import ValueFigure

__all__ = ["figures_table"]

_HEADINGS = ("score", "95 %", "n", "open", "random", "major.", "oracle", "gap (95 %)")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _range(figure: ValueFigure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.2f}–{figure.high:.2f}"


def _gap(figure: AverageFigure) -> str:
    if figure.gap is None or figure.gap.value is None:
        return ""
    return f"{figure.gap.value:+.3f} ({figure.gap.low:+.2f} to {figure.gap.high:+.2f})"


def _cells(figure: AverageFigure) -> tuple[str, ...]:
    counts = (str(figure.n), str(figure.not_reached)) if isinstance(figure, ColumnFigure) else ("", "")
    return (
        _number(figure.value) or figure.reason,
        _range(figure),
        *counts,
        _number(figure.random),
        _number(figure.majority),
        _number(figure.oracle),
        _gap(figure),
    )


def _told(totals: Totals, cases: int) -> str:
    """What it took, and how many encounters ended early."""
    early = f"{totals.abstained} of {cases} abstained, {totals.escalated} escalated"
    if totals.escalated:
        early += f" ({totals.escalated_emergency} of these an emergency by the record)"
    return (
        f"A case: {totals.turns:.1f} turns, {totals.questions:.1f} questions, {totals.orders:.1f} orders "
        f"({totals.vetoed:.1f} vetoed), {totals.currency} {totals.cost:.0f}, {totals.calls:.1f} calls, "
        f"{totals.seconds:.1f} s. {early}."
    )


def figures_table(figures: EncounterFigures) -> Table:
    """A line per column, the plain mean last; `open` counts stages that were not decided and so scored 0.

    `random` and `major.` are the floors, `gap` is oracle-fed minus end-to-end.
    """
    title = f"{figures.mode} · {figures.model} {figures.version} · {figures.n} cases, {figures.synthetic} written"
    table = Table(
        Heading("stage", no_wrap=True),
        *(Heading(name, justify="right") for name in _HEADINGS),
        title=title,
        caption=f"{_told(figures.totals, figures.n)}\nFree text judged by {figures.judge}. {NOTICE}",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name, column in figures.columns.items():
        table.add_row(name.value, *_cells(column))
    table.add_section()
    table.add_row(f"mean of {figures.average.columns}", *_cells(figures.average))
    return table

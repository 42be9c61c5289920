"""The study of asking as one table for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from wardround.contracts.base import NOTICE
from wardround.evals.asking.figures import AskingResult
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure

__all__ = ["study_table"]


def _signed(figure: DifferenceFigure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return figure.reason or "not defined"
    return f"{figure.value:+.3f} ({figure.low:+.3f} to {figure.high:+.3f})"


def _told(figure: ValueFigure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return figure.reason or "not defined"
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"


def study_table(result: AskingResult) -> Table:
    """A line per mean number of questions, then the average, what the reasoner can, the selective mode, the control."""
    chosen = next(one.name for one in result.variants if one.chosen)
    reasoner, selective, control = result.reasoner, result.selective, result.control
    table = Table(
        Column("questions", no_wrap=True),
        *(Column(name, justify="right") for name in ("ask or commit", "fixed", "difference (95 %)")),
        title=f"{result.dataset}: {result.tuning} tuning and {result.test} test cases, rule '{chosen}'",
        caption=NOTICE,
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for one in result.at:
        table.add_row(f"{one.questions:.2f}", f"{one.accuracy:.3f}", f"{one.fixed:.3f}", _signed(one.difference))
    table.add_row("average", "", "", _signed(result.advantage))
    table.add_section()
    table.add_row(
        "first facts, all facts",
        _told(reasoner.first_facts),
        _told(reasoner.all_facts),
        _signed(reasoner.gain_of_all_facts),
    )
    table.add_row("random, commonest answer", f"{reasoner.random:.3f}", f"{reasoner.majority:.3f}", "")
    table.add_row("log loss, random", f"{reasoner.log_loss:.3f}", f"{reasoner.log_loss_random:.3f}", "")
    table.add_row(
        f"sure at {selective.coverage:.0%}, {selective.fixed_coverage:.0%}",
        f"{selective.accuracy:.3f}",
        f"{selective.fixed_accuracy:.3f}",
        f"answering all {selective.accuracy_answering_all:.3f}",
    )
    table.add_section()
    table.add_row(
        "control: first, all", f"{control.first_facts:.3f}", f"{control.all_facts:.3f}", _signed(control.advantage)
    )
    table.add_section()
    for variant in result.variants:
        name = f"{variant.name}{' (chosen)' if variant.chosen else ''}"
        table.add_row(
            name, f"tuning {variant.advantage:+.3f}", f"control {_signed(variant.control)}", _signed(variant.test)
        )
    return table

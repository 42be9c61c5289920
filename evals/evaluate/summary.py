"""The results of `wardround evaluate` as tables for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from wardround.contracts.base import NOTICE
from wardround.evals.evaluate.figures import AnatomyResult, DetectorResult, LocateResult, ScreenResult, ValueFigure

__all__ = ["abstention_table", "anatomy_table", "detector_table", "locate_table", "screen_table"]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _told(figure: ValueFigure) -> str:
    """The value with its interval, or why there is none."""
    if figure.value is None:
        return figure.reason or "not defined"
    return f"{figure.value:.3f} {_range(figure.low, figure.high)}"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.2f}–{high:.2f}"


def _headed(title: str, *names: str) -> Table:
    """Eighty columns of a terminal hold it: hence no frame, and headings that may wrap."""
    first, *others = names
    columns = (Column(name, justify="right") for name in others)
    return Table(
        Column(first, no_wrap=True), *columns, title=title, caption=NOTICE, box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )


def detector_table(result: DetectorResult) -> Table:
    """A line per label, the macro figures last; `view` and `const.` are the floors of AUC and ECE."""
    title = f"{result.model} {result.version} on {result.n} films of {result.patients} patients"
    names = ("AUC", "95 %", "view", "n +", "AP", "ECE", "const.", "skill")
    table = _headed(title, "* is a score", *names)
    for label, auc in result.auc.items():
        ece = result.ece_by_label[label]
        table.add_row(
            label if label in result.calibrated else f"{label} *",
            _number(auc.value),
            _range(auc.low, auc.high) or auc.reason,
            _number(auc.floor_view),
            str(auc.positives),
            _number(result.average_precision[label].value),
            _number(ece.value),
            _number(ece.constant),
            _number(result.brier_skill[label].value),
        )
    table.add_section()
    table.add_row(
        f"{result.macro_auc.labels} findings, mean",
        _number(result.macro_auc.value),
        _range(result.macro_auc.low, result.macro_auc.high) or result.macro_auc.reason,
        _number(result.macro_auc.floor_view),
        "",
        _number(result.macro_average_precision.value),
        "",
        "",
        _number(result.macro_brier_skill.value),
    )
    table.add_row("all labels, mean", *[""] * 5, _number(result.ece), _number(result.ece_constant), "")
    return table


def abstention_table(result: DetectorResult) -> Table:
    """Coverage of the conformal sets, and the error of answering half of the films and all."""
    table = _headed("abstaining", "", "value", "")
    for level, sets in result.conformal.items():
        told = f"{_number(sets.coverage_present)} of positives, {_number(sets.coverage_absent)} of negatives"
        table.add_row(f"sets at {float(level):.0%}", told, f"mean size {_number(sets.mean_set_size)}")
    if result.selective is not None:
        for share, figure in (("50 %", result.selective.error_half), ("100 %", result.selective.error_full)):
            table.add_row(f"{result.selective.label}: error answering {share}", _told(figure), "")
    return table


def anatomy_table(result: AnatomyResult) -> Table:
    """A line per structure, the ratio's error last."""
    title = f"{result.model} {result.version} on {result.n} films of {result.patients} patients"
    table = _headed(title, "structure", "Dice (95 %)", "worst", "mean shape", "films")
    for name, figure in result.detail.items():
        table.add_row(name, _told(figure), _number(figure.worst), _number(figure.floor), str(figure.n))
    table.add_section()
    table.add_row("cardiothoracic ratio, error", _told(result.ctr_error), "", "", str(result.ctr_films))
    return table


def locate_table(result: LocateResult) -> Table:
    """A line per method, then the baselines."""
    title = f"{result.model} {result.version}: {result.n} boxes of {result.patients} patients"
    table = _headed(title, "heat map", "peak in box", "over prior", "p", "overlap", "region")
    for name, method in result.methods.items():
        table.add_row(
            name,
            _told(method.pointing),
            _told(method.pointing_over_prior),
            _number(method.pointing_over_prior.p),
            _told(method.overlap),
            "" if method.regions is None else _number(method.regions.agreed),
        )
    table.add_section()
    table.add_row("centre of the prior", _told(result.prior_pointing), "", "", _told(result.prior_overlap), "")
    table.add_row("random point", _number(result.chance_pointing), "", "", "", "")
    return table


def screen_table(result: ScreenResult) -> Table:
    """A line per data set, and one for each alteration."""
    title = f"{result.model} {result.version} on {result.n} films"
    table = _headed(title, "films", "n", "accepted (95 %)", "found out", "named", "what was said")
    for name, one in result.datasets.items():
        said = ", ".join(f"{word}: {count}" for word, count in one.refusals.items())
        share = f"{one.accepted:.3f} {_range(one.low, one.high)}"
        table.add_row(name, str(one.n), share, "", "", said)
        for kind, turn in one.altered.items():
            said = ", ".join(f"{word}: {count}" for word, count in turn.outcomes.items())
            table.add_row(f"  {kind}", str(turn.n), "", _number(turn.found), _number(turn.named), said)
    return table

"""The tables of `wardround evaluate survival` for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from wardround.evals.evaluate.cells import figures_table, number, value_range
from wardround.evals.survival.figures import (
    AblationFigure,
    DatasetFigure,
    GrowthFigure,
    ModelFigure,
    PairedFigure,
    SurvivalResult,
)

__all__ = ["survival_tables"]

_OF_FOLDS = {"harrell": "Harrell C", "uno": "IPCW C", "brier": "Brier"}
_OF_TRIALS = {
    "uno": "IPCW C",
    "brier": "Brier",
    "curve_error": "curve error",
    "coverage": "coverage",
    "angle": "angle",
    "distance": "distance",
    "ordered": "ordered",
}


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:+.3f} to {high:+.3f}"


def _row(name: str, model: ModelFigure, dataset: DatasetFigure) -> tuple[str, ...]:
    bests = (("*", dataset.best_peer), ("°", dataset.best_peer_brier))
    return (
        name + "".join(mark for mark, best in bests if best == name),
        number(model.harrell.value),
        value_range(model.harrell),
        number(model.uno.value),
        number(model.brier.value),
        value_range(model.brier),
        number(model.auc),
        number(model.d_calibration),
        f"{model.seconds:.1f}",
    )


def _models(name: str, dataset: DatasetFigure) -> Table:
    title = (
        f"{name}: {dataset.patients} patients, {dataset.events} events, {dataset.columns} columns, {dataset.folds} "
        "folds (* best peer by C, ° by Brier score)"
    )
    table = figures_table(title, "model", "C", "95 %", "IPCW C", "Brier", "95 %", "AUC", "D-cal.", "s")
    for model, figure in dataset.models.items():
        table.add_row(*_row(model, figure, dataset))
    return table


def _pairs(title: str, differences: Mapping[str, Mapping[str, PairedFigure]], measures: Mapping[str, str]) -> Table:
    """A line for each pair and measure; `differences` by pair."""
    table = figures_table(title, "pair", "measure", "difference", "95 %", "p", "Holm")
    for pair, of_pair in differences.items():
        for measure, words in measures.items():
            one = of_pair[measure]
            value = "" if one.value is None else f"{one.value:+.3f}"
            table.add_row(pair, words, value, _span(one.low, one.high), number(one.p), number(one.p_holm))
        table.add_section()
    return table


def _ours(name: str, dataset: DatasetFigure) -> Table:
    by_pair = {
        f"{dataset.compared} - {other}": {measure: dataset.differences[measure][other] for measure in _OF_FOLDS}
        for other in next(iter(dataset.differences.values()))
    }
    return _pairs(f"{name}: differences over folds", by_pair, _OF_FOLDS)


def _ablation(figure: AblationFigure) -> Table:
    title = (
        f"simulation: {figure.censoring:.0%} censored, {figure.patients} patients learned from, "
        f"{figure.simulations} simulations; the truth's own C is {number(figure.ceiling_c)}"
    )
    headings = ("IPCW C", "true C", "Brier", "error", "cover", "D-cal.", "angle", "dist.", "order", "s")
    table = figures_table(title, "variant", *headings)
    for name, one in figure.variants.items():
        before = (one.uno, one.true_c, one.brier, one.curve_error, one.coverage)
        after = (one.angle, one.distance, one.ordered)
        table.add_row(
            name,
            *(number(part.value) for part in before),
            number(one.calibrated, 2),
            *(number(part.value) for part in after),
            f"{one.seconds:.0f}",
        )
    return table


def _added(figure: AblationFigure) -> Table:
    return _pairs(f"what is added, at {figure.censoring:.0%} censored", figure.differences, _OF_TRIALS)


def _growth(figure: GrowthFigure) -> tuple[Table, ...]:
    cohorts = figures_table(f"growth, {figure.threads} threads", "patients", "genes", "s", "s an epoch", "MB")
    for one in figure.cohorts:
        cells = (str(one.genes), f"{one.seconds:.1f}", f"{one.seconds_per_epoch:.2f}", f"{one.megabytes:.0f}")
        cohorts.add_row(str(one.patients), *cells)
    bags = figures_table("one slide", "patches", "s", "MB")
    for bag in figure.bags:
        bags.add_row(str(bag.patches), f"{bag.seconds:.3f}", f"{bag.megabytes:.0f}")
    return cohorts, bags


def survival_tables(result: SurvivalResult) -> tuple[Table, ...]:
    """Two tables for each data set and each share of censoring, and two of growth, where they were measured."""
    tables: list[Table] = []
    for name, dataset in result.datasets.items():
        tables.append(_models(name, dataset))
        if dataset.differences:  # there is none where ours stands alone
            tables.append(_ours(name, dataset))
    for ablation in result.ablation:
        tables += [_ablation(ablation), _added(ablation)]
    if result.growth:
        tables += _growth(result.growth)
    return tuple(tables)

"""The tables of `wardround evaluate lesions` for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from wardround.contracts.printable import printable
from wardround.evals.evaluate.cells import figures_table, number, value_range
from wardround.evals.lesions.figures import BenchFigure, FloorFigure, Froc, LesionsResult

__all__ = ["lesion_tables"]

_RATES = ("0.25", "0.5", "1", "2", "4", "8")
_WITH_RANGE = "2"  # a range at each rate would not fit a terminal


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:+.2f} to {high:+.2f}"


def _cells(froc: Froc) -> Iterable[str]:
    for rate in _RATES:
        yield number(froc[rate].value, 2)
        if rate == _WITH_RANGE:
            yield value_range(froc[rate])


def _headings() -> Iterable[str]:
    for rate in _RATES:
        yield rate
        if rate == _WITH_RANGE:
            yield "95 %"


def _groups(froc: Froc, by_subtlety: dict[str, Froc], by_size: dict[str, Froc]) -> dict[str, Froc]:
    subtle = {f"subtlety {name}": one for name, one in by_subtlety.items()}
    return {"all": froc, **subtle, **by_size}


def _fitted(result: LesionsResult) -> tuple[Table, ...]:
    name = printable(f"{result.model} {result.version}, {result.target}")
    title = (
        f"{name}: {result.lesions} lesions on {result.n} images of {result.patients} patients, "
        "found at false alarms an image"
    )
    table = figures_table(title, "lesions", "n", *_headings())
    for group, froc in _groups(result.froc, result.froc_by_subtlety, result.froc_by_size).items():
        table.add_row(group, str(froc["1"].n), *_cells(froc))
    table.add_section()
    for floor, beside in result.floors.items():
        table.add_row(floor, str(beside.froc["1"].n), *_cells(beside.froc))
    at = figures_table(
        f"at a score of {number(result.operating_point)} ({result.film_s or 0:.2f} s an image)",
        "figure",
        "value",
        "95 %",
    )
    rows = {
        "recall": result.recall,
        "precision": result.precision,
        "Dice of what is found": result.dice,
        "HD95, mm": result.hd95_mm,
        "HD95, px": result.hd95_px,
    }
    for words, figure in rows.items():
        if figure is not None:
            at.add_row(words, number(figure.value), value_range(figure))
    at.add_row("false alarms an image", number(result.false_per_image, 2), "")
    return table, at


def _floors(table: Table, floors: dict[str, FloorFigure], groups: Iterable[str]) -> None:
    for name, floor in floors.items():
        every = _groups(floor.froc, floor.froc_by_subtlety, floor.froc_by_size)
        for group in groups:
            table.add_row(name, group, *_cells(every[group]))


def _bench(bench: BenchFigure) -> tuple[Table, ...]:
    title = (
        f"{bench.data}: {bench.lesions} lesions on {bench.films} films, found at false alarms an image; "
        f"{bench.learned_samples} samples learned from, {bench.steps} steps of {bench.batch} crops of {bench.crop} px"
    )
    table = figures_table(title, "network", "lesions", *_headings())
    first = next(iter(bench.models.values()))
    every = _groups(first.froc, first.froc_by_subtlety, first.froc_by_size)
    shown = [name for name in every if name in ("all", "subtlety 3 to 5") or name in first.by_seed]
    for name, one in bench.models.items():
        of_model = _groups(one.froc, one.froc_by_subtlety, one.froc_by_size)
        for group in shown:
            table.add_row(name, group, *_cells(of_model[group]))
    table.add_section()
    _floors(table, bench.floors, shown)
    costs = figures_table(
        f"{bench.data}: networks",
        "network",
        "weights",
        "seeds",
        "Dice",
        "95 %",
        f"HD95, {first.hd95_unit}",
        "s to learn",
        "s a film",
    )
    for name, one in bench.models.items():
        costs.add_row(
            name,
            f"{one.parameters:,}",
            str(len(one.seeds)),
            number(one.dice.value),
            value_range(one.dice),
            number(one.hd95.value, 1),
            f"{one.learned_s:.0f}",
            f"{one.film_s:.2f}",
        )
    return (table, costs, _gaps(bench)) if bench.differences else (table, costs)


def _gaps(bench: BenchFigure) -> Table:
    title = f"{bench.data}: what is gained at equal false alarms an image"
    table = figures_table(title, "pair", "lesions", "at", "gain", "95 % by patient", "over seeds")
    for pair, groups in bench.differences.items():
        for group, rates in groups.items():
            for rate, one in rates.items():
                gain = "" if one.value is None else f"{one.value:+.3f}"
                table.add_row(pair, group, rate, gain, _span(one.low, one.high), _span(one.seed_low, one.seed_high))
        table.add_section()
    return table


def lesion_tables(result: LesionsResult) -> tuple[Table, ...]:
    """What was measured: two tables of a fitted model, three of each comparison."""
    tables: list[Table] = []
    if result.model is not None:
        tables += _fitted(result)
    for bench in (result.bench, result.ablation):
        if bench is not None:
            tables += _bench(bench)
    return tuple(tables)

"""Pictures of what was measured of lesion models, as PNG: FROC with bands, recall by size. Imported at need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from wardround.agents.measures.resampling import interval_of
from wardround.evals.evaluate.drawing import COLOURS, GREY, new_figure, plain, written
from wardround.evals.evaluate.lesions import Measured
from wardround.evals.lesions.aggregate import Curves, Judge
from wardround.evals.lesions.bench import Benched
from wardround.evals.lesions.figures import BenchFigure, FloorFigure, Froc, LesionsResult
from wardround.evals.lesions.gallery import gallery
from wardround.evals.lesions.seen import Seen

__all__ = ["lesion_plots"]

_RATES = (0.125, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.7, 8.0)
_SHOWN = ("all", "3 to 5")
_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8)
_RESAMPLES = 300
_BAR_RATE = "2"
_DASHES = ("--", ":")

Runs = Mapping[str, Sequence[Sequence[Seen]]]


def lesion_plots(measured: Measured, out: Path) -> tuple[Path, ...]:
    """`froc.png`, `recall.png`, `missed.png`, `false_alarms.png` of a fitted model; `froc_*`, `recall_*` of networks.

    The two galleries show images of the data set, so the folder is the user's own and nothing of it is shipped.
    """
    pictures: list[Path] = []
    if measured.fitted is not None and measured.chosen is not None:
        fitted, result = measured.fitted, measured.fitted.result
        named = f"{result.model} {result.version}"
        title = f"{result.lesions} lesions on {result.n} images of {result.patients} patients"
        pictures.append(_froc({named: [fitted.seen]}, fitted.judge.in_mm, result.floors, title, out, "froc"))
        pictures.append(_recall({named: _sizes(result)}, result.floors, title, out, "recall"))
        pictures += gallery(fitted, measured.chosen, out)
    for name, benched in (("baselines", measured.bench), ("ablation", measured.ablation)):
        if benched is not None:
            pictures += _bench(benched, out, name)
    return tuple(pictures)


def _sizes(model: LesionsResult) -> dict[str, Froc]:
    return {"all": model.froc, **model.froc_by_size}


def _bench(benched: Benched, out: Path, name: str) -> tuple[Path, ...]:
    bench: BenchFigure = benched.figure
    runs = {variant: [run.seen for run in some] for variant, some in benched.runs.items()}
    in_mm = next(iter(bench.models.values())).hd95_unit == "mm"
    title = f"{bench.data}: {bench.lesions} lesions on {bench.films} films, {bench.steps} steps"
    bars = {variant: {"all": one.froc, **one.froc_by_size} for variant, one in bench.models.items()}
    return (
        _froc(runs, in_mm, bench.floors, title, out, f"froc_{name}"),
        _recall(bars, bench.floors, title, out, f"recall_{name}"),
    )


def _froc(runs: Runs, in_mm: bool, floors: Mapping[str, FloorFigure], title: str, out: Path, name: str) -> Path:
    judge = Judge(next(iter(runs.values()))[0], in_mm, _RESAMPLES)
    smallest = next(group.name for group in judge.groups if group.kind == "size")
    known = [group.name for group in judge.groups]
    shown = [group for group in (*_SHOWN, smallest) if group in known and judge.lesions[group]]
    curves = {variant: [judge.curves(films, _RATES) for films in some] for variant, some in runs.items()}
    drawn = new_figure(4.2 * len(shown) + 0.6, 4.6, f"FROC with 95 % bands by patient\n{title}")
    for place, group in enumerate(shown, start=1):
        axes = drawn.add_subplot(1, len(shown), place)
        for (variant, some), colour in zip(curves.items(), COLOURS, strict=False):
            _curve(axes, some, group, variant, colour, shade=0.15 if len(curves) <= 2 else 0.06)
        for (floor, told), dash in zip(floors.items(), _DASHES, strict=False):
            _floor(axes, _group(told, group), floor, dash)
        plain(axes)
        axes.set_xscale("log", base=2)
        axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
        axes.set_ylim(0.0, 1.0)
        grade = f"subtlety {group}" if group == _SHOWN[1] else group
        axes.set_title(f"{grade} ({judge.lesions[group]})", fontsize=9)
        axes.set_xlabel("false alarms an image", fontsize=8)
        if place == 1:
            axes.set_ylabel("share of lesions found", fontsize=8)
            axes.legend(fontsize=7, frameon=False, loc="upper left")
    return written(drawn, out, name)


def _curve(axes: Axes, runs: Sequence[Curves], group: str, label: str, colour: str, *, shade: float) -> None:
    """The mean over seeds, with its band."""
    keys = [(group, f"{rate:g}") for rate in _RATES]
    told = [
        interval_of(float(np.mean([run[key][0] for run in runs])), np.mean([run[key][1] for run in runs], axis=0))
        for key in keys
    ]
    axes.plot(_RATES, [one.value for one in told], color=colour, linewidth=1.8, label=label)
    lows, highs = [one.low for one in told], [one.high for one in told]
    axes.fill_between(_RATES, lows, highs, color=colour, alpha=shade, linewidth=0)


def _group(floor: FloorFigure, group: str) -> Froc:
    return floor.froc if group == "all" else {**floor.froc_by_subtlety, **floor.froc_by_size}[group]


def _floor(axes: Axes, froc: Froc, label: str, dash: str) -> None:
    known = [(float(rate), one.value) for rate, one in froc.items() if one.value is not None]
    axes.plot(
        [rate for rate, _ in known],
        [value for _, value in known],
        color=GREY,
        linewidth=1.2,
        linestyle=dash,
        label=label,
    )


def _recall(
    models: Mapping[str, Mapping[str, Froc]],
    floors: Mapping[str, FloorFigure],
    title: str,
    out: Path,
    name: str,
) -> Path:
    """Bars of each bin of size, a bar for each model, at one rate of false alarms."""
    bars = {**models, **{floor: {"all": one.froc, **one.froc_by_size} for floor, one in floors.items()}}
    groups = [group for group, froc in next(iter(bars.values())).items() if froc[_BAR_RATE].n]
    width = 0.8 / len(bars)
    drawn = new_figure(
        1.6 + (0.5 + 0.28 * len(bars)) * len(groups), 4.4, f"Recall at {_BAR_RATE} false alarms an image\n{title}"
    )
    axes = drawn.add_subplot()
    plain(axes)
    for place, (label, frocs) in enumerate(bars.items()):
        told = [frocs[group][_BAR_RATE] for group in groups]
        values = np.array([one.value or 0.0 for one in told])
        ends = np.array([(one.low or 0.0, one.high or 0.0) for one in told]).T
        colour = COLOURS[place % len(COLOURS)] if label in models else GREY
        hatch = "" if label in models else ("//", "..")[(place - len(models)) % 2]
        at = np.arange(len(groups)) + (place - (len(bars) - 1) / 2.0) * width
        axes.bar(
            at,
            values,
            width * 0.92,
            yerr=np.abs(ends - values),
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.3,
            error_kw={"elinewidth": 0.7},
            label=label,
        )
    first = next(iter(bars.values()))
    axes.set_xticks(range(len(groups)), [f"{group} ({first[group][_BAR_RATE].n})" for group in groups], fontsize=8)
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("share of lesions found, 95 %", fontsize=8)
    axes.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return written(drawn, out, name)

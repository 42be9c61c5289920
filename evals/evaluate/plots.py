"""Pictures of what was measured, as PNG: ROC, reliability, risk against coverage, regions, Dice. Imported at need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wardround.agents.measures.ranking import roc_points
from wardround.agents.measures.reliability import BINS, Bin, reliability_curve
from wardround.agents.measures.selective import risk_coverage
from wardround.evals.evaluate.detector import Judged
from wardround.evals.evaluate.drawing import BLUE, GREEN, GREY, ORANGE, new_figure, plain, written
from wardround.evals.evaluate.figures import AnatomyResult, Confusion, LocateResult, MethodFigure

__all__ = ["anatomy_plots", "detector_plots", "locate_plots"]

_COLUMNS = 5
_LEAST_IN_BIN = 30  # fewer films in a bin say little by themselves, so small sets are drawn with fewer bins


def _panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    """Square panels, five in a row, those beyond the count left out."""
    rows = -(-count // _COLUMNS)
    columns = min(count, _COLUMNS)
    figure = new_figure(2.5 * columns + 0.4, 2.7 * rows + 0.9, title)
    panels = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    for axes in panels:
        plain(axes)
    return figure, panels


def _named(judged: Judged) -> str:
    result = judged.result
    return f"{result.model} {result.version}, {result.n} films of {result.patients} patients"


def _roc(judged: Judged, labels: Sequence[int], out: Path) -> Path:
    figure, panels = _panels(len(labels), f"ROC by label: {_named(judged)}")
    for axes, index in zip(panels, labels, strict=True):
        label, known = judged.truth.labels[index], judged.truth.known[:, index]
        told = judged.result.auc[label]
        false, true = roc_points(judged.scores[known, index], judged.truth.positive[known, index])
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
        axes.plot(false, true, color=BLUE, linewidth=1.6)
        axes.fill_between(false, true, color=BLUE, alpha=0.08, linewidth=0)
        axes.set_title(label.replace("_", " "), fontsize=9)
        words = f"AUC {told.value:.2f} ({told.low:.2f} to {told.high:.2f})\nview alone {told.floor_view:.2f}"
        axes.text(0.98, 0.04, f"{words}\n{told.positives} positive", ha="right", va="bottom", fontsize=6.5)
        axes.set_aspect("equal")
    figure.supylabel("share of positives found, against the share of negatives called positive", fontsize=9)
    return written(figure, out, "roc")


def _wilson(bins: Sequence[Bin]) -> NDArray[np.float64]:
    """Lengths (2, bins) of the 95 % interval below and above each share (Wilson 1927)."""
    share, count = np.array([one.share for one in bins]), np.array([one.films for one in bins])
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return np.asarray(np.stack([share - (middle - half), middle + half - share]).clip(0.0, 1.0), dtype=np.float64)


def _reliability(judged: Judged, labels: Sequence[int], out: Path) -> Path:
    figure, panels = _panels(len(labels), f"Reliability by label: {_named(judged)}")
    for axes, index in zip(panels, labels, strict=True):
        label, known = judged.truth.labels[index], judged.truth.known[:, index]
        told = judged.result.ece_by_label[label]
        count = max(3, min(BINS, int(known.sum()) // _LEAST_IN_BIN))
        shown = reliability_curve(judged.probabilities[known, index], judged.truth.positive[known, index], count)
        said = [one.probability for one in shown]
        came = [one.share for one in shown]
        colour = BLUE if told.of == "probability" else ORANGE
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
        axes.errorbar(
            said, came, yerr=_wilson(shown), color=colour, marker="o", markersize=3, linewidth=1.2, elinewidth=0.6
        )
        highest = min(1.0, 1.15 * max(*said, *came, 0.1))
        axes.set_xlim(0, highest)
        axes.set_ylim(0, highest)
        axes.set_title(f"{label.replace('_', ' ')} ({told.of})", fontsize=9)
        constant = "" if told.constant is None else f", constant {told.constant:.3f}"
        axes.text(0.98, 0.03, f"ECE {told.value:.3f}{constant}", transform=axes.transAxes, ha="right", fontsize=6.5)
        axes.set_aspect("equal")
    figure.supylabel("share that was positive, against what was said (bins of equal mass, 95 %)", fontsize=9)
    return written(figure, out, "reliability")


def _risk_coverage(judged: Judged, out: Path) -> Path | None:
    told = judged.result.selective
    if told is None:
        return None
    index = judged.truth.labels.index(told.label)
    known = judged.truth.known[:, index]
    coverage, risk = risk_coverage(judged.probabilities[known, index], judged.truth.positive[known, index])
    figure = new_figure(6.4, 4.6, f"{told.label}: error against coverage\n{_named(judged)}")
    axes = figure.add_subplot()
    plain(axes)
    axes.plot(coverage, risk, color=BLUE, linewidth=1.8, label=f"most confident films first (AURC {told.aurc:.3f})")
    axes.axhline(told.majority_error, color=GREY, linestyle="--", linewidth=1, label="always the commoner answer")
    if told.error_full.value is not None:
        axes.axhline(told.error_full.value, color=ORANGE, linestyle=":", linewidth=1.2, label="all films answered")
    if told.deferral:
        points = [(one.answered, one.error) for one in told.deferral if one.error is not None]
        axes.plot(*zip(*points, strict=True), "D", color=GREEN, markersize=5, label="stored cuts for deferring")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.set_xlabel("share of films answered", fontsize=9)
    axes.set_ylabel("share of answers that are wrong", fontsize=9)
    axes.legend(fontsize=8, frameon=False)
    return written(figure, out, "risk_coverage")


def detector_plots(judged: Judged, out: Path) -> tuple[Path, ...]:
    """`roc.png`, `reliability.png` and `risk_coverage.png`, those that can be drawn from these films."""
    labels = judged.truth.labels
    ranked = [place for place, label in enumerate(labels) if judged.result.auc[label].value is not None]
    known = [place for place in range(len(labels)) if judged.truth.known[:, place].any()]
    pictures = [
        _roc(judged, ranked, out) if ranked else None,
        _reliability(judged, known, out) if known else None,
        _risk_coverage(judged, out),
    ]
    return tuple(picture for picture in pictures if picture is not None)


def anatomy_plots(result: AnatomyResult, out: Path) -> tuple[Path, ...]:
    """`dice.png`: a bar per structure with its interval, and the mean shape's Dice as a mark."""
    title = f"Dice: {result.model} {result.version}, {result.n} films of {result.patients} patients"
    figure = new_figure(6.8, 4.2, title)
    axes = figure.add_subplot()
    plain(axes)
    names = list(result.detail)
    values = np.array([result.dice[name] for name in names])
    bounds = [(result.detail[name].low or 0.0, result.detail[name].high or 0.0) for name in names]
    spread = np.abs(np.array(bounds).T - values)
    axes.bar(names, values, yerr=spread, color=BLUE, width=0.6, capsize=3, label="segmenter (95 % interval)")
    floors = [(place, floor) for place, name in enumerate(names) if (floor := result.detail[name].floor) is not None]
    if floors:
        places, heights = zip(*floors, strict=True)
        axes.plot(places, heights, "D", color=ORANGE, markersize=6, linestyle="none", label="mean shape of others")
    for place, value in enumerate(values):
        axes.text(place, value / 2, f"{value:.3f}", ha="center", color="white", fontsize=8)
    axes.set_ylim(0, 1.0)
    axes.legend(fontsize=8, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return (written(figure, out, "dice"),)


def _confusion(name: str, confusion: Confusion, out: Path) -> Path:
    rows = sorted(confusion.counts)
    columns = sorted({place for row in confusion.counts.values() for place in row} | set(rows))
    table = np.array([[confusion.counts[row].get(column, 0) for column in columns] for row in rows])
    figure = new_figure(
        0.55 * len(columns) + 3.6,
        0.45 * len(rows) + 3.4,
        f"{name}: region of the box and region named, {confusion.n} boxes",
    )
    axes = figure.add_subplot()
    axes.imshow(table, cmap="cividis", aspect="auto")
    for row, counts in enumerate(table):
        for column, count in enumerate(counts):
            colour = "black" if count > 0.6 * table.max() else "white"
            axes.text(column, row, str(count) if count else "", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.set_xlabel("named from the heat map", fontsize=9)
    axes.set_ylabel("most of the box", fontsize=9)
    return written(figure, out, f"regions_{name}")


def _pointing(result: LocateResult, methods: Sequence[tuple[str, MethodFigure]], out: Path) -> Path:
    names = [*(name for name, _ in methods), "centre of the prior", "random point"]
    told = [*(method.pointing for _, method in methods), result.prior_pointing]
    values = np.array([*(one.value or 0.0 for one in told), result.chance_pointing])
    bounds = [*((one.low or 0.0, one.high or 0.0) for one in told), (result.chance_pointing,) * 2]
    figure = new_figure(6.4, 0.5 * len(names) + 1.9, f"Peak inside the reader's box: {result.n} boxes, 95 % intervals")
    axes = figure.add_subplot()
    plain(axes)
    colours = [BLUE] * len(methods) + [GREY] * 2
    axes.barh(names, values, xerr=np.abs(np.array(bounds).T - values), color=colours, height=0.6, capsize=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of boxes", fontsize=9)
    return written(figure, out, "pointing")


def locate_plots(result: LocateResult, out: Path) -> tuple[Path, ...]:
    """`pointing.png`, and `regions_METHOD.png` for each method whose regions were named."""
    methods = list(result.methods.items())
    regions = [_confusion(name, method.regions, out) for name, method in methods if method.regions is not None]
    return (_pointing(result, methods, out), *regions)

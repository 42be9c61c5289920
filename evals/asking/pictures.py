"""The curves of the study of asking as a PNG: accuracy against the mean number of questions."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from wardround.contracts.base import NOTICE
from wardround.evals.asking.figures import AskingResult

__all__ = ["draw_curve"]

# Two of the Okabe-Ito palette, and different lines: no picture needs colour alone.
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#666666"


def draw_curve(result: AskingResult, file: Path) -> None:
    """Writes the picture; the floors are dotted."""
    figure = Figure(figsize=(7.0, 4.4), layout="constrained")
    axes = figure.add_subplot()
    named = {"fixed": ("the same number for each", _GREY, "--"), "rule": ("ask or commit", _BLUE, "-")}
    for key, (label, colour, line) in named.items():
        points = result.curve[key]
        axes.plot(*zip(*points, strict=True), color=colour, linestyle=line, label=label)
    for value, label in ((result.reasoner.random, "random"), (result.reasoner.majority, "commonest answer")):
        axes.axhline(value, color=_ORANGE, linewidth=0.8, linestyle=":")
        axes.annotate(label, (result.mean_questions, value), fontsize=7, ha="right", va="bottom", color=_ORANGE)
    axes.set_xlabel("mean number of questions")
    axes.set_ylabel("accuracy")
    axes.set_title(f"{result.test} test cases of {result.dataset}", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.supxlabel(NOTICE.partition(".")[0] + ".", fontsize=7, color=_GREY)
    figure.savefig(file, dpi=130)

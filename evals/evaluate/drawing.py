"""What all pictures of `wardround evaluate` share: colours, the notice at their foot, plain axes, PNG files.

Colours are of the Okabe-Ito palette, which colour-blind readers tell apart; no picture needs colour alone.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wardround.contracts.base import NOTICE

__all__ = ["BLUE", "COLOURS", "GREEN", "GREY", "ORANGE", "new_figure", "plain", "written"]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_FOOTER = NOTICE.partition(".")[0] + "."
_DPI = 130


def new_figure(width: float, height: float, title: str) -> Figure:
    """An empty picture of so many inches."""
    drawn = Figure(figsize=(width, height), layout="constrained")
    drawn.suptitle(title, fontsize=12)
    drawn.supxlabel(_FOOTER, fontsize=8, color=GREY)
    return drawn


def written(drawn: Figure, out: Path, name: str) -> Path:
    """The picture as NAME.png in a folder."""
    path = out / f"{name}.png"
    drawn.savefig(path, dpi=_DPI)
    return path


def plain(axes: Axes) -> None:
    """Axes without a frame at the top and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)

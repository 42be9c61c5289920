"""Pictures of where a lesion model failed: lesions that it missed, and the false alarms that it was surest of.

They show images of the data set and are written into the user's folder alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from wardround.agents.lesions.data.samples import Sample
from wardround.evals.evaluate.drawing import BLUE, ORANGE, new_figure, written
from wardround.evals.lesions.fitted import Chosen, Fitted
from wardround.evals.lesions.seen import Mark

__all__ = ["gallery"]

_EIGHT = np.ones((3, 3), dtype=np.int8)
_MOST = 12
_COLUMNS = 4
_AROUND = 2.0  # sides of its window that a crop shows on each side of a lesion
_LEAST_PX = 24
_TONES = (2.0, 98.0)  # percentiles of a crop that are black and white
_LEAST_SHOWN = 0.1  # score of the detections that are drawn around a missed lesion


@dataclass(frozen=True)
class _Failure:
    """Where to look, on which image; `mark` is a false alarm, None for lesion number `lesion` that was missed."""

    image: int
    rank: float
    title: str
    lesion: int = -1
    mark: Mark | None = None


def gallery(fitted: Fitted, chosen: Chosen, out: Path) -> tuple[Path, ...]:
    """`missed.png` and `false_alarms.png`, those of which there is something to show.

    Missed are lesions that no detection at the operating point found, the largest first.
    """
    point = fitted.result.operating_point or 0.0
    pictures = []
    for name, failures, title in (
        ("missed", _missed(fitted, point), f"Lesions missed at a score of {point:.3f}, the largest first"),
        ("false_alarms", _alarms(fitted), "False alarms, the surest first"),
    ):
        if failures:
            pictures.append(written(_drawn(failures[:_MOST], fitted, chosen, title), out, name))
    return tuple(pictures)


def _missed(fitted: Fitted, point: float) -> list[_Failure]:
    failures = []
    for image, film in enumerate(fitted.seen):
        for lesion, (score, diameter) in enumerate(zip(film.matched.found, film.matched.diameters, strict=True)):
            if score < point:
                size = f"{diameter * film.spacing_mm:.0f} mm" if film.spacing_mm else f"{diameter:.0f} px"
                grade = "" if film.matched.subtlety is None else f", subtlety {film.matched.subtlety}"
                best = "not seen" if np.isneginf(score) else f"score {score:.2f}"
                failures.append(_Failure(image, diameter, f"{size}{grade}, {best}", lesion))
    return sorted(failures, key=lambda one: -one.rank)


def _alarms(fitted: Fitted) -> list[_Failure]:
    failures = []
    for image, (film, marks) in enumerate(zip(fitted.seen, fitted.marks, strict=True)):
        hits = set(film.finders.tolist())
        for number, mark in enumerate(marks):
            if number not in hits and mark is not None:
                failures.append(_Failure(image, mark.score, f"score {mark.score:.2f}", mark=mark))
    return sorted(failures, key=lambda one: -one.rank)


def _drawn(failures: Sequence[_Failure], fitted: Fitted, chosen: Chosen, title: str) -> Figure:
    rows = -(-len(failures) // _COLUMNS)
    columns = min(len(failures), _COLUMNS)
    drawn = new_figure(2.6 * columns + 0.4, 2.8 * rows + 1.0, f"{title}\ntruth in blue, detections in orange, dashed")
    for place, failure in enumerate(failures, start=1):
        axes = drawn.add_subplot(rows, columns, place)
        _crop(axes, chosen.samples[failure.image], failure, fitted.marks[failure.image])
    return drawn


def _crop(axes: Axes, sample: Sample, failure: _Failure, marks: Sequence[Mark | None]) -> None:
    rows, columns = sample.image.shape
    top, bottom, left, right = _window(sample, failure)
    part = np.s_[top:bottom, left:right]
    film = sample.image[part]
    low, high = (float(one) for one in np.percentile(film, _TONES))
    axes.imshow(film, cmap="gray", vmin=low, vmax=high + 1e-6, interpolation="nearest")
    _outline(axes, sample.mask[part] > 0, BLUE, "solid")
    shown = np.zeros((rows, columns), dtype=np.bool_)
    for mark in marks if failure.mark is None else (failure.mark,):
        if mark is not None and mark.score >= (failure.mark.score if failure.mark else _LEAST_SHOWN):
            shown[mark.window] |= mark.pixels
    _outline(axes, shown[part], ORANGE, "dashed")
    axes.set_title(failure.title, fontsize=7)
    axes.set_xticks([])
    axes.set_yticks([])


def _window(sample: Sample, failure: _Failure) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the crop."""
    if failure.mark is not None:
        down, across = failure.mark.window
    else:
        lesions, _ = label(sample.mask > 0, structure=_EIGHT)
        down, across = find_objects(lesions)[failure.lesion]
    rows, columns = sample.image.shape
    reach = int(max((0.5 + _AROUND) * max(down.stop - down.start, across.stop - across.start), _LEAST_PX))
    row, column = (down.start + down.stop) // 2, (across.start + across.stop) // 2
    return max(0, row - reach), min(rows, row + reach), max(0, column - reach), min(columns, column + reach)


def _outline(axes: Axes, mask: NDArray[np.bool_], colour: str, style: str) -> None:
    if mask.any() and not mask.all():
        axes.contour(mask.astype(np.float64), levels=[0.5], colors=[colour], linewidths=1.0, linestyles=[style])

"""What was found on one film, put together with what is there: who found which lesion, and how well outlined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from wardround.agents.lesions.data.samples import Sample
from wardround.agents.measures.froc import Matched, match, outline_figures
from wardround.agents.measures.resampling import Floats

__all__ = ["Detections", "Mark", "Seen", "marks", "seen"]

_EIGHT = np.ones((3, 3), dtype=np.int8)


@dataclass(frozen=True)
class Detections:
    """`labels` (rows, columns): detection k, from 0, is where k + 1 is written; a score and a centre (x, y) of each."""

    labels: NDArray[np.integer]
    scores: tuple[float, ...]
    centres: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Mark:
    """A detection by itself: its score, the window (rows, columns) that it lies in, and its pixels there."""

    score: float
    window: tuple[slice, ...]
    pixels: NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """A film's lesions and detections.

    `hausdorff` (lesions,) is the 95th percentile of the distance between a lesion's outline and that of the detection
    that found it, in pixels, NaN where none did. `finders` (lesions,) has the number of that detection, from 0, or -1.
    """

    matched: Matched
    hausdorff: Floats
    finders: NDArray[np.int64]
    spacing_mm: float | None


def seen(sample: Sample, found: Detections) -> Seen:
    """Pairs detections with the lesions of a film, as `measures.froc.match` does."""
    matched = match(sample.patient, sample.mask, found.labels, list(found.scores), list(found.centres), sample.subtlety)
    lesions, _ = label(sample.mask > 0, structure=_EIGHT)
    finders = _finders(matched, lesions, found)
    places = find_objects(found.labels)
    islands = find_objects(lesions)
    distances = np.full(len(finders), np.nan)
    for lesion, finder in enumerate(finders):
        place = places[finder] if 0 <= finder < len(places) else None
        if place is not None:
            window = _around(islands[lesion], place)
            ours, truth = found.labels[window] == finder + 1, lesions[window] == lesion + 1
            distances[lesion] = outline_figures(ours, truth)[1]
    return Seen(matched, distances, finders, sample.spacing_mm)


def _finders(matched: Matched, lesions: NDArray[np.integer], found: Detections) -> NDArray[np.int64]:
    """Of detections with the score that found a lesion, the one that shares most of it and has found no other."""
    scores = np.asarray(found.scores, dtype=np.float64)
    finders = np.full(len(matched.found), -1, dtype=np.int64)
    for lesion in np.flatnonzero(matched.found > -np.inf):
        likely = [int(one) for one in np.flatnonzero(scores == matched.found[lesion]) if one not in finders]
        finders[lesion] = max(likely, key=lambda one: _shared(lesions == lesion + 1, found, one))
    return finders


def _shared(lesion: NDArray[np.bool_], found: Detections, which: int) -> float:
    """Pixels, and half of one for a centre inside."""
    x, y = found.centres[which]
    row, column = round(y), round(x)
    inside = 0 <= row < lesion.shape[0] and 0 <= column < lesion.shape[1] and bool(lesion[row, column])
    return float((lesion & (found.labels == which + 1)).sum()) + 0.5 * inside


def _around(one: tuple[slice, ...], other: tuple[slice, ...]) -> tuple[slice, ...]:
    """The smallest window that holds both."""
    return tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))


def marks(found: Detections) -> tuple[Mark | None, ...]:
    """Every detection in order, without the rest of the film; None for one that is nowhere."""
    places = find_objects(found.labels, max_label=len(found.scores))
    return tuple(
        None if place is None else Mark(score, place, found.labels[place] == number)
        for number, (score, place) in enumerate(zip(found.scores, places, strict=True), start=1)
    )

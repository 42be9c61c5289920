"""What needs no learning: a detector of round blobs, and marks at random; a network must do better than both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_laplace, maximum_filter

from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.lesions.data.samples import Sample
from wardround.contracts.anatomy import Structure
from wardround.evals.lesions.seen import Detections

__all__ = ["Masks", "blobs", "everywhere", "lungs", "radii", "random_marks"]

_SCALES = 6
_FINEST_PX = 2.0  # the least radius after shrinking; below it a blob is no more than a pixel
_MOST = 40  # marks of one film
_CHEST = (Structure.LEFT_LUNG, Structure.RIGHT_LUNG, Structure.HEART)  # a nodule may hide behind the heart

Masks = NDArray[np.bool_]
Floats = NDArray[np.float32]


def radii(least: float, most: float) -> tuple[float, ...]:
    """Radii in pixels, even in the logarithm."""
    return tuple(float(one) for one in np.geomspace(least, most, _SCALES))


def everywhere(sample: Sample) -> Masks:
    """The whole film as a mask (rows, columns)."""
    return np.ones(sample.image.shape, dtype=np.bool_)


def lungs(segmenter: Segmenter, sample: Sample) -> Masks:
    """The outlined lungs and heart of a chest film; the whole film where they cannot be true."""
    outlined = segmenter.predict([sample.image])[0]
    inside = np.any([outlined.of(one) for one in _CHEST], axis=0)
    if outlined.faults or not inside.any():
        return everywhere(sample)
    return np.asarray(Image.fromarray(inside).resize(sample.image.shape[::-1]), dtype=np.bool_)


def blobs(sample: Sample, inside: Masks, sizes: Sequence[float], *, bright: bool = True) -> Detections:
    """Peaks of the scale-normalised Laplacian of Gaussian over places and sizes (Lindeberg 1998), as discs.

    Args:
        inside: (rows, columns), where a blob's middle may lie.
        sizes: radii in pixels.
        bright: only what is brighter than its surroundings.
    """
    shrink = max(1, int(min(sizes) / _FINEST_PX))
    small = _shrunk(sample.image, shrink)
    allowed = _shrunk(inside.astype(np.float32), shrink) >= 0.5
    scales = [radius / shrink / np.sqrt(2.0) for radius in sizes]
    answers: Floats = np.stack([-(sigma**2) * gaussian_laplace(small, sigma, mode="nearest") for sigma in scales])
    answers = answers if bright else np.abs(answers)
    peaks = (answers == maximum_filter(answers, size=3, mode="nearest")) & (answers > 0.0) & allowed
    order = np.argsort(-answers[peaks], kind="stable")
    places = np.argwhere(peaks)[order].tolist()
    marks = [
        (score, (column + 0.5) * shrink - 0.5, (row + 0.5) * shrink - 0.5, sizes[scale])
        for score, (scale, row, column) in zip(answers[peaks][order].tolist(), places, strict=True)
    ]
    return _discs(sample, marks)


def random_marks(sample: Sample, inside: Masks, sizes: Sequence[float], seed: int) -> Detections:
    """Discs of such radii at places of `inside` drawn evenly, with scores that mean nothing."""
    draw = np.random.default_rng((seed, *sample.name.encode()))
    places = np.argwhere(inside)
    if not places.size:
        return _discs(sample, [])
    chosen = places[draw.integers(len(places), size=_MOST)]
    scores = np.sort(draw.random(_MOST))[::-1]
    reach = draw.choice(np.asarray(sizes), size=_MOST)
    return _discs(
        sample,
        [
            (float(score), float(column), float(row), float(radius))
            for score, (row, column), radius in zip(scores, chosen, reach, strict=True)
        ],
    )


def _shrunk(values: Floats, times: int) -> Floats:
    rows, columns = values.shape
    size = (max(1, columns // times), max(1, rows // times))
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BOX), dtype=np.float32)


def _discs(sample: Sample, marks: Sequence[tuple[float, float, float, float]]) -> Detections:
    """Score, x, y and radius, the highest first; one whose middle another covers already is left out."""
    labels: NDArray[np.int32] = np.zeros(sample.image.shape, dtype=np.int32)
    rows, columns = sample.image.shape
    scores, centres = list[float](), list[tuple[float, float]]()
    for score, x, y, radius in marks:
        row, column = min(round(y), rows - 1), min(round(x), columns - 1)
        if labels[row, column]:
            continue
        top, left = max(0, int(y - radius)), max(0, int(x - radius))
        window = labels[top : int(y + radius) + 2, left : int(x + radius) + 2]
        down = np.arange(top, top + window.shape[0])[:, None]
        across = np.arange(left, left + window.shape[1])
        within = (down - y) ** 2 + (across - x) ** 2 <= radius**2
        window[within & (window == 0)] = len(scores) + 1
        scores.append(score)
        centres.append((x, y))
        if len(scores) == _MOST:
            break
    return Detections(labels, tuple(scores), tuple(centres))

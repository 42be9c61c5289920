"""FROC: how many lesions a detector finds for how many false alarms an image, by size and subtlety, and its outlines.

Free-response receiver operating characteristic (Bunch et al. 1978; Chakraborty 1989). Every image counts in the false
alarms, with or without a lesion.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from wardround.agents.measures.resampling import Floats, Interval, PatientBootstrap, Statistic, ratio_statistic

__all__ = [
    "RATES",
    "SIZE_BINS",
    "FrocRow",
    "Matched",
    "froc_rows",
    "froc_statistic",
    "match",
    "outline_figures",
    "precision_statistic",
    "recall_statistic",
]

RATES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False alarms an image at which sensitivity is told."""
SIZE_BINS = ((0.0, 8.0), (8.0, 16.0), (16.0, math.inf))
"""Diameters in pixels: from the first, below the second."""
_EIGHT = np.ones((3, 3), dtype=np.int8)
_LEAST_IOU = 0.1  # a mark that merely touches a lesion, such as one over half the image, has not found it
_BLOCK_CELLS = 2_000_000  # resamples times detections held at once: 16 MB


@dataclass(frozen=True)
class Matched:
    """An image's lesions and detections, put together.

    Per lesion (n,): `found`, the score of the detection that found it, -inf where none did; `diameters` in pixels, of a
    circle of the same area; `dice` of its outline with that detection's, NaN where none did. Per detection that found
    none (m,): its score in `false`. `subtlety` is the image's, None where it is unknown.
    """

    patient: str
    found: Floats
    diameters: Floats
    dice: Floats
    false: Floats
    subtlety: int | None = None


def match(
    patient: str,
    truth: NDArray[np.integer] | NDArray[np.bool_],
    detections: NDArray[np.integer],
    scores: Sequence[float],
    centres: Sequence[tuple[float, float]],
    subtlety: int | None = None,
) -> Matched:
    """Pairs detections with lesions one to one, the highest score first.

    A detection may find a lesion that its outline overlaps by an IoU of 0.1 or more, or in which its centre lies; of
    several it takes the one that it covers best by IoU and that is still free. A second detection of a lesion is a
    false alarm, so breaking a lesion into pieces gains nothing, and so is one outline around all that there is.

    Args:
        truth: mask (rows, columns), whose islands, corners joined, are the lesions.
        detections: labels (rows, columns); detection k, from 0, is where k + 1 is written, which may be nowhere where
            only its centre is known.
        scores: of each detection, finite.
        centres: x and y of each detection in pixels.
    """
    lesions, count = label(np.asarray(truth) > 0, structure=_EIGHT)
    areas = np.bincount(lesions.ravel(), minlength=count + 1)[1:].astype(np.float64)
    number = len(scores)
    covered = np.bincount(detections.ravel(), minlength=number + 1)[1 : number + 1].astype(np.float64)
    both = (lesions > 0) & (detections > 0)
    pairs = (detections[both].astype(np.int64) - 1) * count + lesions[both] - 1
    shared = np.bincount(pairs, minlength=number * count).reshape(number, count).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = shared / (covered[:, None] + areas[None] - shared)
    overlap = iou >= _LEAST_IOU
    rows, columns = lesions.shape
    for which, (x, y) in enumerate(centres):
        row, column = round(y), round(x)
        if 0 <= row < rows and 0 <= column < columns and lesions[row, column] > 0:
            # Less than any overlap of outlines, yet a hit.
            iou[which, lesions[row, column] - 1] = max(iou[which, lesions[row, column] - 1], 1e-12)
            overlap[which, lesions[row, column] - 1] = True
    iou = np.where(overlap, iou, 0.0)
    found, dice = np.full(count, -np.inf), np.full(count, np.nan)
    false = []
    for which in np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable"):
        free = np.where(np.isneginf(found), iou[which], 0.0) if count else np.zeros(1)
        best = int(free.argmax())
        if free[best] > 0.0:
            found[best] = scores[which]
            dice[best] = 2.0 * shared[which, best] / (covered[which] + areas[best])
        else:
            false.append(float(scores[which]))
    return Matched(patient, found, 2.0 * np.sqrt(areas / np.pi), dice, np.array(false, dtype=np.float64), subtlety)


Choice = Callable[[Matched], NDArray[np.bool_]]
"""Which of an image's lesions (n,) a figure is about."""


def _every(image: Matched) -> NDArray[np.bool_]:
    return np.ones(image.found.shape, dtype=np.bool_)


def _of_size(low: float, high: float) -> Choice:
    return lambda image: (image.diameters >= low) & (image.diameters < high)


def _of_subtlety(grades: tuple[int, ...]) -> Choice:
    return lambda image: np.full(image.found.shape, image.subtlety in grades)


def froc_statistic(images: Sequence[Matched], rate: float, choice: Choice = _every) -> Statistic:
    """Sensitivity for the chosen lesions at the lowest cut that leaves at most `rate` false alarms an image.

    The cut is found anew in every resample. Of detections that score alike, all are called or none is. NaN where no
    lesion is chosen.
    """
    film = np.repeat(np.arange(len(images)), [len(image.false) for image in images])
    false = np.concatenate([image.false for image in images])
    order = np.argsort(-false, kind="stable")
    film, false = film[order], false[order]
    picked = [image.found[choice(image)] for image in images]
    home = np.repeat(np.arange(len(images)), [len(scores) for scores in picked])
    found = np.concatenate(picked)

    def sensitivity(weights: Floats) -> Floats:
        allowed = rate * weights.sum(axis=1, keepdims=True) + 1e-9
        over = np.cumsum(weights[:, film], axis=1) > allowed
        cut = np.full(len(weights), -np.inf)
        if false.size:
            cut = np.where(over.any(axis=1), false[over.argmax(axis=1)], cut)
        drawn = weights[:, home]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((drawn * (found > cut[:, None])).sum(axis=1) / drawn.sum(axis=1), dtype=np.float64)

    def statistic(weights: Floats) -> Floats:
        parts = 1 + len(weights) * max(false.size, found.size) // _BLOCK_CELLS
        return np.concatenate([sensitivity(part) for part in np.array_split(weights, min(parts, len(weights)))])

    return statistic


def _hits(found: Floats, cut: float) -> int:
    return int(((found >= cut) & (found > -np.inf)).sum())


def recall_statistic(images: Sequence[Matched], cut: float, choice: Choice = _every) -> Statistic:
    """The share of the chosen lesions that a detection of at least `cut` found."""
    picked = [image.found[choice(image)] for image in images]
    return ratio_statistic(
        np.array([_hits(scores, cut) for scores in picked]), np.array([len(scores) for scores in picked])
    )


def precision_statistic(images: Sequence[Matched], cut: float) -> Statistic:
    """The share of detections of at least `cut` that found a lesion of their own."""
    hits = np.array([_hits(image.found, cut) for image in images])
    return ratio_statistic(hits, hits + np.array([(image.false >= cut).sum() for image in images]))


@dataclass(frozen=True)
class FrocRow:
    """Sensitivity of a group of lesions at a rate of false alarms an image, with its 95 % interval by patient."""

    group: str
    lesions: int
    rate: float
    sensitivity: Interval


def _groups(images: Sequence[Matched], bins: Sequence[tuple[float, float]]) -> list[tuple[str, Choice]]:
    groups: list[tuple[str, Choice]] = [("all", _every)]
    for low, high in bins:
        below = f"{low:g} to {high:g} px" if low > 0.0 else f"below {high:g} px"
        groups.append((f"from {low:g} px" if math.isinf(high) else below, _of_size(low, high)))
    grades = sorted({image.subtlety for image in images if image.subtlety is not None and len(image.found)})
    groups += [(f"subtlety {grade}", _of_subtlety((grade,))) for grade in grades]
    if len(grades) > 1 and grades[-1] >= 3:
        groups.append(("subtlety 3 to 5", _of_subtlety((3, 4, 5))))
    return groups


def froc_rows(
    images: Sequence[Matched],
    rates: Sequence[float] = RATES,
    bins: Sequence[tuple[float, float]] = SIZE_BINS,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[FrocRow, ...]:
    """Sensitivities of all lesions, of each bin of diameter and of each subtlety, at each rate of false alarms.

    False alarms have no size and no subtlety: a group's cut is that of all images. Images: at least one. A group
    without a lesion is NaN.
    """
    bootstrap = PatientBootstrap([image.patient for image in images], resamples, seed)
    return tuple(
        FrocRow(
            group=name,
            lesions=int(sum(choice(image).sum() for image in images)),
            rate=rate,
            sensitivity=bootstrap.interval(froc_statistic(images, rate, choice)),
        )
        for name, choice in _groups(images, bins)
        for rate in rates
    )


def outline_figures(
    ours: NDArray[np.integer] | NDArray[np.bool_], truth: NDArray[np.integer] | NDArray[np.bool_], spacing: float = 1.0
) -> tuple[float, float]:
    """Dice of two masks (rows, columns) and the 95th percentile of the Hausdorff distance, in units of `spacing`.

    By MONAI. Both masks empty give a Dice of 1 and a distance of 0, one alone a Dice of 0 and no distance (NaN).
    """
    one, other = np.asarray(ours) > 0, np.asarray(truth) > 0
    if not one.any() or not other.any():
        alike = one.any() == other.any()
        return (1.0, 0.0) if alike else (0.0, float("nan"))
    # MONAI takes seconds to import, and who only counts lesions need not have it.
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice

    first, second = (torch.from_numpy(mask.astype(np.float32))[None, None] for mask in (one, other))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of MONAI about itself
        distance = compute_hausdorff_distance(first, second, include_background=True, percentile=95, spacing=spacing)
    return float(compute_dice(first, second)), float(distance)

"""What a fitted model finds on one image: lesions with their sizes and scores, and their masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.lesions.boxes import holds, window_of
from wardround.agents.lesions.folder import Loaded
from wardround.agents.lesions.instances import Instance, find_instances
from wardround.agents.lesions.levelled import levelled
from wardround.agents.lesions.reading import VIEWS, Reading, read_film
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import Lesion, LesionReport, PixelBox

__all__ = [
    "MINIMUM_PX",
    "MOST",
    "UNKNOWN_SPACING",
    "Found",
    "Wanted",
    "context_px",
    "cut_of",
    "find_lesions",
    "lesions_of",
    "scale_of",
    "score_map",
    "told",
    "told_point",
]

MOST = 50
"""Lesions of one image that are told at most, the surest first."""
MINIMUM_PX = 3
"""Pixels of the smallest lesion that is told."""
UNKNOWN_SPACING = "The spacing is unknown: the image is read as it comes, and sizes are in pixels."
_MASK_BYTES = 150_000_000  # of all masks of one image; fewer lesions of the largest images are told
_NEAR = 0.05  # share by which an image's resolution may differ from the model's without being resampled

Floats = NDArray[np.float32]
Masks = NDArray[np.uint8]


@dataclass(frozen=True)
class Wanted:
    """How an image is asked about.

    Attributes:
        point: name of one of the model's operating points, or a score in (0, 1).
        minimum_mm: diameter below which lesions are left out; in pixels where the spacing is unknown.
        views: of the image, as it is and turned over, 1 to 4: their spread is the doubt.
        box: lesions with their middle elsewhere are left out, and only what lies around it is read.
    """

    point: str | float = "balanced"
    minimum_mm: float = 0.0
    views: int = 1
    box: PixelBox | None = None


@dataclass(frozen=True)
class Found:
    """The report, and a mask (n, rows, columns) of 0 and 1 for each of its lesions, in their order."""

    report: LesionReport
    masks: Masks


def cut_of(loaded: Loaded, point: str | float) -> float:
    """The score of an operating point.

    Raises:
        CallerError: BAD_ARGUMENT, the model has none of this name, or the score is not between 0 and 1.
    """
    points = loaded.card.operating_points
    if isinstance(point, str):
        if point not in points:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The model has no operating point of that name.",
                f"Choose from {', '.join(points)}, or give a score between 0 and 1.",
            )
        return points[point]
    if not 0.0 < point < 1.0:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "An operating point is a score between 0 and 1.", "For example 0.5."
        )
    return point


def _scaled(film: Floats, ratio: float) -> Floats:
    """The film at another resolution; `ratio` is new pixels per old one."""
    rows, columns = film.shape
    size = (max(32, round(columns * ratio)), max(32, round(rows * ratio)))
    way = Image.Resampling.BOX if ratio < 1.0 else Image.Resampling.BILINEAR
    return np.clip(np.asarray(Image.fromarray(film).resize(size, way), dtype=np.float32), 0.0, 1.0)


def told_point(named: str | float) -> str | float:
    """An operating point as a person writes it: a name, or a score, in digits too."""
    try:
        return float(named)
    except ValueError:
        return str(named)


def score_map(
    loaded: Loaded,
    film: Floats,
    spacing_mm: float | None,
    views: int = 1,
    tick: Callable[[int, int], None] | None = None,
) -> Reading:
    """The model's scores of each pixel of an image, or of a part of one.

    Args:
        film: (rows, columns) in [0, 1]; it is read at the model's resolution where its own is known.
        spacing_mm: the side of a square pixel; None where it is unknown.
        views: of the image, as it is and turned over, 1 to 4.
        tick: told after each view how many are done, and of how many.

    Raises:
        CallerError: BAD_ARGUMENT, no such number of views.
    """
    if not 1 <= views <= len(VIEWS):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"An image is read from 1 to {len(VIEWS)} sides.", "Give views from 1 to 4."
        )
    ratio = scale_of(loaded, spacing_mm)
    at_scale = film if ratio == 1.0 else _scaled(film, ratio)
    if loaded.card.levelled_px:
        at_scale = levelled(at_scale, loaded.card.levelled_px)
    done = 0

    def viewed() -> None:
        nonlocal done
        done += 1
        if tick is not None:
            tick(done, views)

    read = read_film(loaded.network, at_scale, loaded.card.window, views, tick=viewed)
    back = (film.shape[1], film.shape[0])
    probability, spread = (
        part if part.shape == film.shape else _resized(part, back) for part in (read.probability, read.spread)
    )
    return Reading(probability, spread)


def scale_of(loaded: Loaded, spacing_mm: float | None) -> float:
    """The model's pixels per pixel of an image; 1 where either resolution is unknown, or they are nearly alike."""
    ratio = spacing_mm / loaded.card.spacing_mm if spacing_mm and loaded.card.spacing_mm else 1.0
    return 1.0 if abs(ratio - 1.0) < _NEAR else ratio


def context_px(loaded: Loaded, spacing_mm: float | None) -> int:
    """Pixels around a place that the model must be shown, so that it scores it nearly as on the whole image."""
    wide = max(loaded.card.window / 2, 2 * (loaded.card.levelled_px or 0))
    return round(wide / scale_of(loaded, spacing_mm))


def find_lesions(
    loaded: Loaded,
    film: Floats,
    spacing_mm: float | None,
    wanted: Wanted = Wanted(),
    *,
    synthetic: bool = False,
    tick: Callable[[int, int], None] | None = None,
) -> Found:
    """The lesions of an image.

    An image whose spacing is known is read at the model's resolution; masks and pixels are of the image as it came.

    Args:
        film: (rows, columns) in [0, 1].
        spacing_mm: the side of a square pixel; None where it is unknown.
        tick: told after each view how many are done, and of how many.

    Raises:
        CallerError: BAD_ARGUMENT, no such operating point or number of views, or a box that leaves the image.
    """
    cut_of(loaded, wanted.point)
    reading = _read(loaded, film, spacing_mm, wanted, tick)
    return lesions_of(loaded, reading, spacing_mm, wanted, synthetic=synthetic)


def lesions_of(
    loaded: Loaded, reading: Reading, spacing_mm: float | None, wanted: Wanted = Wanted(), *, synthetic: bool = False
) -> Found:
    """As `find_lesions`, of an image whose scores were read before.

    Raises:
        CallerError: BAD_ARGUMENT, no such operating point.
    """
    cut, card, warnings = cut_of(loaded, wanted.point), loaded.card, []
    if not spacing_mm:
        warnings.append(UNKNOWN_SPACING)
    instances = find_instances(reading.probability, cut, spacing_mm=spacing_mm)
    kept = [
        one
        for one in instances.found
        if (one.diameter_px if one.diameter_mm is None else one.diameter_mm) >= wanted.minimum_mm
        and (wanted.box is None or holds(wanted.box, one.centroid))
    ]
    most = min(MOST, max(1, _MASK_BYTES // reading.probability.size))
    if len(kept) > most:
        warnings.append(f"{len(kept) - most} further lesions of lower score are not told.")
        kept = kept[:most]
    masks = np.empty((len(kept), *reading.probability.shape), dtype=np.uint8)
    for mask, one in zip(masks, kept, strict=True):
        np.equal(instances.labels, one.number, out=mask.view(np.bool_))
    report = LesionReport(
        model=card.name,
        version=card.version,
        target=card.target,
        operating_point=cut,
        minimum_px=MINIMUM_PX,
        spacing_mm=spacing_mm,
        lesions=tuple(
            told(number, one, float(reading.spread[mask.view(np.bool_)].mean()))
            for number, (one, mask) in enumerate(zip(kept, masks, strict=True), start=1)
        ),
        warnings=tuple(warnings),
        synthetic=synthetic,
    )
    return Found(report, masks)


def _read(
    loaded: Loaded,
    film: Floats,
    spacing_mm: float | None,
    wanted: Wanted,
    tick: Callable[[int, int], None] | None,
) -> Reading:
    """The scores of the whole image, or of a box and what the model sees around it; 0 elsewhere."""
    if wanted.box is None:
        return score_map(loaded, film, spacing_mm, wanted.views, tick)
    part = window_of(wanted.box, film.shape, context_px(loaded, spacing_mm))
    read = score_map(loaded, np.ascontiguousarray(film[part]), spacing_mm, wanted.views, tick)
    whole = Reading(np.zeros(film.shape, dtype=np.float32), np.zeros(film.shape, dtype=np.float32))
    whole.probability[part], whole.spread[part] = read.probability, read.spread
    return whole


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    resized = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
    return np.clip(resized, 0.0, 1.0)


def told(number: int, one: Instance, doubt: float) -> Lesion:
    """An instance as it is told."""
    left, top, width, height = one.box
    return Lesion(
        number=number,
        box=PixelBox(left=left, top=top, width=width, height=height),
        centroid=one.centroid,
        area_px=one.area_px,
        diameter_px=one.diameter_px,
        area_mm2=one.area_mm2,
        diameter_mm=one.diameter_mm,
        mean=one.mean,
        spread=one.spread,
        peak=one.peak,
        doubt=doubt,
    )

"""What a fitted model finds on one image: lesions with their sizes and scores, and their masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.lesions.folder import Loaded
from wardround.agents.lesions.instances import Instance, find_instances
from wardround.agents.lesions.levelled import levelled
from wardround.agents.lesions.reading import VIEWS, read_film
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import Lesion, LesionReport, PixelBox

__all__ = ["MOST", "Found", "Wanted", "find_lesions"]

MOST = 50
"""Lesions of one image that are told at most, the surest first."""
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
    """

    point: str | float = "balanced"
    minimum_mm: float = 0.0
    views: int = 1


@dataclass(frozen=True)
class Found:
    """The report, and a mask (n, rows, columns) of 0 and 1 for each of its lesions, in their order."""

    report: LesionReport
    masks: Masks


def _cut(loaded: Loaded, point: str | float) -> float:
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
        CallerError: BAD_ARGUMENT, no such operating point or number of views.
    """
    if not 1 <= wanted.views <= len(VIEWS):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"An image is read from 1 to {len(VIEWS)} sides.", "Give views from 1 to 4."
        )
    cut, card, warnings = _cut(loaded, wanted.point), loaded.card, []
    ratio = spacing_mm / card.spacing_mm if spacing_mm and card.spacing_mm else 1.0
    if card.spacing_mm and not spacing_mm:
        warnings.append("the spacing is unknown: the image is read as it comes, and sizes are in pixels.")
    at_scale = film if abs(ratio - 1.0) < _NEAR else _scaled(film, ratio)
    if card.levelled_px:
        at_scale = levelled(at_scale, card.levelled_px)
    done = 0

    def viewed() -> None:
        nonlocal done
        done += 1
        if tick is not None:
            tick(done, wanted.views)

    read = read_film(loaded.network, at_scale, card.window, wanted.views, tick=viewed)
    back = (film.shape[1], film.shape[0])
    probability, spread = (
        part if part.shape == film.shape else _resized(part, back) for part in (read.probability, read.spread)
    )
    instances = find_instances(probability, cut, spacing_mm=spacing_mm)
    kept = [
        one
        for one in instances.found
        if (one.diameter_px if one.diameter_mm is None else one.diameter_mm) >= wanted.minimum_mm
    ]
    if len(kept) > MOST:
        warnings.append(f"{len(kept) - MOST} further lesions of lower score are not told.")
    masks = np.array([instances.labels == one.number for one in kept[:MOST]], dtype=np.uint8)
    report = LesionReport(
        model=card.name,
        version=card.version,
        target=card.target,
        operating_point=cut,
        minimum_px=3,
        spacing_mm=spacing_mm,
        lesions=tuple(
            _told(number, one, float(spread[instances.labels == one.number].mean()))
            for number, one in enumerate(kept[:MOST], start=1)
        ),
        warnings=tuple(warnings),
        synthetic=synthetic,
    )
    return Found(report, masks.reshape(-1, *film.shape))


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    resized = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
    return np.clip(resized, 0.0, 1.0)


def _told(number: int, one: Instance, doubt: float) -> Lesion:
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

"""Numbers that describe how a chest lies on its film, from its outlines and grey values, for the screen's small heads.

They cost no further pass of a network. Lengths are shares of the chest's width or the film's height, so that the film's
size does not matter; grey values are shares of the film's own range. What cannot be measured is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.segmenter import Segmentation
from wardround.agents.anatomy.zones import Mask, midline, thorax_width
from wardround.contracts.anatomy import Structure

__all__ = ["features_of"]

_NAN = math.nan
_RIGHT, _LEFT = (Structure.RIGHT_LUNG, Structure.LEFT_LUNG)
_CLAVICLES = {"right": Structure.RIGHT_CLAVICLE, "left": Structure.LEFT_CLAVICLE}


def _extent(mask: Mask) -> tuple[float, float, float, float]:
    """First and last row, first and last column; NaN where the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return _NAN, _NAN, _NAN, _NAN
    return float(rows[0]), float(rows[-1]), float(columns[0]), float(columns[-1])


def _centre(mask: Mask) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return (float(rows.mean()), float(columns.mean())) if rows.size else (_NAN, _NAN)


def _tilt(mask: Mask) -> float:
    """Slope of a mask's long axis: rows down per column to the right."""
    rows, columns = np.nonzero(mask)
    if rows.size < 10:
        return _NAN
    spread = np.cov(columns, rows)
    return float(spread[0, 1] / spread[0, 0]) if spread[0, 0] > 0 else _NAN


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else _NAN


def _mean(film: NDArray[np.float32], mask: Mask) -> float:
    return float(film[mask].mean()) if mask.any() else _NAN


def _stretched(film: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """The film at the masks' size (nearest neighbours), in its own range between its 1st and 99th percentile."""
    rows = (np.arange(shape[0]) * film.shape[0]) // shape[0]
    columns = (np.arange(shape[1]) * film.shape[1]) // shape[1]
    small = film[np.ix_(rows, columns)]
    low, high = np.percentile(small, (1.0, 99.0))
    return np.asarray(np.clip((small - low) / max(float(high - low), 1e-3), 0.0, 1.0), dtype=np.float32)


def _greys(film: NDArray[np.float32], masks: dict[Structure, Mask]) -> dict[str, float]:
    height, width = film.shape
    lungs = masks[_RIGHT] | masks[_LEFT]
    inside = lungs | masks[Structure.HEART]
    edge = max(1, width // 16)
    lung, heart = _mean(film, lungs), _mean(film, masks[Structure.HEART])
    return {
        "grey mean": float(film.mean()),
        "grey spread": float(film.std()),
        "grey dark share": float((film < 0.1).mean()),
        "grey bright share": float((film > 0.9).mean()),
        "grey lungs": lung,
        "grey heart": heart,
        "grey heart less lungs": heart - lung,
        "grey outside": _mean(film, ~inside),
        "grey sides": float(np.concatenate([film[:, :edge], film[:, -edge:]], axis=1).mean()),
        "grey top": float(film[: max(1, height // 16)].mean()),
        "grey bottom": float(film[-max(1, height // 16) :].mean()),
        "grey spread in lungs": float(film[lungs].std()) if lungs.any() else _NAN,
        "grey clavicles less lungs": _mean(film, masks[_CLAVICLES["right"]] | masks[_CLAVICLES["left"]]) - lung,
    }


def features_of(film: NDArray[np.float32], segmentation: Segmentation) -> dict[str, float]:
    """Named numbers of a film (rows, columns) in [0, 1] and its outlines; NaN where an outline is missing."""
    step = max(1, max(segmentation.masks.shape[1:]) // 256)
    stack = segmentation.masks[:, ::step, ::step]
    masks = {structure: np.asarray(mask, dtype=np.bool_) for structure, mask in zip(Structure, stack, strict=True)}
    height, across = stack.shape[1:]
    width = float(thorax_width(stack) or _NAN)
    middle = midline(stack)
    middle = _NAN if middle is None else middle
    right, left, heart = (_extent(masks[one]) for one in (_RIGHT, _LEFT, Structure.HEART))
    tops, bottoms = np.array([right[0], left[0]]), np.array([right[1], left[1]])
    long = float(np.mean(bottoms - tops))
    areas = {structure: float(mask.sum()) for structure, mask in masks.items()}
    lungs = areas[_RIGHT] + areas[_LEFT]
    heart_row, heart_column = _centre(masks[Structure.HEART])
    found: dict[str, float] = {
        "heart width": _ratio(heart[3] - heart[2], width),
        "heart area over lungs": _ratio(areas[Structure.HEART], lungs),
        "heart height over width": _ratio(heart[1] - heart[0], heart[3] - heart[2]),
        "heart left of midline": (heart_column - middle) / width,
        "heart reach left": (heart[3] - middle) / width,
        "heart reach right": (middle - heart[2]) / width,
        "heart row": (heart_row - float(np.mean(tops))) / long if long > 0 else _NAN,
        "lung length over chest width": _ratio(long, width),
        "chest width on film": width / across,
        "lung length on film": long / height,
        "lung area ratio": math.log(areas[_LEFT] / areas[_RIGHT]) if areas[_LEFT] and areas[_RIGHT] else _NAN,
        "lung fill": _ratio(lungs, width * long),
        "lungs top": float(np.mean(tops)) / height,
        "lungs bottom": float(np.mean(bottoms)) / height,
        "lungs level, bottom": float(bottoms[0] - bottoms[1]) / width,
        "lungs level, top": float(tops[0] - tops[1]) / width,
        "gap between lungs": (left[2] - right[3]) / width,
        "film aspect": height / across,
        "midline on film": abs(middle / across - 0.5),
    }
    for side, structure in _CLAVICLES.items():
        row, column = _centre(masks[structure])
        top, bottom, first, last = _extent(masks[structure])
        apex = right[0] if side == "right" else left[0]
        outward = 1.0 if side == "left" else -1.0
        found |= {
            f"clavicle above apex, {side}": (apex - row) / width,
            f"clavicle from midline, {side}": outward * (column - middle) / width,
            f"clavicle inner end, {side}": ((first - middle) if side == "left" else (middle - last)) / width,
            f"clavicle length, {side}": (last - first) / width,
            f"clavicle height, {side}": (bottom - top) / width,
            f"clavicle tilt, {side}": outward * _tilt(masks[structure]),
        }
    found |= {f"certainty, {structure.value}": segmentation.confidence[structure] for structure in Structure}
    return found | _greys(_stretched(film, (height, across)), masks)

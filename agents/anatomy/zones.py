"""Regions of a frontal film from its masks: the thirds of each lung's height, the heart, and the mediastinum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.network import CHANNELS
from wardround.contracts.anatomy import Region, Side, Structure

__all__ = ["LUNGS", "ZONES", "Place", "lung_zones", "mediastinum", "midline", "regions", "thorax_width"]

Mask = NDArray[np.bool_]
Place = tuple[Region, Side]
ZONES = (Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE)
LUNGS = {Side.RIGHT: Structure.RIGHT_LUNG, Side.LEFT: Structure.LEFT_LUNG}


def _edges(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The rows that a mask (h, w) touches, with its first and last column in each."""
    rows = np.flatnonzero(mask.any(axis=1))
    touched = mask[rows]
    return rows, touched.argmax(axis=1), mask.shape[1] - 1 - touched[:, ::-1].argmax(axis=1)


def pick(masks: NDArray[np.uint8], structure: Structure) -> Mask:
    """One structure's mask (h, w) out of a stack (5, h, w)."""
    return np.asarray(masks[CHANNELS.index(structure)], dtype=np.bool_)


def lung_zones(lung: Mask) -> dict[Region, Mask]:
    """Upper, middle and lower third of a lung's height (h, w): equal bands of rows from its apex to its base."""
    rows = np.flatnonzero(lung.any(axis=1))
    if rows.size == 0:
        return {zone: np.zeros_like(lung) for zone in ZONES}
    top, height = rows[0], rows[-1] + 1 - rows[0]
    third = np.clip((np.arange(lung.shape[0]) - top) * 3 // height, 0, 2)
    return {zone: lung & (third == index)[:, None] for index, zone in enumerate(ZONES)}


def mediastinum(masks: NDArray[np.uint8]) -> Mask:
    """What lies between the inner edges of the lungs and is not heart, (h, w), on the rows that both lungs reach."""
    right, left = (pick(masks, LUNGS[side]) for side in (Side.RIGHT, Side.LEFT))
    between = np.zeros_like(right)
    right_rows, _, right_inner = _edges(right)
    left_rows, left_inner, _ = _edges(left)
    shared, of_right, of_left = np.intersect1d(right_rows, left_rows, return_indices=True)
    columns = np.arange(right.shape[1], dtype=np.int32)
    inner = [edge[rows, None].astype(np.int32) for edge, rows in ((right_inner, of_right), (left_inner, of_left))]
    between[shared] = (columns > inner[0]) & (columns < inner[1])
    return np.asarray(between & ~pick(masks, Structure.HEART) & ~right & ~left, dtype=np.bool_)


def regions(masks: NDArray[np.uint8]) -> dict[Place, Mask]:
    """Every named region, no pixel in two: six lung zones, heart, mediastinum. The heart wins where masks overlap."""
    heart = pick(masks, Structure.HEART)
    places: dict[Place, Mask] = {}
    for side, structure in LUNGS.items():
        for zone, mask in lung_zones(pick(masks, structure)).items():
            places[zone, side] = mask & ~heart
    places[Region.HEART, Side.MIDLINE] = heart
    places[Region.MEDIASTINUM, Side.MIDLINE] = mediastinum(masks)
    return places


def midline(masks: NDArray[np.uint8]) -> float | None:
    """The column halfway between the outer edges of the two lungs at the widest level; None without both lungs."""
    widest = _widest(masks)
    return None if widest is None else (widest[0] + widest[1]) / 2.0


def thorax_width(masks: NDArray[np.uint8]) -> int | None:
    """The greatest inner width of the chest in mask columns: outer edge to outer edge of the lungs in one row."""
    widest = _widest(masks)
    return None if widest is None else widest[1] - widest[0] + 1


def _widest(masks: NDArray[np.uint8]) -> tuple[int, int] | None:
    right_rows, right_outer, _ = _edges(pick(masks, Structure.RIGHT_LUNG))
    left_rows, _, left_outer = _edges(pick(masks, Structure.LEFT_LUNG))
    _, of_right, of_left = np.intersect1d(right_rows, left_rows, return_indices=True)
    if of_right.size == 0:
        return None
    at = int(np.argmax(left_outer[of_left] - right_outer[of_right]))
    return int(right_outer[of_right][at]), int(left_outer[of_left][at])

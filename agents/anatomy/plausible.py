"""Whether masks can be the anatomy of an upright frontal chest film, together and one by one: tables of rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.zones import Mask, midline, pick
from wardround.contracts.anatomy import Structure

__all__ = ["implausible", "one_lung_plausible", "unlikely_masks"]


def _size(mask: Mask) -> int:
    """Pixels of a mask; several times as fast as its sum."""
    return int(np.count_nonzero(mask))


@dataclass(frozen=True)
class _Extent:
    """Where one mask lies: `area` as a share of the film; centre and edges as shares of its height and width."""

    area: float
    row: float
    column: float
    top: float
    bottom: float
    first: float
    last: float

    @classmethod
    def of(cls, mask: Mask) -> _Extent:
        in_rows, in_columns = (mask.view(np.uint8).sum(axis=axis, dtype=np.uint32) for axis in (1, 0))
        rows, columns = np.flatnonzero(in_rows), np.flatnonzero(in_columns)
        height, width = mask.shape
        return cls(
            area=int(in_rows.sum()) / mask.size,
            row=float(np.average(np.arange(height) + 0.5, weights=in_rows)) / height,
            column=float(np.average(np.arange(width) + 0.5, weights=in_columns)) / width,
            top=rows[0] / height,
            bottom=(rows[-1] + 1) / height,
            first=columns[0] / width,
            last=(columns[-1] + 1) / width,
        )


@dataclass(frozen=True)
class _Chest:
    """What the rules look at. `midline` is a share of the film's width, NaN where no row has both lungs.

    `lungs_overlap` is the lungs' common part as a share of the smaller, `heart_overlap` the heart's within the lungs,
    `common_height` the rows that both lungs reach as a share of the shorter one's, `slenderness` the least height over
    width of a lung in pixels.
    """

    right: _Extent
    left: _Extent
    heart: _Extent
    midline: float
    lungs_overlap: float
    heart_overlap: float
    common_height: float
    slenderness: float

    @classmethod
    def of(cls, masks: NDArray[np.uint8]) -> _Chest:
        right_lung, left_lung = pick(masks, Structure.RIGHT_LUNG), pick(masks, Structure.LEFT_LUNG)
        heart = pick(masks, Structure.HEART)
        right, left = _Extent.of(right_lung), _Extent.of(left_lung)
        middle = midline(masks)
        common = min(right.bottom, left.bottom) - max(right.top, left.top)
        aspect = masks.shape[1] / masks.shape[2]
        return cls(
            right=right,
            left=left,
            heart=_Extent.of(heart),
            midline=float("nan") if middle is None else (middle + 0.5) / masks.shape[2],
            lungs_overlap=_size(right_lung & left_lung) / min(_size(right_lung), _size(left_lung)),
            heart_overlap=_size(heart & (right_lung | left_lung)) / _size(heart),
            common_height=common / min(right.bottom - right.top, left.bottom - left.top),
            slenderness=min(aspect * (lung.bottom - lung.top) / (lung.last - lung.first) for lung in (right, left)),
        )


class _Rule(NamedTuple):
    reason: str
    holds: Callable[[_Chest], bool]


_RULES = (
    _Rule(
        "a lung is too small or too large for the film",
        lambda c: min(c.right.area, c.left.area) >= 0.02 and max(c.right.area, c.left.area) <= 0.42,
    ),
    _Rule("the lungs differ too much in size", lambda c: 0.25 <= c.left.area / c.right.area <= 4.0),
    _Rule("the right lung is not to the left of the left lung on the image", lambda c: c.right.column < c.left.column),
    _Rule("the lungs do not stand side by side", lambda c: c.common_height >= 0.5),
    _Rule("the outlines of the lungs overlap", lambda c: c.lungs_overlap <= 0.05),
    _Rule("a lung is wider than high", lambda c: c.slenderness >= 0.75),
    _Rule("the heart is too small or too large for the film", lambda c: 0.008 <= c.heart.area <= 0.30),
    _Rule("the heart does not lie between the lungs", lambda c: c.right.column < c.heart.column < c.left.column),
    _Rule("the heart does not reach the midline of the chest", lambda c: c.heart.first < c.midline < c.heart.last),
    _Rule("the heart lies above the middle of the lungs", lambda c: c.heart.row > min(c.right.row, c.left.row)),
    _Rule("the outlines of heart and lungs overlap too much", lambda c: c.heart_overlap <= 0.25),
)


def implausible(masks: NDArray[np.uint8]) -> tuple[str, ...]:
    """The reasons why masks (5, h, w) cannot be a frontal chest film's anatomy; empty where they can.

    The limits are wide: they leave room for children, large hearts and one-sided disease, and little for a photograph.
    """
    needed = (Structure.RIGHT_LUNG, Structure.LEFT_LUNG, Structure.HEART)
    lost = [structure.value for structure in needed if not pick(masks, structure).any()]
    if lost:
        return (f"not found: {', '.join(lost)}",)
    chest = _Chest.of(masks)
    return tuple(rule.reason for rule in _RULES if not rule.holds(chest))


def one_lung_plausible(masks: NDArray[np.uint8], lung: Structure) -> bool:
    """Whether one lung and the heart alone can be a chest's: what is asked where the other lung is white all over."""
    side, heart = pick(masks, lung), pick(masks, Structure.HEART)
    if not side.any() or not heart.any():
        return False
    one, other = _Extent.of(side), _Extent.of(heart)
    slender = masks.shape[1] / masks.shape[2] * (one.bottom - one.top) / (one.last - one.first)
    beside = one.column < other.column if lung is Structure.RIGHT_LUNG else one.column > other.column
    return bool(
        0.04 <= one.area <= 0.42
        and slender >= 1.0
        and beside
        and other.row > one.row
        and 0.008 <= other.area <= 0.30
        and _size(side & heart) <= 0.25 * _size(heart)
    )


class _Alone(NamedTuple):
    """Limits of one mask by itself: `area` a share of the film; `below` how much may lie in the film's lower half."""

    least: float
    most: float
    below: float = 1.0


_ALONE = {
    Structure.RIGHT_LUNG: _Alone(0.02, 0.42),
    Structure.LEFT_LUNG: _Alone(0.02, 0.42),
    Structure.HEART: _Alone(0.008, 0.30),
    Structure.RIGHT_CLAVICLE: _Alone(0.0008, 0.05, 0.5),
    Structure.LEFT_CLAVICLE: _Alone(0.0008, 0.05, 0.5),
}
_ON_THE_RIGHT = {Structure.RIGHT_LUNG: True, Structure.LEFT_LUNG: False}
_ON_THE_RIGHT |= {Structure.RIGHT_CLAVICLE: True, Structure.LEFT_CLAVICLE: False}
_COMMON = 0.10  # the share of a mask that may lie in another of its kind


def unlikely_masks(masks: NDArray[np.uint8]) -> dict[Structure, str]:
    """The masks (5, h, w) that cannot be true by themselves, each with the reason; empty masks are not judged.

    Area, side of the chest's midline, and overlap with the same structure of the other side.
    """
    middle = midline(masks)
    wrong: dict[Structure, str] = {}
    for structure, limits in _ALONE.items():
        mask = pick(masks, structure)
        if not mask.any():
            continue
        extent = _Extent.of(mask)
        area = extent.area
        if not limits.least <= area <= limits.most:
            wrong[structure] = f"it covers {100 * area:.2g} % of the film"
        elif _size(mask[mask.shape[0] // 2 :]) > limits.below * _size(mask):
            wrong[structure] = "it lies in the lower half of the film"
        elif middle is not None and structure in _ON_THE_RIGHT:
            on_right = bool(extent.column * mask.shape[1] < middle)
            if on_right is not _ON_THE_RIGHT[structure]:
                wrong[structure] = "it lies on the other side of the chest's midline"
    for one, other in (
        (Structure.RIGHT_LUNG, Structure.LEFT_LUNG),
        (Structure.RIGHT_CLAVICLE, Structure.LEFT_CLAVICLE),
    ):
        first, second = pick(masks, one), pick(masks, other)
        smaller = min(_size(first), _size(second))
        if smaller and _size(first & second) > _COMMON * smaller:
            wrong |= {structure: f"it overlaps the {mate.value}" for structure, mate in ((one, other), (other, one))}
    return wrong

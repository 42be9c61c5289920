"""Whether a set of masks can be the anatomy of an upright frontal chest film: a table of rules, each with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.zones import Mask, midline, pick
from wardround.contracts.anatomy import Structure

__all__ = ["implausible"]


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
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        height, width = mask.shape
        return cls(
            area=float(mask.mean()),
            row=float(np.average(np.arange(height) + 0.5, weights=mask.sum(axis=1))) / height,
            column=float(np.average(np.arange(width) + 0.5, weights=mask.sum(axis=0))) / width,
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
            lungs_overlap=float((right_lung & left_lung).sum() / min(right_lung.sum(), left_lung.sum())),
            heart_overlap=float((heart & (right_lung | left_lung)).sum() / heart.sum()),
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

"""Boxes of pixels on an image: what lies in one, and the part of the image around it."""

from __future__ import annotations

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.lesions import PixelBox

__all__ = ["holds", "window_of"]


def window_of(box: PixelBox, shape: tuple[int, ...], around: int) -> tuple[slice, slice]:
    """The rows and columns of a box and of so many pixels around it, as far as there is an image (rows, columns).

    Raises:
        CallerError: BAD_ARGUMENT, the box is empty or leaves the image.
    """
    rows, columns = shape
    right, bottom = box.left + box.width, box.top + box.height
    if not box.width or not box.height or right > columns or bottom > rows:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The box is empty or leaves the image, which has {columns} columns and {rows} rows.",
            "Give left, top, width and height in pixels of the image, from its left and top.",
        )
    return (
        slice(max(0, box.top - around), min(rows, bottom + around)),
        slice(max(0, box.left - around), min(columns, right + around)),
    )


def holds(box: PixelBox, point: tuple[float, float]) -> bool:
    """Whether a point (x, y) lies in a box, its edges included."""
    x, y = point
    return box.left - 0.5 <= x <= box.left + box.width - 0.5 and box.top - 0.5 <= y <= box.top + box.height - 0.5

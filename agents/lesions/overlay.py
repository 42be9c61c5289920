"""An image with the outlines of its lesions drawn on it, each with its number and size."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from wardround.agents.lesions.asking import Found
from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["overlay"]

_LONGEST = 1024
_MOST_BYTES = 700_000
_COLOUR = (255, 176, 0)
_BAND = 18  # pixels below the image for the notice


def overlay(film: NDArray[np.float32], found: Found) -> bytes:
    """A picture under 700 kB, PNG or, where that is larger, JPEG; the longer side is at most 1024 pixels.

    Raises:
        CallerError: TOO_LARGE, the picture came out too large all the same.
    """
    rows, columns = film.shape
    scale = min(1.0, _LONGEST / max(rows, columns))
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    grey = Image.fromarray(np.round(255.0 * film).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    picture = Image.new("RGB", (size[0], size[1] + _BAND))
    picture.paste(grey.convert("RGB"), (0, 0))
    draw = ImageDraw.Draw(picture)
    for lesion, mask in zip(found.report.lesions, found.masks, strict=True):
        small = np.asarray(Image.fromarray(255 * mask).resize(size, Image.Resampling.BOX)) > 0
        inside = small.copy()
        inside[1:] &= small[:-1]
        inside[:-1] &= small[1:]
        inside[:, 1:] &= small[:, :-1]
        inside[:, :-1] &= small[:, 1:]
        for y, x in np.argwhere(small & ~inside):
            picture.putpixel((int(x), int(y)), _COLOUR)
        wide = f"{lesion.diameter_mm:.0f} mm" if lesion.diameter_mm is not None else f"{lesion.diameter_px:.0f} px"
        text = f"{lesion.number}: {wide}, score {lesion.peak:.2f}"
        beside = (lesion.box.left + lesion.box.width) * scale + 2
        x = max(0.0, min(beside, size[0] - draw.textlength(text) - 2))
        draw.text((x, lesion.box.top * scale), text, fill=_COLOUR)
    draw.text((2, size[1] + 3), NOTICE.partition(".")[0] + ".", fill=(200, 200, 200))
    for form, options in (("PNG", {}), ("JPEG", {"quality": 85}), ("JPEG", {"quality": 60})):
        file = io.BytesIO()
        picture.save(file, form, **options)
        if file.tell() <= _MOST_BYTES:
            return file.getvalue()
    raise CallerError(ProblemCode.TOO_LARGE, "The picture came out too large.", "Draw a smaller image.")

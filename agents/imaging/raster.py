"""One PNG or JPEG to one canonical film: 8 or 16 bits, grey in truth whatever its colour model, air taken as dark."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from wardround.agents.imaging.decoded import DecodedFilm, FilmDetails, check_contrast
from wardround.agents.imaging.formats import Format
from wardround.agents.imaging.limits import Limits
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["decode_raster"]

_GREY_MEAN, _GREY_MOST = 1.5, 12  # differences between channels (of 255) that chroma rounding can make,
_COLOURED_SHARE = 0.001  # and the share of pixels that may differ more
_BIT_DEPTHS = (10, 12, 14, 16)
_NOTE = "A {} file says nothing of view, spacing, age or sex."


def _damaged(error: Exception | None = None) -> CallerError:
    problem = CallerError(
        ProblemCode.DAMAGED_FILE,
        "The picture cannot be decoded: the file is cut off or damaged.",
        "Export or transfer it again.",
    )
    problem.__cause__ = error
    return problem


def _check_png_header(data: bytes, limits: Limits) -> None:
    """The size that a PNG promises in its first chunk (PNG specification 11.2.2), before any library opens it."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise _damaged()
    limits.check_dimensions(int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big"))


def _grey_of_colour(picture: Image.Image) -> npt.NDArray[np.uint8]:
    """The one channel of a colour picture whose channels are really equal; transparency is laid on black."""
    if picture.has_transparency_data:
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = Image.alpha_composite(black, picture.convert("RGBA"))
    colour = np.asarray(picture.convert("RGB"))
    for rows in np.array_split(colour, max(1, colour.shape[0] // 512)):
        spread = rows.max(axis=2) - rows.min(axis=2)
        if spread.mean() > _GREY_MEAN or (spread > _GREY_MOST).mean() > _COLOURED_SHARE:
            raise CallerError(
                ProblemCode.COLOUR_IMAGE,
                "The picture is in colour; a radiograph is grey.",
                "Submit the film itself, not a photograph of it, and without coloured marks.",
            )
    return np.asarray(colour[:, :, 1])


def _pixels(picture: Image.Image) -> tuple[npt.NDArray[np.uint16], int, list[str]]:
    """The film, its bit depth in the file, and what was said on the way."""
    if picture.mode.startswith("I"):
        deep = np.clip(np.asarray(picture, dtype=np.int32), 0, 65535)
        most = int(deep.max())
        bits = next(depth for depth in _BIT_DEPTHS if most < 1 << depth)
        film = np.rint(deep * (65535.0 / ((1 << bits) - 1))).astype(np.uint16)
        told = [] if bits == 16 else [f"The values reach {most} of 65535: the film was taken as one of {bits} bits."]
        return film, 16, told
    grey = np.asarray(picture.convert("L")) if picture.mode in ("1", "L") else _grey_of_colour(picture)
    return grey.astype(np.uint16) * np.uint16(257), 8, []


def decode_raster(data: bytes, kind: Format, limits: Limits) -> DecodedFilm:
    """The canonical film of a PNG or JPEG.

    Raises:
        CallerError: TOO_LARGE before anything is decoded; COLOUR_IMAGE, BLANK_IMAGE, DAMAGED_FILE.
    """
    if kind is Format.PNG:
        _check_png_header(data, limits)
    Image.MAX_IMAGE_PIXELS = None  # `limits` decides, before decoding
    try:
        with Image.open(io.BytesIO(data), formats=[kind.value]) as opened:
            limits.check_dimensions(opened.height, opened.width)
            picture = ImageOps.exif_transpose(opened)
            film, bits, warnings = _pixels(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise _damaged(error) from error
    check_contrast(film)
    details = FilmDetails(source_format=f"{kind.value}, {bits} bit", warnings=(_NOTE.format(kind.value), *warnings))
    return DecodedFilm(film=film, details=details)

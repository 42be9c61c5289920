"""Films for lesions: the side of a pixel that stands for both of an image's spacings, and a film's own DICOM file."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.imaging.formats import Format, sniff
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.npy import npy_bytes
from wardround.agents.imaging.paths import open_allowed
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.contracts.base import Digest
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import ArtefactKind

__all__ = ["SourceFilm", "dicom_bytes", "pixel_side", "source_film"]

_SQUARE = 0.02  # share by which rows and columns may differ and still be called square


@dataclass(frozen=True)
class SourceFilm:
    """A DICOM film: its pixels in [0, 1], the side of a pixel (None where unknown), and the digest a store has of it.

    `warnings` are sentences for people.
    """

    film: NDArray[np.float32]
    spacing_mm: float | None
    digest: Digest
    synthetic: bool
    warnings: tuple[str, ...]


def pixel_side(spacing_mm: tuple[float, float] | None, source: str = "") -> tuple[float | None, tuple[str, ...]]:
    """The side in mm of the square that has a pixel's area, and what must be said of it.

    Areas, and diameters that come from areas, are exact with it; None where the spacing is unknown or is none.

    Args:
        source: the DICOM attribute that gave it.
    """
    if spacing_mm is None or not all(math.isfinite(one) and one > 0.0 for one in spacing_mm):
        return None, ()
    row, column = spacing_mm
    told = []
    if abs(row / column - 1.0) > _SQUARE:
        told.append("Pixels are not square: shapes are read as they come, areas and diameters are exact.")
    if source and source != "PixelSpacing":
        told.append(f"The spacing is the file's {source}: millimetres may be magnified.")
    return math.sqrt(row * column), tuple(told)


def dicom_bytes(path: str) -> bytes | None:
    """The content of the shell user's own file where it is DICOM, else None.

    Raises:
        CallerError: NOT_FOUND, no such file; TOO_LARGE.
    """
    limits = Limits()
    with open_allowed(path, None) as file:
        head = file.read(132)
        if head[128:] != b"DICM":
            return None
        data = head + file.read(limits.max_file_bytes + 1 - len(head))
    limits.check_file(len(data))
    return data


def source_film(data: bytes, decoder: SandboxedDecoder) -> SourceFilm:
    """A DICOM file's film, decoded apart.

    Raises:
        CallerError: UNSUPPORTED_FORMAT, no DICOM; else what is wrong with the file.
        Fault: DECODER_CRASHED, TIMEOUT.
    """
    if sniff(data) is not Format.DICOM:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            "The source is no DICOM file; a segmentation belongs to a DICOM image.",
            "Give the film as DICOM.",
        )
    decoded = decoder.decode(data)
    stored, _ = npy_bytes(ArtefactKind.FILM, decoded.film)
    side, warnings = pixel_side(decoded.details.pixel_spacing_mm, decoded.details.spacing_source)
    return SourceFilm(
        film=decoded.film.astype(np.float32) / np.float32(65535.0),
        spacing_mm=side,
        digest=f"sha256:{hashlib.sha256(stored).hexdigest()}",
        synthetic=decoded.details.synthetic,
        warnings=(*decoded.details.warnings, *warnings),
    )

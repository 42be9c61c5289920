"""What decoding gives: the film's pixels and the few typed facts that are kept; identifiers stand apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wardround.agents.imaging.origin import Origin
from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Patient, ViewPosition

__all__ = ["DecodedFilm", "FilmDetails", "check_contrast", "has_contrast"]

_LEAST_CONTRAST = 0.02  # of the full range, between the 1st and the 99th percentile


class FilmDetails(Word):
    """The fields of `contracts.study.Image` that come from the file, and the patient's age and sex."""

    pixel_spacing_mm: tuple[float, float] | None = None
    spacing_source: str = ""
    view: ViewPosition = ViewPosition.UNKNOWN
    laterality_marker: str | None = None
    source_format: str
    synthetic: bool = False
    patient: Patient = Patient()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecodedFilm:
    """`film` is uint16 (rows, columns); 0..65535 stands for 0..1, air dark, dense bright.

    `origin` holds the file's identifiers, where it is DICOM and has them: for the encrypted map and for exports alone.
    """

    film: npt.NDArray[np.uint16]
    details: FilmDetails
    origin: Origin | None = field(default=None, repr=False)


def has_contrast(film: npt.NDArray[np.uint16]) -> bool:
    """Whether a film shows anything at all, judged on every few pixels."""
    step = max(1, min(film.shape) // 256)
    low, high = np.percentile(film[::step, ::step], [1.0, 99.0])
    return bool(high - low >= _LEAST_CONTRAST * 65535.0)


def check_contrast(film: npt.NDArray[np.uint16]) -> None:
    """
    Raises:
        CallerError: BLANK_IMAGE.
    """
    if not has_contrast(film):
        raise CallerError(
            ProblemCode.BLANK_IMAGE,
            "The picture is blank: it has hardly any contrast.",
            "Check the exposure or the export; a film with an image on it is needed.",
        )

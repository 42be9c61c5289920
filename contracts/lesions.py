"""Lesions: what a segmentation server finds on an image, and what a fitted lesion model says of itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wardround.contracts.anatomy import Location
from wardround.contracts.base import NOTICE, Digest, Unit, Word
from wardround.contracts.card import Figure
from wardround.contracts.change import Change
from wardround.contracts.study import Artefact, ViewPosition

__all__ = [
    "ExportedSegment",
    "Lesion",
    "LesionChange",
    "LesionChanges",
    "LesionModelCard",
    "LesionModels",
    "LesionReport",
    "PixelBox",
    "SegmentationExport",
]

_Positive = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(ge=0)]


class PixelBox(Word):
    """A rectangle in pixels of the image; the middle of the first pixel is (0, 0)."""

    left: _Count
    top: _Count
    width: _Count
    height: _Count


class Lesion(Word):
    """One lesion. Millimetres are None where the spacing is unknown; sizes are then in pixels alone.

    `diameter` is that of a circle of the same area. `mean`, `spread` and `peak` are of the model's scores of its
    pixels; `doubt` is how far the scores move when the image is turned over. No score is a probability unless the
    report says `calibrated`.
    """

    number: Annotated[int, Field(ge=1)]
    box: PixelBox
    centroid: tuple[float, float]
    area_px: _Count
    diameter_px: _Positive
    area_mm2: _Positive | None = None
    diameter_mm: _Positive | None = None
    mean: Unit
    spread: Annotated[float, Field(ge=0)]
    peak: Unit
    doubt: Annotated[float, Field(ge=0)] = 0.0
    location: Location | None = None


class LesionReport(Word):
    """The lesions of one image, the surest first; `masks` has a channel for each, in their order."""

    model: str
    version: str
    target: str
    calibrated: bool = False
    operating_point: Unit
    minimum_px: _Count
    spacing_mm: _Positive | None = None
    lesions: tuple[Lesion, ...]
    masks: Artefact | None = None
    warnings: tuple[str, ...] = ()
    synthetic: bool = False
    notice: str = NOTICE


class LesionChange(Word):
    """One lesion on two films of a patient; `now` or `before` is None where only the other film shows it.

    Diameters are compared in `unit`: 'mm', or '1' for shares of the chest's width, where millimetres of the two films
    mean different things; '' where nothing can be compared. `relative` is the growth as a share of the earlier
    diameter. `change` is None where no rule may call it; `rule` says in words which was applied, or why none.
    `distance` is how far apart the two lie on the anatomy, in widths of the chest (or of the film, as the report says).
    `elsewhere_peak` is, for a lesion on one film alone, the greatest score at its place on the other.
    """

    change: Change | None = None
    now: Lesion | None = None
    before: Lesion | None = None
    unit: str = ""
    diameter_now: _Positive | None = None
    diameter_before: _Positive | None = None
    absolute_mm: float | None = None
    relative: Annotated[float, Field(ge=-1)] | None = None
    distance: Annotated[float, Field(ge=0)] | None = None
    elsewhere_peak: Unit | None = None
    rule: str


class LesionChanges(Word):
    """How the lesions of a film have changed since an earlier one; `now` and `before` are all that was found on each.

    `aligned_by` says what the places were held against: the 'lungs', or, without them, the 'film'.
    """

    aligned_by: str
    view_now: ViewPosition
    view_before: ViewPosition
    changes: tuple[LesionChange, ...]
    now: LesionReport
    before: LesionReport
    warnings: tuple[str, ...] = ()
    synthetic: bool = False
    notice: str = NOTICE


class ExportedSegment(Word):
    """One lesion in a DICOM segmentation. `tracking_uid` is the same each time that the same lesion is written."""

    number: Annotated[int, Field(ge=1)]
    label: str
    code: str
    coding_scheme: str
    tracking_uid: str


class SegmentationExport(Word):
    """A DICOM segmentation that was written: aligned with its source pixel by pixel, and no word of a patient here."""

    file: Annotated[str, Field(description="The name of the file, without its folder.")]
    digest: Digest
    size_bytes: _Count
    sop_instance_uid: str
    rows: _Count
    columns: _Count
    segments: tuple[ExportedSegment, ...]
    synthetic: bool = False
    notice: str = NOTICE


class LesionModelCard(Word):
    """A fitted lesion model: what it finds, on what, from whom it learned, and how well it does.

    `spacing_mm` is the resolution at which it reads; None where it reads pixels as they come. `levelled_px` is the side
    of the squares over which brightness and contrast are evened out first, if they are. `operating_points` are cuts by
    name of the false alarms an image that they gave on the images held out.
    `learned_from` are marks of the patients that it learned from, the first eight digits of their SHA-256; empty where
    they are not known.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    version: str
    weights_digest: Digest
    target: Annotated[str, Field(max_length=60)]
    spacing_mm: _Positive | None = None
    levelled_px: Annotated[int, Field(ge=8)] | None = None
    window: Annotated[int, Field(ge=32)]
    operating_points: dict[str, Unit]
    source: str = ""
    licence: str = ""
    images: _Count
    patients: _Count
    lesions: _Count
    held_out_images: _Count
    held_out_lesions: _Count
    learned_from: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    intended_use: str
    limits: tuple[str, ...] = ()
    notice: str = NOTICE


class LesionModels(Word):
    """The models that a server holds."""

    models: tuple[LesionModelCard, ...]
    notice: str = NOTICE

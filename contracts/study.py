"""A study, its films, and the artefacts (films, masks, heat maps) that messages refer to by digest."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Digest, Handle, Word

__all__ = ["Artefact", "ArtefactKind", "Image", "Patient", "Sex", "Study", "ViewPosition", "told_patient"]


class ViewPosition(StrEnum):
    """DICOM View Position (0018,5101), the frontal terms; lateral films are refused at intake."""

    PA = "PA"
    AP = "AP"
    UNKNOWN = "unknown"


class Sex(StrEnum):
    """DICOM Patient's Sex (0010,0040)."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"
    UNKNOWN = "unknown"


class Patient(Word):
    """What a prior needs to know of a person, and nothing that identifies one."""

    age_years: Annotated[int, Field(ge=0, le=90, description="Completed years; 90 stands for 90 and older.")] | None = (
        None
    )
    sex: Sex = Sex.UNKNOWN


def told_patient(age_years: int | None, sex: Sex | None) -> Patient | None:
    """What a person at a client told of the patient, None where nothing; ages above 90 become 90."""
    if age_years is None and sex is None:
        return None
    return Patient(age_years=min(age_years, 90) if age_years is not None else None, sex=sex or Sex.UNKNOWN)


class ArtefactKind(StrEnum):
    """What an artefact's array means."""

    FILM = "film"  # (rows, columns) uint16; 0..65535 stands for 0..1, air dark, dense bright
    HEATMAP = "heatmap"  # (channels, h, w) float16 in [0, 1], over the whole film
    MASK = "mask"  # (channels, h, w) uint8, 0 or 1, over the whole film


class Artefact(Word):
    """A reference to an array in a store: never the pixels themselves.

    Read it by `digest` from the shared store folder where there is one, else from `url`, which expires.
    The bytes are a `.npy` file (NumPy format 1.0, no pickles).
    """

    kind: ArtefactKind
    digest: Digest
    shape: tuple[int, ...]
    channels: tuple[str, ...] = Field(default=(), description="Name of each entry of the first axis, for stacks.")
    channel: str | None = Field(default=None, description="The one channel that is meant, for stacks.")
    url: str | None = None


class Image(Word):
    """One film, de-identified, as the intake server knows it."""

    handle: Handle
    film: Artefact
    rows: Annotated[int, Field(gt=0)]
    columns: Annotated[int, Field(gt=0)]
    pixel_spacing_mm: tuple[float, float] | None = Field(
        default=None, description="Row and column spacing in mm (PS3.3 10.7.1.3); None: no millimetres may be given."
    )
    spacing_source: str = Field(default="", description="PixelSpacing or ImagerPixelSpacing.")
    view: ViewPosition = ViewPosition.UNKNOWN
    laterality_marker: str | None = Field(default=None, description="DICOM Image Laterality (0020,0062): R, L, U, B.")
    source_format: str = Field(description="For example 'DICOM JPEG 2000 lossless' or 'PNG, 8 bit'.")
    synthetic: bool = Field(default=False, description="True for a phantom: no person was ever imaged.")
    warnings: tuple[str, ...] = ()


class Study(Word):
    """One examination: its films and what is known of the patient."""

    handle: Handle
    images: Annotated[tuple[Image, ...], Field(min_length=1)]
    patient: Patient = Patient()
    synthetic: bool = False

"""Where something is: sides and regions of a frontal chest film, always the patient's side."""

from __future__ import annotations

from enum import StrEnum

from wardround.contracts.base import Unit, Word

__all__ = ["Box", "Location", "Region", "Side", "Structure"]


class Side(StrEnum):
    """The patient's side (RadLex RID5824 left, RID5825 right, RID5771 bilateral)."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    MIDLINE = "midline"


class Region(StrEnum):
    """Regions of a frontal film. Zones are thirds of a lung's height, as radiologists use them."""

    UPPER_ZONE = "upper zone"
    MIDDLE_ZONE = "middle zone"
    LOWER_ZONE = "lower zone"
    LUNG = "lung"
    HEART = "heart"
    MEDIASTINUM = "mediastinum"
    OUTSIDE = "outside the lungs and mediastinum"


class Structure(StrEnum):
    """The structures that an anatomical segmenter delineates."""

    LEFT_LUNG = "left lung"
    RIGHT_LUNG = "right lung"
    HEART = "heart"
    LEFT_CLAVICLE = "left clavicle"
    RIGHT_CLAVICLE = "right clavicle"


class Box(Word):
    """A rectangle on the film, in fractions of its width and height from the image's left and top."""

    left: Unit
    top: Unit
    width: Unit
    height: Unit


class Location(Word):
    """A place, and the share of the evidence's mass that lies in it.

    `box` bounds the mass around its strongest point, where a specialist gives one; it is no outline of a lesion.
    """

    region: Region
    side: Side
    overlap: Unit
    box: Box | None = None

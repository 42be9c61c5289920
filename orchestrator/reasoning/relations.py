"""What the wording and the verifier know about findings: which have no place, and which quantities bear on them."""

from __future__ import annotations

from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.codes import NO_FINDING

__all__ = ["BEARS_ON", "LUNG_LESIONS", "MIN_OVERLAP", "PLACELESS", "bears_on", "same_lesion", "same_place"]

# The least share of a heat map's mass that names a place. Chosen, not measured: a map spread over both lungs evenly
# gives a sixth to each zone and stays below it.
MIN_OVERLAP = 0.3

# A side or a zone says nothing here: the heart's size, what is in both lungs at once, and nothing at all.
PLACELESS = frozenset({"Cardiomegaly", "Edema", "Emphysema", "Enlarged Cardiomediastinum", NO_FINDING})

# What label sets call one thing in the lung: a nodule up to 30 mm, a mass beyond (Hansell et al., Radiology 2008), a
# lung lesion where they tell no size. Outlines err, so a size is told and not held against the name.
LUNG_LESIONS = frozenset({"Nodule", "Mass", "Lung Lesion"})

_LUNG = frozenset({Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE, Region.LUNG})

# Quantity, in lower case, to the finding that speaks of a value above its upper limit.
BEARS_ON = {
    "cardiothoracic ratio": "Cardiomegaly",  # Danzer, American Journal of the Medical Sciences 1919; PA films
}


def bears_on(quantity: str) -> str | None:
    """The finding that a quantity speaks for where it exceeds its upper limit; None where the table has none."""
    return BEARS_ON.get(quantity.replace("_", " ").strip().casefold())


def same_lesion(outlined: str, finding: str) -> bool:
    """Whether a lesion that was outlined under one label may say where a finding lies and how large it is."""
    return outlined == finding or {outlined, finding} <= LUNG_LESIONS


def same_place(one: Location, other: Location) -> bool:
    """Whether two places may be one: no side against the other, and one region, or a lung and a zone."""
    sides, regions = {one.side, other.side}, {one.region, other.region}
    return not {Side.LEFT, Side.RIGHT} <= sides and (len(regions) == 1 or (Region.LUNG in regions and regions <= _LUNG))

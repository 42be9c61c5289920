"""What the wording and the verifier know about findings: which have no place, and which quantities bear on them."""

from __future__ import annotations

from wardround.contracts.codes import NO_FINDING

__all__ = ["BEARS_ON", "MIN_OVERLAP", "PLACELESS", "bears_on"]

# The least share of a heat map's mass that names a place. Chosen, not measured: a map spread over both lungs evenly
# gives a sixth to each zone and stays below it.
MIN_OVERLAP = 0.3

# A side or a zone says nothing here: the heart's size, what is in both lungs at once, and nothing at all.
PLACELESS = frozenset({"Cardiomegaly", "Edema", "Emphysema", "Enlarged Cardiomediastinum", NO_FINDING})

# Quantity, in lower case, to the finding that speaks of a value above its upper limit.
BEARS_ON = {
    "cardiothoracic ratio": "Cardiomegaly",  # Danzer, American Journal of the Medical Sciences 1919; PA films
}


def bears_on(quantity: str) -> str | None:
    """The finding that a quantity speaks for where it exceeds its upper limit; None where the table has none."""
    return BEARS_ON.get(quantity.replace("_", " ").strip().casefold())

"""A lesion model's card in the words that every specialist's card has."""

from __future__ import annotations

from wardround.contracts.card import ModelCard
from wardround.contracts.lesions import LesionModelCard

__all__ = ["model_card"]


def model_card(card: LesionModelCard) -> ModelCard:
    """As it is published at `card://model`."""
    return ModelCard(
        name=card.name,
        version=card.version,
        task=f"outlines of small lesions: {card.target}",
        weights_digest=card.weights_digest,
        licence=card.licence,
        training_data=f"{card.source or 'not stated'}; {card.images} images of {card.patients} patients, "
        f"{card.lesions} lesions",
        intended_use=card.intended_use,
        limits=card.limits,
        figures=card.figures,
        calibration="none: scores are no probabilities",
    )

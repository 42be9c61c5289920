"""The detector that ships with the package: EfficientNet-Lite0 trained by `agents/cxr/recipe` on NIH films."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from wardround.agents.cxr.cam import CamDetector, Preparation, Window, fill
from wardround.agents.cxr.network import prepare
from wardround.agents.networks.lite0 import Lite0
from wardround.agents.weights.device import Placement, placement
from wardround.agents.weights.load import load_safetensors
from wardround.agents.weights.registry import entry
from wardround.contracts.card import ModelCard
from wardround.contracts.evidence import Source

__all__ = ["FAMILY", "bundled_card", "lite0_detector", "open_bundled"]

FAMILY = "wardround-lite0"


def bundled_card(name: str) -> ModelCard:
    """The card of a bundled detector, with the digest that the registry pins."""
    text = files("wardround.agents.cxr").joinpath("cards").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return ModelCard.model_validate_json(text).model_copy(update={"weights_digest": f"sha256:{entry(name).sha256}"})


def lite0_detector(network: Lite0, labels: Sequence[str], card: ModelCard) -> CamDetector:
    """A loaded network as a detector. The film is stretched to 256 pixels squared, so its map covers the whole film."""
    return CamDetector(
        network,
        {label: slot for slot, label in enumerate(labels)},
        Preparation(lambda rows, columns: Window(), prepare),
        card,
        Source(model=card.name, version=card.version, weights_digest=card.weights_digest),
    )


def open_bundled(name: str = "cxr-lite0", place: Placement | None = None) -> CamDetector:
    """Load a bundled detector.

    Raises:
        CallerError: NOT_FOUND, MISSING_WEIGHTS, or BAD_ARGUMENT for a device that is not there.
        Fault: WEIGHTS_MISMATCH.
    """
    model = entry(name)
    card = bundled_card(name)
    network = Lite0(len(model.outputs))
    fill(network, load_safetensors(model), name, place or placement())
    return lite0_detector(network, model.outputs, card)

"""A fitted lesion model as a folder: its tensors, its card and its options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import nn

from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.agents.weights.device import placement
from wardround.agents.weights.model_folder import damaged, packed, read_model, write_model
from wardround.contracts.lesions import LesionModelCard

__all__ = ["Loaded", "load", "save"]

_FORMAT, _KIND = "wardround lesions 1", "lesions"


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked."""

    card: LesionModelCard
    network: nn.Module


def save(network: LesionNetwork, folder: Path, card: LesionModelCard, training: TrainingOptions) -> LesionModelCard:
    """Writes a new folder, whole or not at all, in half precision; gives the card with its digest and version.

    Raises:
        CallerError: BAD_ARGUMENT, the folder exists already or cannot be written.
    """
    arrays = {name: value.detach().cpu().half().numpy() for name, value in network.state_dict().items()}
    weights, digest = packed(arrays)
    card = card.model_copy(update={"weights_digest": digest, "version": f"1-{digest[7:15]}"})
    told = {
        "card": card.model_dump(mode="json"),
        "network": network.options.model_dump(mode="json"),
        "training": training.model_dump(mode="json"),
    }
    write_model(folder, _FORMAT, weights, told)
    return card


def load(folder: Path, device: str | None = None) -> Loaded:
    """The model of a folder, in evaluation mode on the device wanted (`agents.weights.device.placement`).

    Raises:
        CallerError, Fault: as `read_model`; BAD_ARGUMENT, no such device.
    """
    told, arrays = read_model(folder, _FORMAT, _KIND)
    try:
        card = LesionModelCard.model_validate(told["card"])
        network = LesionNetwork(NetworkOptions.model_validate(told["network"]))
        network.load_state_dict({name: torch.from_numpy(array).float() for name, array in arrays.items()})
    except (LookupError, TypeError, ValueError, AttributeError, ValidationError, RuntimeError) as error:
        raise damaged(folder.name, _KIND) from error
    return Loaded(card, network.to(placement(device).device).eval())

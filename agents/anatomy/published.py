"""Published segmenters by name, drawing the same five outlines as the bundled one.

They know more structures than `contracts.anatomy.Structure` has words for; the others are not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wardround.agents.anatomy import cxas
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.pspnet import UNREAD, PspNet
from wardround.agents.anatomy.segmenter import Segmenter, bundled_segmenter
from wardround.agents.cxr.cam import fill
from wardround.agents.weights.device import Placement, placement
from wardround.agents.weights.load import expected_sha256, load_safetensors
from wardround.agents.weights.registry import ModelEntry, entries, entry
from wardround.contracts.anatomy import Structure
from wardround.contracts.card import ModelCard
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["BUNDLED", "FiveStructures", "open_segmenter", "published_network", "segmenter_card", "segmenter_names"]

BUNDLED = "anatomy-jsrt"
_SIZE = 512  # what both networks were trained at
_RELEASE = "torchxrayvision v1"
# Mean and standard deviation of ImageNet's red, green and blue, with which both networks were trained.
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_LUNGS = [CHANNELS.index(Structure.LEFT_LUNG), CHANNELS.index(Structure.RIGHT_LUNG)]
_HEART = CHANNELS.index(Structure.HEART)


def _pspnet(tensors: Mapping[str, Tensor], model: ModelEntry, place: Placement) -> nn.Module:
    network = PspNet(len(model.outputs))
    kept = {name: value for name, value in tensors.items() if not name.startswith(UNREAD)}
    fill(network, kept, model.name, place)
    return network


def _cxas(tensors: Mapping[str, Tensor], model: ModelEntry, place: Placement) -> nn.Module:
    network = cxas.CxasNet(len(model.outputs))
    fill(network, cxas.own_names(tensors), model.name, place)
    return network


@dataclass(frozen=True)
class _Family:
    """How a family's network is made of its weights, what it calls our structures, and words for its card."""

    network: Callable[[Mapping[str, Tensor], ModelEntry, Placement], nn.Module]
    names: dict[Structure, str]
    limits: tuple[str, ...]


_SIDES = "Its sides are taken to be the patient's; masks on the wrong side are refused as implausible."
_FAMILIES = {
    "torchxrayvision-pspnet": _Family(
        _pspnet,
        {
            Structure.LEFT_LUNG: "Left Lung",
            Structure.RIGHT_LUNG: "Right Lung",
            Structure.HEART: "Heart",
            Structure.LEFT_CLAVICLE: "Left Clavicle",
            Structure.RIGHT_CLAVICLE: "Right Clavicle",
        },
        (_SIDES, "How its annotators drew the border between lung and heart is not published."),
    ),
    "cxas-unet-resnet50": _Family(
        _cxas,
        {
            Structure.LEFT_LUNG: "left lung",
            Structure.RIGHT_LUNG: "right lung",
            Structure.HEART: "heart",
            Structure.LEFT_CLAVICLE: "clavicle left",
            Structure.RIGHT_CLAVICLE: "clavicle right",
        },
        (
            _SIDES,
            "Learned from projected CT scans: its lungs reach behind the diaphragm, so lung areas are larger than those"
            " of outlines drawn on films.",
        ),
    ),
}


class FiveStructures(nn.Module):
    """A published network as `Segmenter` wants it: films (n, 1, h, w) in [0, 1] to logits (n, 5, h, w).

    The grey film stands for red, green and blue. Where the network sees heart, it sees no lung here: projected lungs
    reach behind the heart, and every measurement takes outlines that leave the heart out (van Ginneken et al. 2006).
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, network: nn.Module, slots: list[int]) -> None:
        super().__init__()
        self.network = network
        self.slots = slots
        for name, values in zip(("mean", "spread"), _IMAGENET, strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, films: Tensor) -> Tensor:
        coarse = self.network((films - self.mean) / self.spread)[:, self.slots]
        logits = F.interpolate(coarse, films.shape[-2:], mode="bilinear", align_corners=False)
        lungs = torch.minimum(logits[:, _LUNGS], -logits[:, [_HEART]])
        logits[:, _LUNGS] = lungs
        return logits


def segmenter_card(model: ModelEntry) -> ModelCard:
    """The card of a published segmenter, from the registry."""
    digest = expected_sha256(model)
    return ModelCard(
        name=model.name,
        version=_RELEASE,
        task="outlines of lungs, heart and clavicles on frontal chest films",
        weights_digest=f"sha256:{digest}" if digest else None,
        licence=model.licence,
        training_data=model.training_data,
        intended_use="Research on upright frontal chest films of adults. Not for clinical use.",
        limits=(
            "No figure was measured here: measure it on your own films before you rely on it.",
            "The limits by which films are screened were set with the bundled segmenter.",
            *_FAMILIES[model.family].limits,
        ),
        calibration="none: scores",
    )


def published_network(model: ModelEntry, place: Placement) -> FiveStructures:
    """The network of a published segmenter that was pulled before, ready to predict.

    Raises:
        CallerError: MISSING_WEIGHTS with what to run or copy.
        Fault: WEIGHTS_MISMATCH.
    """
    family = _FAMILIES[model.family]
    slots = [model.outputs.index(family.names[structure]) for structure in CHANNELS]
    return FiveStructures(family.network(load_safetensors(model), model, place), slots).eval()


def segmenter_names() -> tuple[str, ...]:
    """Names of the segmenters of the registry, present or not."""
    return tuple(model.name for model in entries() if model.name == BUNDLED or model.family in _FAMILIES)


def open_segmenter(name: str = BUNDLED, device: str | None = None) -> Segmenter:
    """A segmenter of the registry by name, on the device wanted (see `agents.weights.device.placement`).

    Raises:
        CallerError: NOT_FOUND; BAD_ARGUMENT, the model is no segmenter or there is no such device; MISSING_WEIGHTS with
            what to run or copy.
        Fault: WEIGHTS_MISMATCH, the file is not the one that was pinned, or is of another network.
    """
    if name == BUNDLED:
        return bundled_segmenter(device)
    model = entry(name)
    if model.family not in _FAMILIES:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{name}' is not a segmenter of chest films.",
            f"Segmenters: {', '.join(segmenter_names())}.",
        )
    place = placement(device)
    return Segmenter(published_network(model, place), segmenter_card(model), place, size=_SIZE)

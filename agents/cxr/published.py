"""torchxrayvision's published classifiers (Cohen et al. 2022, MIDL), through the weights registry.

Scores are the sigmoid of the raw output. torchxrayvision itself bends each score around a threshold so that 0.5 is its
operating point (`op_norm`); that bent number is not used, because the weigher needs log-odds that relate to the
training prevalence. So the DenseNet family's scores are small (its published thresholds lie between 0.0004 and 0.33).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

import torch.nn.functional as F
from torch import Tensor

from wardround.agents.cxr.cam import CamDetector, CamNetwork, Preparation, Window, fill
from wardround.agents.cxr.densenet import DenseNet121
from wardround.agents.cxr.jfhealthcare import JfHealthcare, PooledActivation, own_names
from wardround.agents.networks.resnet import ResNet50
from wardround.agents.weights.device import Placement, placement
from wardround.agents.weights.load import expected_sha256, load_safetensors
from wardround.agents.weights.registry import ModelEntry, entry
from wardround.contracts.card import ModelCard
from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Source

__all__ = ["FAMILIES", "FAMILY", "centre_square", "label_slots", "open_published", "prepare", "published_card"]

FAMILY = "torchxrayvision-densenet121"
_SIZE = 224
_RELEASE = "torchxrayvision v1"


def centre_square(rows: int, columns: int) -> Window:
    """The central square of a film, which is all that these networks were trained to see."""
    side = min(rows, columns)
    return Window((rows - side) // 2 / rows, (columns - side) // 2 / columns, side / rows, side / columns)


def prepare(films: Tensor, size: int = _SIZE, reach: float = 1024.0) -> Tensor:
    """Films (n, 1, h, w) in [0, 1] as torchxrayvision wants them: central square, `size` pixels, [-reach, reach]."""
    rows, columns = films.shape[-2:]
    side = min(rows, columns)
    top, left = (rows - side) // 2, (columns - side) // 2
    square = films[..., top : top + side, left : left + side]
    small = F.interpolate(square, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return (small * 2.0 - 1.0) * reach


def label_slots(model: ModelEntry) -> dict[str, int]:
    """Which output slot stands for which label of the code table; slots it was not trained on are left out."""
    named = ((canonical_label(name), slot) for slot, name in enumerate(model.outputs) if name)
    return {label: slot for label, slot in named if label is not None}


def published_card(model: ModelEntry) -> ModelCard:
    """The card of a published model, from the registry and the table of training prevalences."""
    text = files("wardround.agents.cxr").joinpath("cards").joinpath("published_prevalence.json").read_text("utf-8")
    known = json.loads(text)["prevalence"].get(model.name, {})
    digest = expected_sha256(model)
    return ModelCard(
        name=model.name,
        version=_RELEASE,
        task="scores for chest film findings, with class activation maps",
        weights_digest=f"sha256:{digest}" if digest else None,
        licence=model.licence,
        training_data=model.training_data,
        intended_use="Research on frontal chest films of adults. Not for clinical use.",
        limits=(
            "It sees only the central square of the film.",
            "Trained on labels mined from reports, which are wrong in some of the films.",
            "Where no training prevalence is known, its scores are shown and not pooled.",
            *(_FAMILIES[model.family].limits if model.family in _FAMILIES else ()),
        ),
        calibration="none: scores",
        training_prevalence={label: float(share) for label, share in known.items()},
    )


def _densenet(tensors: Mapping[str, Tensor], model: ModelEntry, place: Placement) -> CamNetwork:
    network = DenseNet121(len(model.outputs))
    fill(network, tensors, model.name, place, ignore=("op_threshs",))
    return network


def _resnet(tensors: Mapping[str, Tensor], model: ModelEntry, place: Placement) -> CamNetwork:
    network = ResNet50(len(model.outputs))
    renamed = {name.replace("fc.", "classifier.", 1): value for name, value in tensors.items()}
    fill(network, renamed, model.name, place)
    return network


def _jfhealthcare(tensors: Mapping[str, Tensor], model: ModelEntry, place: Placement) -> CamNetwork:
    network = JfHealthcare(len(model.outputs))
    fill(network, own_names(tensors), model.name, place)
    return PooledActivation(network).eval()


@dataclass(frozen=True)
class _Family:
    """How a family's network is made of its weights, and how it wants a film; `limits` are words for its card."""

    network: Callable[[Mapping[str, Tensor], ModelEntry, Placement], CamNetwork]
    prepare: Callable[[Tensor], Tensor]
    limits: tuple[str, ...] = ()


_FAMILIES = {
    FAMILY: _Family(_densenet, prepare),
    "torchxrayvision-resnet50": _Family(
        _resnet,
        partial(prepare, size=512),
        ("Its published thresholds lie close to 0.5, so its scores are not on the scale of the DenseNet family's.",),
    ),
    "jfhealthcare-densenet121": _Family(
        _jfhealthcare,
        # torchxrayvision's way of feeding it; in training the histogram was equalised and the film slightly blurred.
        partial(prepare, size=512, reach=2.0),
        ("Trained on films with an equalised histogram; it is fed plain ones here, as torchxrayvision does.",),
    ),
}
FAMILIES = tuple(_FAMILIES)


def open_published(name: str, place: Placement | None = None) -> CamDetector:
    """Load a published classifier that was pulled before.

    Raises:
        CallerError: NOT_FOUND; MISSING_WEIGHTS with what to run or copy; BAD_ARGUMENT for a missing device, or where
            the model is none of these classifiers.
        Fault: WEIGHTS_MISMATCH.
    """
    model = entry(name)
    family = _FAMILIES.get(model.family)
    if family is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{name}' is not a published classifier that can be run here.",
            f"It can be had only so: {model.get}.",
        )
    network = family.network(load_safetensors(model), model, place or placement())
    card = published_card(model)
    return CamDetector(
        network,
        label_slots(model),
        Preparation(centre_square, family.prepare),
        card,
        Source(model=card.name, version=card.version, weights_digest=card.weights_digest),
    )

"""A detector made of a network that ends in average pooling and a linear head: its scores and activation maps.

For such a network the class activation map (Zhou et al. 2016) is exact: its mean over the film, plus the bias, is the
logit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wardround.agents.cxr.detector import GRID, Film, Reading, check_films
from wardround.agents.weights.device import Placement
from wardround.contracts.calibration import Calibration
from wardround.contracts.card import ModelCard
from wardround.contracts.errors import Fault, ProblemCode
from wardround.contracts.evidence import Source

__all__ = ["CamDetector", "CamNetwork", "Preparation", "Window", "fill", "place_maps", "relative_maps"]

_BATCH = 16


@dataclass(frozen=True)
class Window:
    """The part of a film that a network sees, in fractions of the film's height and width."""

    top: float = 0.0
    left: float = 0.0
    height: float = 1.0
    width: float = 1.0


class CamNetwork(Protocol):
    """Feature maps (n, c, h, w) that a linear head averages."""

    classifier: nn.Linear

    def maps(self, x: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Preparation:
    """`window` says which part of a film of (rows, columns) is seen; `tensor` makes (1, 1, s, s) of (1, 1, h, w)."""

    window: Callable[[int, int], Window]
    tensor: Callable[[Tensor], Tensor]


def relative_maps(activation: Tensor) -> Tensor:
    """Activation maps (n, labels, h, w) without their negative part, each divided by its own maximum."""
    positive = activation.clamp_min(0.0)
    return positive / positive.amax(dim=(2, 3), keepdim=True).clamp_min(1e-6)


def place_maps(maps: Tensor, window: Window, grid: int = GRID) -> Tensor:
    """Maps (labels, h, w) of a window put back into the whole film: (labels, grid, grid), zero outside the window."""
    centres = (torch.arange(grid, dtype=torch.float32, device=maps.device) + 0.5) / grid
    rows = (centres - window.top) / window.height
    columns = (centres - window.left) / window.width
    points = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1) * 2.0 - 1.0
    placed = F.grid_sample(maps[None].float(), points[None], padding_mode="border", align_corners=False)[0]
    return placed * (points.abs() <= 1.0).all(dim=-1)


def fill(
    network: nn.Module, tensors: Mapping[str, Tensor], name: str, place: Placement, *, ignore: tuple[str, ...] = ()
) -> None:
    """Load weights by name, and bring the network to its place, ready to predict.

    Only batch counters may be missing, and only names in `ignore` left over.

    Raises:
        Fault: WEIGHTS_MISMATCH, the weights are of another network.
    """
    try:
        missing, unexpected = network.load_state_dict(dict(tensors), strict=False)
    except RuntimeError as error:
        raise Fault(ProblemCode.WEIGHTS_MISMATCH, f"The weights of '{name}' have other shapes than its network.") from (
            error
        )
    wrong = [key for key in missing if not key.endswith("num_batches_tracked")]
    wrong += [key for key in unexpected if key not in ignore]
    if wrong:
        raise Fault(
            ProblemCode.WEIGHTS_MISMATCH,
            f"The weights of '{name}' are of another network: {len(wrong)} names differ, the first is '{wrong[0]}'.",
        )
    network.to(place.device, place.dtype).eval()


class CamDetector:
    """One network as a `Detector`, computing where and in what precision its weights are.

    `slots` maps each label to its place among the network's outputs.
    """

    def __init__(
        self,
        network: CamNetwork,
        slots: Mapping[str, int],
        preparation: Preparation,
        card: ModelCard,
        source: Source,
        calibration: Calibration | None = None,
    ) -> None:
        self.card = card
        self.calibration = calibration
        self.source = source
        self.labels = tuple(slots)
        self.training_prevalence = {name: p for name, p in card.training_prevalence.items() if name in slots}
        self._slots = list(slots.values())
        self._preparation = preparation
        self._network = network

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (n, labels) and relative maps (n, labels, h, w), float32, of prepared films (n, 1, s, s)."""
        head = self._network.classifier
        with torch.inference_mode():
            maps = self._network.maps(batch.to(head.weight)).float()
            weight, bias = head.weight[self._slots].float(), head.bias[self._slots].float()
            activation = torch.einsum("nchw,lc->nlhw", maps, weight)
            return (activation.mean(dim=(2, 3)) + bias).sigmoid(), relative_maps(activation)

    def predict(self, films: Sequence[Film]) -> list[Reading]:
        """See `Detector.predict`. A film's scores do not depend on its batch, to 1e-4."""
        check_films(films)
        out = []
        for first in range(0, len(films), _BATCH):
            chunk = films[first : first + _BATCH]
            with torch.inference_mode():
                # `require`, because torch warns of arrays that may not be written, such as memory-mapped ones.
                tensors = [torch.from_numpy(np.require(film, np.float32, ["C", "W"])) for film in chunk]
                prepared = torch.cat([self._preparation.tensor(film[None, None]) for film in tensors])
                scores, maps = self.forward(prepared)
                for film, score, stack in zip(chunk, scores.cpu(), maps.cpu(), strict=True):
                    whole = place_maps(stack, self._preparation.window(*film.shape))
                    out.append(Reading(score.numpy(), whole.numpy().astype(np.float16)))
        return out

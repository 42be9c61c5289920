"""Outlines of lungs, heart and clavicles on a film, each with how sure the network is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.anatomy.network import CHANNELS, AnatomyNet
from wardround.agents.anatomy.plausible import implausible
from wardround.agents.weights.device import Placement, placement
from wardround.agents.weights.load import load_safetensors
from wardround.agents.weights.registry import entry
from wardround.contracts.anatomy import Structure
from wardround.contracts.card import ModelCard
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Source

__all__ = ["Segmentation", "Segmenter", "bundled_segmenter", "clean", "read_card"]

Masks = NDArray[np.uint8]
_NET_SIZE = 320  # pixels of the square that the network reads; the film is fitted in with its aspect kept
_WORK_SIZE = 512  # longest side of the masks
_LEAST_SIDE = 16
_NEVER = -20.0  # a logit whose score is nothing
_TONES = (0.005, 0.995)  # the film's own grey range, so that a narrow window reads like a wide one


@dataclass(frozen=True)
class Segmentation:
    """Masks over the whole film, and a score for each.

    `masks`: uint8 0 or 1, (5, h, w) in the order of `Structure`, longest side at most 512, the film's own aspect.
    `confidence`: the Dice overlap that the mask would have with the truth if the network's pixel scores were right,
    2 sum(p m) / (sum(p) + sum(m)); 0 where the mask is empty. It is a score in [0, 1], not a calibrated probability.
    `source`: the network that drew them.
    """

    masks: Masks
    confidence: dict[Structure, float]
    source: Source

    def of(self, structure: Structure) -> NDArray[np.bool_]:
        """One structure's mask, (h, w)."""
        return np.asarray(self.masks[CHANNELS.index(structure)], dtype=np.bool_)

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """Why the masks cannot be a chest's, as `plausible.implausible` says; empty where they can."""
        return implausible(self.masks)


def _filled(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask with its holes filled: what the outside, let in round the edges, does not reach."""
    reached, count = ndimage.label(np.pad(~part, 1, constant_values=True))
    return part if count == 1 else np.asarray(reached != reached[0, 0], dtype=np.bool_)[1:-1, 1:-1]


def clean(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a mask (h, w), with its holes filled; an empty mask stays empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return mask
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    parts, count = ndimage.label(mask[box])
    if count > 1:
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        parts = parts == sizes.argmax()
    cleaned = np.zeros_like(mask)
    cleaned[box] = _filled(np.asarray(parts, dtype=np.bool_))
    return cleaned


def _checked(film: NDArray[np.float32]) -> Tensor:
    if film.ndim != 2 or min(film.shape) < _LEAST_SIDE or not np.isfinite(film).all():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The segmenter got an array of shape {film.shape}; it reads one grey film of finite numbers.",
            f"Give a 2-D array in [0, 1] with at least {_LEAST_SIDE} rows and columns, air dark.",
        )
    return torch.from_numpy(np.ascontiguousarray(film, dtype=np.float32))


def _fitted(rows: int, columns: int, longest: int) -> tuple[int, int]:
    scale = longest / max(rows, columns)
    return max(1, round(rows * scale)), max(1, round(columns * scale))


def _letterboxed(film: Tensor, side: int) -> Tensor:
    """(1, side, side): the film in its own grey range, at the top left of a black square."""
    size = _fitted(film.shape[0], film.shape[1], side)
    small = F.interpolate(film[None, None], size=size, mode="bilinear", antialias=True, align_corners=False)[0]
    low, high = torch.quantile(small.flatten(), torch.tensor(_TONES))
    small = ((small - low) / (high - low).clamp_min(1e-3)).clamp(0.0, 1.0)
    return F.pad(small, (0, side - size[1], 0, side - size[0]))


def _outlined(logits: Tensor, rows: int, columns: int, source: Source) -> Segmentation:
    """Masks at the working size from the logits (5, side, side) of a letterboxed film."""
    inner = _fitted(rows, columns, logits.shape[-1])
    size = _fitted(rows, columns, min(_WORK_SIZE, max(rows, columns)))
    logits = logits[:, : inner[0], : inner[1]]
    masks = np.empty((len(CHANNELS), *size), dtype=np.bool_)
    confidence: dict[Structure, float] = {}
    # One by one: a single channel stays in the processor's cache from the first step to the last.
    for structure, channel, mask in zip(CHANNELS, logits, masks, strict=True):
        chance = F.interpolate(channel[None, None], size=size, mode="bilinear", align_corners=False)[0, 0].sigmoid_()
        mask[:] = clean((chance >= 0.5).numpy())
        marked = int(np.count_nonzero(mask))
        overlap, total = float(chance.numpy()[mask].sum()), float(chance.sum()) + marked
        confidence[structure] = min(1.0, 2.0 * overlap / total) if marked else 0.0
    return Segmentation(masks.view(np.uint8), confidence, source)


class Segmenter:
    """A trained network, ready to outline films. The patient's right is taken to be on the image's left.

    `net`: films (n, 1, size, size) in [0, 1] to logits (n, 5, size, size), as `AnatomyNet`.
    """

    def __init__(self, net: nn.Module, card: ModelCard, where: Placement, *, size: int = _NET_SIZE) -> None:
        self.card = card
        self.source = Source(model=card.name, version=card.version, weights_digest=card.weights_digest)
        self._where = where
        self._size = size
        self._net = net.to(device=where.device, dtype=where.dtype).eval()

    def prepared(self, films: Sequence[NDArray[np.float32]]) -> Tensor:
        """Films as the network reads them (n, 1, size, size), each fitted into a square; errors as `predict`."""
        return torch.stack([_letterboxed(_checked(film), self._size) for film in films])

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (n, 5, size, size), float32, of prepared films: the network alone."""
        with torch.inference_mode():
            logits: Tensor = self._net(batch.to(device=self._where.device, dtype=self._where.dtype)).float().cpu()
        return logits

    def predict(self, films: Sequence[NDArray[np.float32]]) -> list[Segmentation]:
        """Outline films, each (rows, columns) in [0, 1] with air dark, of any size and aspect, in one batch.

        Raises:
            CallerError: BAD_ARGUMENT, an array is not a 2-D film of finite numbers at least 16 pixels wide and high.
        """
        if not films:
            return []
        batch = self.prepared(films)
        logits = self.forward(batch)
        # The network learned from films; a blank is far from all of them, and it might outline anything there.
        blank = (batch.amax(dim=(1, 2, 3)) == 0).view(-1, 1, 1, 1)
        logits = logits.masked_fill(blank, _NEVER)
        return [
            _outlined(one, film.shape[0], film.shape[1], self.source) for one, film in zip(logits, films, strict=True)
        ]


def read_card() -> ModelCard:
    """The model card that ships beside the weights."""
    text = files("wardround.agents.anatomy").joinpath("cards/anatomy-jsrt.json").read_text(encoding="utf-8")
    return ModelCard.model_validate_json(text)


def bundled_segmenter(device: str | None = None) -> Segmenter:
    """The segmenter that ships with the package, on the device wanted (see `agents.weights.device.placement`).

    Raises:
        CallerError: MISSING_WEIGHTS, the installation lacks the file; BAD_ARGUMENT, no such device.
        Fault: WEIGHTS_MISMATCH, the file is not the one that was pinned.
    """
    net = AnatomyNet()
    net.load_state_dict(load_safetensors(entry("anatomy-jsrt")))
    return Segmenter(net, read_card(), placement(device))

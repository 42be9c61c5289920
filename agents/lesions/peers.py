"""The networks that the lesion network is compared with, of as many weights: U-Net, attention U-Net, VM-UNet.

The first two are MONAI's (Kerfoot et al. 2019; Oktay et al. 2018), as wide as makes them as large; VM-UNet (Ruan and
Xiang 2024) is our own network without the parts that are S3-Mamba's. They are to be compared with and are not shipped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Literal

import torch
from monai.networks.nets.attentionunet import AttentionUnet
from monai.networks.nets.unet import UNet
from torch import nn

from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions

__all__ = ["PEERS", "Peer", "count", "peer"]

Peer = Literal["unet", "attention-unet", "vm-unet"]

_Make = Callable[[NetworkOptions, int], nn.Module]
_DEEPER = (1, 2, 4, 8, 16)  # times the finest width, with four halvings between
_STRIDES = (2, 2, 2, 2)
_WIDEST = 256  # of what is tried


def _unet(options: NetworkOptions, width: int) -> nn.Module:
    widths = [width * times for times in _DEEPER]
    return UNet(2, options.channels_in, options.classes, widths, _STRIDES, num_res_units=2)


def _attention_unet(options: NetworkOptions, width: int) -> nn.Module:
    widths = [width * times for times in _DEEPER]
    return AttentionUnet(2, options.channels_in, options.classes, widths, _STRIDES)


def _vm_unet(options: NetworkOptions, times: int) -> nn.Module:
    widths = tuple(width * times for width in options.widths)
    return LesionNetwork(options.model_copy(update={"enhanced": False, "tcma": False, "widths": widths}))


_MAKES: Mapping[Peer, _Make] = {"unet": _unet, "attention-unet": _attention_unet, "vm-unet": _vm_unet}
PEERS: tuple[Peer, ...] = tuple(_MAKES)


def count(net: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(weights.numel() for weights in net.parameters())


def _width_like(make: _Make, options: NetworkOptions) -> int:
    """The width, or times a width, with which a network comes nearest to the lesion network's number of weights."""

    def size(width: int) -> int:
        return count(make(options, width))

    with torch.device("meta"):
        wanted = count(LesionNetwork(options))
        enough = bisect_left(range(1, _WIDEST), wanted, key=size) + 1
        return min((max(enough - 1, 1), enough), key=lambda width: abs(size(width) - wanted))


def peer(name: Peer, options: NetworkOptions) -> nn.Module:
    """A network with random weights beside `LesionNetwork(options)`: the same pictures in, the same logits out.

    MONAI's want sides that are multiples of 16. VM-UNet's widths are ours times a whole number, so that its heads stay
    whole.
    """
    make = _MAKES[name]
    return make(options, _width_like(make, options))

"""The U-Net on a ResNet-50 of CXAS (Seibold et al. 2022 and 2023), with the weight names that are published.

It outlines 159 structures, learned from CT scans projected onto a plane. A test holds the outputs equal to those of
torchxrayvision's `chestx_anatomy`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wardround.agents.networks.resnet import residual_stage, stem

__all__ = ["CxasNet", "own_names"]

_STAGES = 5


def _conv(width: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(width, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]


class _Up(nn.Module):
    """A finer map beside a coarser one brought to its size, then two convolutions; `narrow` comes first where given."""

    def __init__(self, fine: int, coarse: int, out: int, narrow: int | None = None) -> None:
        super().__init__()
        self.narrowed = narrow is not None
        if narrow is not None:
            self.conv1 = nn.ModuleDict({"conv": nn.Sequential(*_conv(coarse, narrow))})
        width = fine + (narrow or coarse)
        double = nn.Sequential(*_conv(width, width // 2), *_conv(width // 2, out))
        self.add_module("conv2" if self.narrowed else "conv", nn.ModuleDict({"double_conv": double}))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        if self.narrowed:
            coarse = self.get_submodule("conv1.conv")(coarse)
        coarse = F.interpolate(coarse, fine.shape[-2:], mode="bilinear", align_corners=False)
        double = self.get_submodule("conv2.double_conv" if self.narrowed else "conv.double_conv")
        out: Tensor = double(torch.cat([fine, coarse], dim=1))
        return out


class CxasNet(nn.Module):
    """The network with random weights, for `outputs` structures."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        conv, norm = stem(3)
        first = nn.Sequential(conv, norm, nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        stages: OrderedDict[str, nn.Module] = OrderedDict(layer0=first)
        for number in range(1, _STAGES):
            stages[f"layer{number}"] = residual_stage(number)
        self.backbone = nn.ModuleDict({"backbone": nn.Sequential(stages)})
        self.head = nn.ModuleDict(
            {
                "up1": _Up(1024, 2048, 512, narrow=1024),
                "up2": _Up(512, 512, 256),
                "up3": _Up(256, 256, 64),
                "up4": _Up(64, 64, 128),
                "out": nn.ModuleDict({"conv": nn.Conv2d(128, outputs, 1)}),
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, outputs, h/4, w/4) of pictures (n, 3, h, w), normalised as ImageNet's; sides multiples of 32.

        The original enlarges the 128 feature maps before its last, 1 x 1 convolution; enlarging that convolution's
        outputs instead comes to the same and costs a fraction.
        """
        maps = []
        for number in range(_STAGES):
            x = self.get_submodule(f"backbone.backbone.layer{number}")(x)
            maps.append(x)
        for number, fine in enumerate(reversed(maps[:-1]), start=1):
            x = self.head[f"up{number}"](x, fine)
        out: Tensor = self.get_submodule("head.out.conv")(x)
        return out


def own_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published weights for `CxasNet`: some copies name the encoder one level higher, and carry more beside it."""
    deep = any(name.startswith("backbone.backbone.") for name in tensors)
    renamed = {
        name if deep or not name.startswith("backbone.") else f"backbone.{name}": value
        for name, value in tensors.items()
    }
    return {name: value for name, value in renamed.items() if name.startswith(("backbone.backbone.layer", "head."))}

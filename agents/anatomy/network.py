"""The segmentation network: an EfficientNet-Lite0 encoder and a small U-Net decoder, five sigmoid channels.

U-Net: Ronneberger et al. 2015; the encoder: Tan and Le 2019, in the Lite variant. A plain U-Net of two
million weights took twice the time per step on a CPU, and has no ImageNet start to lean on when 159 films are all there
is. MONAI's networks would do as well, at the price of one more run-time dependency for some forty lines.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.networks.lite0 import SKIP_STAGES, SKIP_WIDTHS, Lite0Encoder
from wardround.contracts.anatomy import Structure

__all__ = ["CHANNELS", "STRIDE", "AnatomyNet"]

CHANNELS: tuple[Structure, ...] = tuple(Structure)
STRIDE = 32
_WIDTHS = (96, 64, 40, 24)


def _merge(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class AnatomyNet(nn.Module):
    """Film in, logits out: (n, 1, h, w) in [0, 1] to (n, 5, h, w); h and w are multiples of `STRIDE`.

    The channels stand in the order of `contracts.anatomy.Structure`. They are independent, since a clavicle crosses a
    lung. Lungs leave the heart out, as the SCR outlines do (van Ginneken et al. 2006).
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Lite0Encoder()
        *skips, deepest = SKIP_WIDTHS
        self.merges = nn.ModuleList()
        for skip, width in zip(reversed(skips), _WIDTHS, strict=True):
            self.merges.append(_merge(deepest + skip, width))
            deepest = width
        self.head = nn.Conv2d(deepest, len(CHANNELS), 1)

    def forward(self, films: Tensor) -> Tensor:
        stages = self.encoder.stages(films * 2.0 - 1.0)
        *skips, x = (stages[index] for index in SKIP_STAGES)
        for merge, skip in zip(self.merges, reversed(skips), strict=True):
            x = merge(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skip], dim=1))
        logits: Tensor = F.interpolate(self.head(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return logits

"""ResNet-50 (He et al. 2016), with the weight names of torchvision: what two published networks are built on."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["FEATURES", "ResNet50", "residual_stage", "stem"]

_BLOCKS = (3, 4, 6, 3)
_EXPANSION = 4
FEATURES = 2048


class _Bottleneck(nn.Module):
    """A residual block; the stride is in the 3 x 3 convolution, as in torchvision."""

    def __init__(self, width: int, inner: int, stride: int) -> None:
        super().__init__()
        out = inner * _EXPANSION
        self.conv1 = nn.Conv2d(width, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or width != out:
            self.downsample = nn.Sequential(nn.Conv2d(width, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


def stem(channels: int) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """The first convolution, for images of so many channels, and its normalisation."""
    return nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64)


def residual_stage(number: int) -> nn.Sequential:
    """One of the four stages, counted from 1; all but the first halve height and width."""
    inner = 64 * 2 ** (number - 1)
    width = 64 if number == 1 else inner * _EXPANSION // 2
    first = _Bottleneck(width, inner, 1 if number == 1 else 2)
    rest = [_Bottleneck(inner * _EXPANSION, inner, 1) for _ in range(_BLOCKS[number - 1] - 1)]
    return nn.Sequential(first, *rest)


class ResNet50(nn.Module):
    """ResNet-50 on one grey channel for `labels` outputs, with random weights; torchvision's `fc` is `classifier`.

    `maps` gives what the linear head averages.
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = stem(1)
        self.layer1, self.layer2, self.layer3, self.layer4 = (residual_stage(number) for number in (1, 2, 3, 4))
        self.classifier = nn.Linear(FEATURES, labels)

    def maps(self, x: Tensor) -> Tensor:
        """Feature maps (n, 2048, h/32, w/32), not negative, of prepared films (n, 1, h, w)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        out: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, labels) of prepared films."""
        out: Tensor = self.classifier(self.maps(x).mean(dim=(2, 3)))
        return out

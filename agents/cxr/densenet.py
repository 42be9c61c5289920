"""DenseNet-121 (Huang et al. 2017) on one grey channel, with the weight names that torchxrayvision publishes.

Built here because importing torchxrayvision takes seconds and silences every warning of the process; a test holds the
outputs equal to `torchxrayvision.models.DenseNet`.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["DenseNet121"]

_BLOCKS = (6, 12, 24, 16)
_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, _BOTTLENECK, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(_BOTTLENECK)
        self.conv2 = nn.Conv2d(_BOTTLENECK, _GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(y)))], dim=1)


def _transition(width: int) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["norm"] = nn.BatchNorm2d(width)
    parts["relu"] = nn.ReLU()
    parts["conv"] = nn.Conv2d(width, width // 2, 1, bias=False)
    parts["pool"] = nn.AvgPool2d(2)
    return nn.Sequential(parts)


class DenseNet121(nn.Module):
    """DenseNet-121 for `labels` outputs, with random weights. `maps` gives what the linear head averages."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        parts["conv0"] = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        parts["norm0"] = nn.BatchNorm2d(64)
        parts["relu0"] = nn.ReLU()
        parts["pool0"] = nn.MaxPool2d(3, stride=2, padding=1)
        width = 64
        for number, layers in enumerate(_BLOCKS, start=1):
            block: OrderedDict[str, nn.Module] = OrderedDict()
            for layer in range(1, layers + 1):
                block[f"denselayer{layer}"] = _Layer(width)
                width += _GROWTH
            parts[f"denseblock{number}"] = nn.Sequential(block)
            if number < len(_BLOCKS):
                parts[f"transition{number}"] = _transition(width)
                width //= 2
        parts["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(parts)
        self.classifier = nn.Linear(width, labels)

    def maps(self, x: Tensor) -> Tensor:
        """Feature maps (n, 1024, h/32, w/32), not negative, of prepared films (n, 1, h, w)."""
        return F.relu(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, labels) of prepared films."""
        out: Tensor = self.classifier(self.maps(x).mean(dim=(2, 3)))
        return out

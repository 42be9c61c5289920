"""JF Healthcare's CheXpert network (Ye et al. 2020), with its weight names: DenseNet-121 and pyramid attention.

The attention is feature pyramid attention (Li et al. 2018), laid on the features once more for each further label.
Each head reads the mean and the greatest value of each channel, through a batch normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wardround.agents.cxr.densenet import DenseNet121

__all__ = ["JfHealthcare", "PooledActivation", "own_names"]

_FEATURES = 1024
_IMAGENET = 1000  # outputs of the backbone's own head, which nothing reads
_UNREAD = ("attention_map.channel_attention.", "attention_map.spatial_attention.")


class _ConvNormRelu(nn.Module):
    def __init__(self, width: int, out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        conv = nn.Conv2d(width, out, kernel, stride, kernel // 2)
        self.conv = nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out


def _resized(x: Tensor, rows: int, columns: int) -> Tensor:
    return F.interpolate(x, size=(rows, columns), mode="bilinear", align_corners=False)


class _PyramidAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.gap_branch = nn.Sequential(nn.AdaptiveAvgPool2d(1), _ConvNormRelu(width, width, 1))
        self.mid_branch = _ConvNormRelu(width, width, 1)
        self.downsample1 = _ConvNormRelu(width, 1, 7, 2)
        self.downsample2 = _ConvNormRelu(1, 1, 5, 2)
        self.downsample3 = _ConvNormRelu(1, 1, 3, 2)
        self.scale1 = _ConvNormRelu(1, 1, 7)
        self.scale2 = _ConvNormRelu(1, 1, 5)
        self.scale3 = _ConvNormRelu(1, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[-2:]
        half = self.downsample1(x)
        quarter = self.downsample2(half)
        eighth = self.scale3(self.downsample3(quarter))
        quarter = self.scale2(quarter) + _resized(eighth, rows // 4, columns // 4)
        half = self.scale1(half) + _resized(quarter, rows // 2, columns // 2)
        out: Tensor = _resized(half, rows, columns) * self.mid_branch(x) + self.gap_branch(x)
        return out


class JfHealthcare(nn.Module):
    """The network with random weights, on one grey channel; `labels` heads of one output each."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.labels = labels
        self.backbone = DenseNet121(_IMAGENET)
        self.attention_map = nn.ModuleDict({"pyramid_attention": _PyramidAttention(_FEATURES)})
        for index in range(labels):
            self.add_module(f"fc_{index}", nn.Conv2d(2 * _FEATURES, 1, 1))
            self.add_module(f"bn_{index}", nn.BatchNorm2d(2 * _FEATURES))

    def attended(self, x: Tensor) -> list[Tensor]:
        """For each label its features (n, 1024, h/32, w/32), of prepared films (n, 1, h, w), sides multiples of 128."""
        features, out = self.backbone.maps(x), []
        for _ in range(self.labels):
            features = self.attention_map["pyramid_attention"](features)
            out.append(features)
        return out

    def head(self, index: int) -> tuple[Tensor, Tensor]:
        """What a label's head computes once trained: weights (2048,) of means, then of maxima, and a constant."""
        norm, conv = self.get_submodule(f"bn_{index}"), self.get_submodule(f"fc_{index}")
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(conv, nn.Conv2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert conv.bias is not None
        weight = conv.weight.flatten()
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        return weight * scale, conv.bias.squeeze() + (weight * (norm.bias - norm.running_mean * scale)).sum()

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, labels) of prepared films."""
        logits = []
        for index, features in enumerate(self.attended(x)):
            weight, constant = self.head(index)
            pooled = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
            logits.append(pooled @ weight + constant)
        return torch.stack(logits, dim=1)


class PooledActivation(nn.Module):
    """The trained network as a `CamNetwork`: its maps are each label's own, and the head only adds the constants.

    The part of a logit that comes of means is spread as any class activation map is; the part that comes of a channel's
    maximum lies in the cell where that maximum is. So a map's mean, plus the constant, is the logit, exactly.
    """

    def __init__(self, network: JfHealthcare) -> None:
        super().__init__()
        self.network = network
        first = network.head(0)[0]
        self.classifier = nn.Linear(network.labels, network.labels).to(first)
        with torch.no_grad():
            self.classifier.weight.copy_(torch.eye(network.labels))
            self.classifier.bias.copy_(torch.stack([network.head(index)[1] for index in range(network.labels)]))

    def maps(self, x: Tensor) -> Tensor:
        """Activation maps (n, labels, h/32, w/32) of prepared films (n, 1, h, w)."""
        out = []
        for index, features in enumerate(self.network.attended(x)):
            of_mean, of_greatest = self.network.head(index)[0].chunk(2)
            flat = features.flatten(2)
            cells = flat.shape[-1]
            peaks = torch.zeros_like(flat).scatter_(2, flat.argmax(dim=2, keepdim=True), flat.amax(2, keepdim=True))
            mixed = torch.einsum("ncs,c->ns", flat, of_mean) + cells * torch.einsum("ncs,c->ns", peaks, of_greatest)
            out.append(mixed.reshape(-1, *features.shape[-2:]))
        return torch.stack(out, dim=1)


def own_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published weights for `JfHealthcare`: without what nothing reads, and the colours summed into one grey.

    The original repeats a grey film three times, so summing the first convolution's weights computes the same.
    """
    kept = {name: value for name, value in tensors.items() if not name.startswith(_UNREAD)}
    first = "backbone.features.conv0.weight"
    if first in kept and kept[first].ndim == 4:
        kept[first] = kept[first].sum(dim=1, keepdim=True)
    return kept

"""The pyramid scene parsing network (Zhao et al. 2017) of ChestX-Det, with the weight names that are published.

Lian et al., IEEE Transactions on Medical Imaging 2021, trained it to outline 14 structures; torchxrayvision publishes
the weights. A test holds the outputs equal to torchxrayvision's. The auxiliary head, of use in training only, is left
out.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["UNREAD", "PspNet"]

UNREAD = ("convbnrelu4_aux.", "aux_cls.")
"""Beginnings of the published names that only training reads."""

_POOLED = (6, 3, 2, 1)  # cells a side
_DEEPEST = 2048
# (blocks, inner width, outer width, stride, dilation) of each residual part: a ResNet-101 that stays at an eighth.
_PARTS = ((3, 64, 256, 1, 1), (4, 128, 512, 2, 1), (23, 256, 1024, 1, 2), (3, 512, _DEEPEST, 1, 4))


class _ConvNorm(nn.Module):
    """Convolution and normalisation, and a ReLU where wanted; `unit` is the name that the published weights give."""

    def __init__(
        self, width: int, out: int, kernel: int, *, stride: int = 1, dilation: int = 1, relu: bool = True
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(width, out, kernel, stride, dilation * (kernel // 2), dilation, bias=False)
        parts: OrderedDict[str, nn.Module] = OrderedDict([("0", conv), ("1", nn.BatchNorm2d(out))])
        if relu:
            parts["2"] = nn.ReLU(inplace=True)
        self.unit = "cbr_unit" if relu else "cb_unit"
        self.add_module(self.unit, nn.Sequential(parts))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.get_submodule(self.unit)(x)
        return out


class _Block(nn.Module):
    def __init__(self, width: int, inner: int, out: int, stride: int, dilation: int, first: bool) -> None:
        super().__init__()
        self.cbr1 = _ConvNorm(width, inner, 1)
        self.cbr2 = _ConvNorm(inner, inner, 3, stride=stride, dilation=dilation)
        self.cb3 = _ConvNorm(inner, out, 1, relu=False)
        self.cb4 = _ConvNorm(width, out, 1, stride=stride, relu=False) if first else None

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.cb3(self.cbr2(self.cbr1(x))) + (x if self.cb4 is None else self.cb4(x)))


def _part(width: int, blocks: int, inner: int, out: int, stride: int, dilation: int) -> nn.ModuleDict:
    layers = [_Block(width, inner, out, stride, dilation, True)]
    layers += [_Block(out, inner, out, 1, dilation, False) for _ in range(blocks - 1)]
    return nn.ModuleDict({"layers": nn.Sequential(*layers)})


class PspNet(nn.Module):
    """The network with random weights, for `outputs` structures."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.convbnrelu1_1 = _ConvNorm(3, 64, 3, stride=2)
        self.convbnrelu1_2 = _ConvNorm(64, 64, 3)
        self.convbnrelu1_3 = _ConvNorm(64, 128, 3)
        width = 128
        for number, (blocks, inner, out, stride, dilation) in enumerate(_PARTS, start=2):
            self.add_module(f"res_block{number}", _part(width, blocks, inner, out, stride, dilation))
            width = out
        paths = [_ConvNorm(_DEEPEST, _DEEPEST // len(_POOLED), 1) for _ in _POOLED]
        self.pyramid_pooling = nn.ModuleDict({"path_module_list": nn.ModuleList(paths)})
        self.cbr_final = _ConvNorm(2 * _DEEPEST, 512, 3)
        self.classification = nn.Conv2d(512, outputs, 1)

    def _pooled(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[-2:]
        stack = [x]
        paths = self.pyramid_pooling["path_module_list"]
        assert isinstance(paths, nn.ModuleList)
        for path, cells in zip(paths, _POOLED, strict=True):
            small = path(F.avg_pool2d(x, (rows // cells, columns // cells)))
            stack.append(F.interpolate(small, (rows, columns), mode="bilinear", align_corners=False))
        return torch.cat(stack, dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, outputs, h/8, w/8) of pictures (n, 3, h, w), normalised as ImageNet's; 48 pixels at least."""
        x = self.convbnrelu1_3(self.convbnrelu1_2(self.convbnrelu1_1(x)))
        x = F.max_pool2d(x, 3, 2, 1)
        for number in range(2, 2 + len(_PARTS)):
            x = self.get_submodule(f"res_block{number}.layers")(x)
        out: Tensor = self.classification(self.cbr_final(self._pooled(x)))
        return out

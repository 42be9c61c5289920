"""EfficientNet-Lite0 on one grey channel, with and without a head: what the bundled networks are built on.

Built here rather than taken from timm, whose import costs over two seconds on top of torch's; the names of the weights
are timm's `tf_efficientnet_lite0`, and a test holds the outputs equal.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["SKIP_STAGES", "SKIP_WIDTHS", "WIDTHS", "Lite0", "Lite0Encoder", "lite0_stages"]

_WIDTH = 1280  # of the head

# (repeats, kernel, stride, expansion, channels) per stage: Tan and Le 2019, table 1; Lite leaves out squeeze-and-
# excitation, uses ReLU6, and keeps stem and head at their width (TPU repository, efficientnet/lite).
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


WIDTHS = tuple(stage[4] for stage in _STAGES)  # channels that each stage gives


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _SameConv(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding, which with a stride of two is not symmetric."""

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, across = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in input.shape[-2:])
        padded = F.pad(input, (across // 2, across - across // 2, down // 2, down - down // 2))
        return F.conv2d(padded, self.weight, None, self.stride, 0, 1, self.groups)


class _Separable(nn.Module):
    """Depthwise, then pointwise: the first stage's block."""

    def __init__(self, width: int, kernel: int, out: int) -> None:
        super().__init__()
        self.conv_dw = _SameConv(width, width, kernel, groups=width, bias=False)
        self.bn1 = _norm(width)
        self.conv_pw = nn.Conv2d(width, out, 1, bias=False)
        self.bn2 = _norm(out)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.bn1(self.conv_dw(x)))
        out: Tensor = self.bn2(self.conv_pw(x))
        return out


class _Inverted(nn.Module):
    """The inverted residual block of MobileNetV2 (Sandler et al. 2018), dropped at random in training."""

    def __init__(self, width: int, kernel: int, stride: int, expansion: int, out: int, drop: float) -> None:
        super().__init__()
        wide = width * expansion
        self.conv_pw = nn.Conv2d(width, wide, 1, bias=False)
        self.bn1 = _norm(wide)
        self.conv_dw = _SameConv(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self.bn2 = _norm(wide)
        self.conv_pwl = nn.Conv2d(wide, out, 1, bias=False)
        self.bn3 = _norm(out)
        self.skip = stride == 1 and width == out
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.relu6(self.bn1(self.conv_pw(x)))
        y = F.relu6(self.bn2(self.conv_dw(y)))
        y = self.bn3(self.conv_pwl(y))
        if not self.skip:
            return y
        if self.training and self.drop:
            kept = torch.rand(x.shape[0], 1, 1, 1, device=x.device, dtype=x.dtype) >= self.drop
            y = y * kept / (1.0 - self.drop)
        return x + y


# The last stage at each scale, 1/2 to 1/32, and its channels: where a decoder's skip connections start.
SKIP_STAGES = (0, 1, 2, 4, 6)
SKIP_WIDTHS = tuple(WIDTHS[index] for index in SKIP_STAGES)


def lite0_stages(first: int, last: int, drop_path: float = 0.0) -> nn.Sequential:
    """Stages `first` to `last` - 1 of the seven, with random weights, named by their place in the whole network.

    `drop_path` is the share of residual blocks dropped in training, rising with depth.
    """
    total = sum(stage[0] for stage in _STAGES)
    width, blocks = 32, 0
    wanted: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (repeats, kernel, stride, expansion, out) in enumerate(_STAGES):
        if first <= number < last:
            stage = nn.Sequential()
            for index in range(repeats):
                if expansion == 1:
                    stage.append(_Separable(width, kernel, out))
                else:
                    share = drop_path * (blocks + index) / total
                    stage.append(_Inverted(width, kernel, stride if index == 0 else 1, expansion, out, share))
                width = out
            wanted[str(number)] = stage
        width, blocks = out, blocks + repeats
    return nn.Sequential(wanted)


class Lite0Encoder(nn.Module):
    """Stem and the first `count` of seven stages, with random weights; `drop_path` as in `lite0_stages`."""

    def __init__(self, drop_path: float = 0.0, count: int = len(_STAGES)) -> None:
        super().__init__()
        self.conv_stem = _SameConv(1, 32, 3, stride=2, bias=False)
        self.bn1 = _norm(32)
        self.blocks = lite0_stages(0, count, drop_path)

    def stages(self, x: Tensor, fixed_stages: int = 0) -> list[Tensor]:
        """What each of the seven stages gives, of images (n, 1, h, w): 1/2 to 1/32 of their height and width.

        The stem and the first `fixed_stages` stages are kept out of the gradient's graph, unless that is 0.
        """
        outputs: list[Tensor] = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and not fixed_stages):
            x = F.relu6(self.bn1(self.conv_stem(x)))
            for stage in self.blocks[:fixed_stages]:
                x = stage(x)
                outputs.append(x)
        for stage in self.blocks[fixed_stages:]:
            x = stage(x)
            outputs.append(x)
        return outputs


class Lite0(Lite0Encoder):
    """EfficientNet-Lite0 for `labels` outputs, with random weights. `maps` gives what the linear head averages."""

    def __init__(self, labels: int, drop: float = 0.0, drop_path: float = 0.0) -> None:
        super().__init__(drop_path)
        self.conv_head = nn.Conv2d(SKIP_WIDTHS[-1], _WIDTH, 1, bias=False)
        self.bn2 = _norm(_WIDTH)
        self.dropout = nn.Dropout(drop)
        self.classifier = nn.Linear(_WIDTH, labels)

    def maps(self, x: Tensor, fixed_stages: int = 0) -> Tensor:
        """Feature maps (n, 1280, h/32, w/32), not negative, of prepared films (n, 1, h, w)."""
        return F.relu6(self.bn2(self.conv_head(self.stages(x, fixed_stages)[-1])))

    def forward(self, x: Tensor, fixed_stages: int = 0) -> Tensor:
        """Logits (n, labels) of prepared films."""
        out: Tensor = self.classifier(self.dropout(self.maps(x, fixed_stages).mean(dim=(2, 3))))
        return out

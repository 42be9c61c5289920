"""The lesion network: an encoder and a decoder of visual state space blocks, with attention on the skips.

The shape is VM-UNet's (Ruan and Xiang 2024); EnVSS and TCMA are our re-implementation of S3-Mamba's (Wang et al. 2025)
from its published description. Unlike VM-UNet, whose skips are the stages' inputs, a skip here is what a stage gives,
so that the finest one, which sees the smallest lesions, is used as well. Maps are (B, H, W, C), channels last.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wardround.agents.lesions.enhanced import EnVSSBlock
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.tcma import TCMA, edges
from wardround.agents.lesions.vss import VSSBlock

__all__ = ["LesionNetwork"]

# Of pictures in [0, 1]. A norm over channels takes no constant away: uncentred, the grey that all pixels share drowned
# what tells them apart. After 300 steps .09 of the lesions of 24 planted films were found at two false alarms a film
# without this, and .42 with it (one seed).
_MIDDLE, _SPREAD = 0.5, 0.125


class _Stem(nn.Module):
    """Pictures (B, channels, H, W) to tokens (B, H/p, W/p, C) of p × p pixels."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, patch, stride=patch)
        self.norm = nn.LayerNorm(width)

    def forward(self, pictures: Tensor) -> Tensor:
        tokens: Tensor = self.norm(self.conv(pictures).permute(0, 2, 3, 1))
        return tokens


class _Merge(nn.Module):
    """Four neighbouring tokens to one: (B, H, W, C) to (B, H/2, W/2, out)."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, out, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        squares = torch.unflatten(torch.unflatten(x, 1, (-1, 2)), 3, (-1, 2))  # (B, H/2, 2, W/2, 2, C)
        merged: Tensor = self.reduce(self.norm(squares.permute(0, 1, 3, 2, 4, 5).flatten(3)))
        return merged


class _Expand(nn.Module):
    """One token to `times` × `times`: (B, H, W, C) to (B, times · H, times · W, out)."""

    def __init__(self, width: int, out: int, times: int = 2) -> None:
        super().__init__()
        self.times = times
        self.widen = nn.Linear(width, times * times * out, bias=False)
        self.norm = nn.LayerNorm(out)

    def forward(self, x: Tensor) -> Tensor:
        squares = torch.unflatten(self.widen(x), 3, (self.times, self.times, -1))  # (B, H, W, t, t, out)
        expanded: Tensor = self.norm(squares.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 2))
        return expanded


def _rising(last: float, count: int) -> list[float]:
    """From nought to `last` in even steps."""
    return [last * step / max(count - 1, 1) for step in range(count)]


def _stages(
    widths: tuple[int, ...], depths: tuple[int, ...], drops: list[float], options: NetworkOptions
) -> nn.ModuleList:
    """A row of blocks for each stage; `drops` has a chance for every block in the order in which they are passed."""
    block = EnVSSBlock if options.enhanced else VSSBlock
    chances = iter(drops)
    return nn.ModuleList(
        nn.Sequential(*(block(width, options, next(chances)) for _ in range(depth)))
        for width, depth in zip(widths, depths, strict=True)
    )


class LesionNetwork(nn.Module):
    """Pictures in, logits out: (B, channels_in, H, W) to (B, classes, H, W).

    Sides that are no multiple of `options.stride` are padded with their last row and column, and the logits cut back.
    Classes are independent: a place may belong to several.
    """

    def __init__(self, options: NetworkOptions) -> None:
        super().__init__()
        self.options = options
        widths, coarse_first = options.widths, options.widths[::-1]
        down = _rising(options.drop_path, sum(options.encoder))
        up = _rising(options.drop_path, sum(options.decoder))[::-1]
        self.stem = _Stem(options.channels_in, widths[0], options.patch)
        self.encoder = _stages(widths, options.encoder, down, options)
        self.merges = nn.ModuleList(map(_Merge, widths[:-1], widths[1:]))
        self.decoder = _stages(coarse_first, options.decoder, up, options)
        self.expands = nn.ModuleList(map(_Expand, coarse_first[:-1], coarse_first[1:]))
        self.skips = nn.ModuleList(TCMA(width, widths[0]) for width in coarse_first[1:] if options.tcma)
        fine = max(widths[0] // options.patch, 1)
        self.last = _Expand(widths[0], fine, options.patch)
        self.head = nn.Conv2d(fine, options.classes, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        stride = self.options.stride
        centred = (pictures - _MIDDLE) / _SPREAD
        padded = F.pad(centred, (0, -width % stride, 0, -height % stride), mode="replicate")
        stem = x = self.stem(padded)  # (B, H/p, W/p, C0)
        kept: list[Tensor] = []
        for number, stage in enumerate(self.encoder):
            x = stage(x)  # (B, h, w, C)
            if number < len(self.merges):
                kept.append(x)
                x = self.merges[number](x)  # (B, h/2, w/2, next C)
        x = self.decoder[0](x)
        for expand, stage, skip in zip(self.expands, self.decoder[1:], self._enriched(kept, stem, padded), strict=True):
            x = stage(expand(x) + skip)  # (B, 2h, 2w, C/2)
        logits: Tensor = self.head(self.last(x).permute(0, 3, 1, 2))  # (B, classes, H, W)
        return logits[..., :height, :width]

    def _enriched(self, kept: list[Tensor], stem: Tensor, pictures: Tensor) -> list[Tensor]:
        """The skips from coarse to fine, each (B, h, w, C), as the decoder takes them."""
        coarse_first = kept[::-1]
        if not self.options.tcma:
            return coarse_first
        slopes = edges(pictures)
        return [tcma(skip, stem, slopes) for tcma, skip in zip(self.skips, coarse_first, strict=True)]

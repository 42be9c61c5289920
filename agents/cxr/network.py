"""The bundled detector's network: one shared trunk, and members that pool its features over anatomical regions.

The trunk is EfficientNet-Lite0's stem and first three stages, kept as ImageNet left them. A member is the next three
stages, fine-tuned on its own folds of patients, whose features and, of the first two, squared features are averaged
within each of ten regions of the film (six lung zones, heart, mediastinum, rest, whole) and read by one linear layer.
A mean of squares tells how uneven a region is, which its mean does not. So the logit is a sum over places, and the
activation map is exact: what each place added to it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wardround.agents.cxr.regions import REGIONS
from wardround.agents.networks.lite0 import WIDTHS, Lite0Encoder, lite0_stages

__all__ = [
    "CHANNELS",
    "FEATURES",
    "FIRST",
    "LAST",
    "SIZE",
    "STRIDE",
    "Member",
    "RegionNet",
    "pooling_weights",
    "prepare",
]

SIZE = 320
STRIDE = 16  # pixels of the film per cell of the feature maps
FIRST, LAST = 3, 6  # the stages that a member has of its own
_SQUARED = 2  # stages whose squares are read, too
CHANNELS = sum(WIDTHS[FIRST:LAST]) + sum(WIDTHS[FIRST : FIRST + _SQUARED])
FEATURES = REGIONS * CHANNELS
_LEAST_CELLS = 0.5  # a region smaller than half a cell counts for less, one that is not there for nothing


def prepare(films: Tensor, size: int = SIZE) -> Tensor:
    """A batch of films (n, 1, h, w), any size, stretched to `size` squared, with mean 0 and deviation 0.5 each.

    So a film's brightness and contrast, which differ between makers, do not reach the network. A blank film gives
    zeros.
    """
    if tuple(films.shape[-2:]) != (size, size):
        films = F.interpolate(films, (size, size), mode="bilinear", antialias=True, align_corners=False)
    centred = films - films.mean(dim=(2, 3), keepdim=True)
    return centred * (0.5 / centred.pow(2).mean(dim=(2, 3), keepdim=True).sqrt().clamp_min(1e-3))


def pooling_weights(regions: Tensor, side: int) -> Tensor:
    """Regions (n, 10, h, w) in [0, 1] to weights (n, 10, side * side): each region's sum to one."""
    if tuple(regions.shape[-2:]) != (side, side):
        regions = F.interpolate(regions, (side, side), mode="area")
    flat = regions.flatten(2)
    return flat / flat.sum(dim=2, keepdim=True).clamp_min(_LEAST_CELLS)


class Member(nn.Module):
    """Stages 3 to 5, and the linear layer over their regional means, each told by how far it is from the usual mean.

    `usual` (10 * 576) is each feature's mean over the training films. A region that was not found counts as usual.
    """

    usual: Tensor

    def __init__(self, labels: int, drop_path: float = 0.0) -> None:
        super().__init__()
        self.blocks = lite0_stages(FIRST, LAST, drop_path)
        self.head = nn.Linear(FEATURES, labels)
        self.register_buffer("usual", torch.zeros(FEATURES))

    def maps(self, trunk: Tensor) -> Tensor:
        """Feature maps (n, 576, h, w) of the trunk's output: the stages' side by side, then the squares of two.

        The last stage's is half as fine, and is enlarged.
        """
        out = []
        for stage in self.blocks:
            trunk = stage(trunk)
            out.append(trunk)
        side = out[0].shape[-1]
        out += [maps.square() for maps in out[:_SQUARED]]
        return torch.cat(
            [
                maps.repeat_interleave(side // maps.shape[-1], 2).repeat_interleave(side // maps.shape[-1], 3)
                for maps in out
            ],
            dim=1,
        )

    def pooled(self, trunk: Tensor, weights: Tensor) -> Tensor:
        """Regional means less the usual ones (n, 10 * 576): of each region, all channels."""
        return self.pooled_maps(self.maps(trunk), weights)

    def pooled_maps(self, maps: Tensor, weights: Tensor) -> Tensor:
        """As `pooled`, of the member's own feature maps (n, 576, h, w)."""
        means = torch.einsum("nrp,ncp->nrc", weights, maps.flatten(2))
        return (means - self.usual.view(REGIONS, -1) * weights.sum(dim=2, keepdim=True)).flatten(1)

    def forward(self, trunk: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, labels), and what each place added to them (n, labels, h, w), the bias apart."""
        maps = self.maps(trunk)
        per_region = self.head.weight.view(-1, REGIONS, maps.shape[1])
        usual = torch.einsum("lrc,rc->lr", per_region, self.usual.view(REGIONS, -1))
        said = torch.einsum("lrc,nchw->nlrhw", per_region, maps) - usual[None, :, :, None, None]
        places = (said * weights.view(weights.shape[0], 1, REGIONS, *maps.shape[-2:])).sum(dim=2)
        return places.sum(dim=(2, 3)) + self.head.bias, places


class RegionNet(nn.Module):
    """Trunk and members. Names of the trunk's weights are those of `Lite0Encoder`.

    `usual_regions` (10, 20, 20) is where the regions lie on the training films, for films that cannot be outlined.
    """

    usual_regions: Tensor

    def __init__(self, labels: int, members: int) -> None:
        super().__init__()
        self.register_buffer("usual_regions", torch.zeros(REGIONS, SIZE // STRIDE, SIZE // STRIDE))
        self.trunk = Lite0Encoder(count=FIRST)
        self.members = nn.ModuleList(Member(labels) for _ in range(members))

    def forward(self, films: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, members, labels) and contributions (n, members, labels, h, w) of prepared films (n, 1, s, s)."""
        shared = self.trunk.stages(films)[-1]
        weights = pooling_weights(regions, films.shape[-1] // STRIDE)
        heard = [member(shared, weights) for member in self.members]
        return torch.stack([logits for logits, _ in heard], dim=1), torch.stack([maps for _, maps in heard], dim=1)

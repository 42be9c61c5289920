"""Region detectors without training for tests: one answers to brightness alone, one has random weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from wardround.agents.anatomy.segmenter import bundled_segmenter
from wardround.agents.cxr.bundled import RegionDetector
from wardround.agents.cxr.detector import Film
from wardround.agents.cxr.network import SIZE, STRIDE, Member, RegionNet
from wardround.agents.cxr.regions import REGIONS
from wardround.contracts.card import ModelCard

__all__ = ["LABELS", "averaging_network", "members_of", "random_network", "region_detector", "spot", "whole_film"]

LABELS = ("Effusion", "Nodule")


def members_of(network: RegionNet) -> list[Member]:
    """The network's members, by their type."""
    return [cast(Member, member) for member in network.members]


def whole_film() -> Tensor:
    """Regions (10, 20, 20) of which there is but the last, the whole film."""
    regions = torch.zeros(REGIONS, SIZE // STRIDE, SIZE // STRIDE)
    regions[-1] = 1.0
    return regions


def averaging_network(
    heads: Sequence[Sequence[float]], usual_regions: Tensor | None = None, members: int = 1
) -> RegionNet:
    """A network whose every feature is how much brighter than the film a place is, smoothed; never negative.

    Its convolutions average; its stem damps, so that nothing saturates. `heads` (labels, 10): what a label makes of
    each region. Films without a plausible chest have `usual_regions`, else the whole film is the only one.
    """
    network = RegionNet(len(heads), members)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.fill_(1.0 / module.weight[0].numel())
        network.trunk.conv_stem.weight.mul_(0.01)
        network.usual_regions.copy_(whole_film() if usual_regions is None else usual_regions)
        for member in members_of(network):
            channels = member.head.in_features // REGIONS
            member.head.weight.copy_(torch.tensor(heads).repeat_interleave(channels, dim=1))
            member.head.bias.zero_()
    return network.eval()


def random_network(seed: int, usual_regions: Tensor | None = None, members: int = 2) -> RegionNet:
    """A network of random weights for `LABELS` whose signals keep their size; its usual means are zero."""
    torch.manual_seed(seed)
    network = RegionNet(len(LABELS), members)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        network.usual_regions.copy_(whole_film() if usual_regions is None else usual_regions)
    return network.eval()


def region_detector(network: RegionNet, seen: frozenset[str] = frozenset()) -> RegionDetector:
    """The network as a detector of the first of `LABELS`, which looks through the bundled segmenter."""
    card = ModelCard(
        name="by regions",
        version="1",
        task="detect",
        licence="none",
        training_data="simulated",
        intended_use="tests",
        calibration="none",
    )
    labels = LABELS[: members_of(network)[0].head.out_features]
    return RegionDetector(network, labels, bundled_segmenter("cpu"), card, seen=seen)


def spot(row: float, column: float, size: float = 0.25, shape: tuple[int, int] = (300, 360)) -> Film:
    """A dark film with one bright square around a place; place and size in fractions of the film."""
    rows, columns = (np.arange(shape[0]) + 0.5) / shape[0], (np.arange(shape[1]) + 0.5) / shape[1]
    inside = (abs(rows[:, None] - row) < size / 2) & (abs(columns[None] - column) < size / 2)
    return np.where(inside, 0.9, 0.2).astype(np.float32)

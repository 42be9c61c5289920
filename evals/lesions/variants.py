"""The networks that are compared: ours, ours less one part each, and peers of as many weights, all trained alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.peers import PEERS, Peer, peer
from wardround.agents.lesions.training_options import TrainingOptions

__all__ = ["ABLATED", "OURS", "VARIANTS", "Variant"]

OURS = "full"
_Make = Callable[[NetworkOptions], nn.Module]


@dataclass(frozen=True)
class Variant:
    """A network of random weights for given options, and whether its crops are weighed by the curriculum."""

    make: _Make
    curriculum: bool

    def network(self, options: NetworkOptions, seed: int) -> nn.Module:
        """Of its seed's own weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.make(options)

    def training(self, options: TrainingOptions, seed: int) -> TrainingOptions:
        """The same budget for all: what differs is the seed, and the curriculum where it is not."""
        return options.model_copy(update={"seed": seed, "curriculum": self.curriculum})


def _ours(changes: Mapping[str, bool], options: NetworkOptions) -> nn.Module:
    return LesionNetwork(options.model_copy(update=dict(changes)))


def _peer(name: Peer, options: NetworkOptions) -> nn.Module:
    return peer(name, options)


_LESS = {
    "without EnCF": Variant(partial(_ours, {"enhanced": False}), True),
    "without TCMA": Variant(partial(_ours, {"tcma": False}), True),
    "without curriculum": Variant(partial(_ours, {}), False),
}
ABLATED = tuple(_LESS)
"""Ours less one part each."""

VARIANTS: dict[str, Variant] = {
    OURS: Variant(partial(_ours, {}), True),
    **_LESS,
    **{name: Variant(partial(_peer, name), False) for name in PEERS},
}

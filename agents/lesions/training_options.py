"""Everything that can be chosen about the training of a lesion network, in one frozen word that goes onto its card."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word

__all__ = ["TrainingOptions"]


class TrainingOptions(Word):
    """`steps` batches of `batch` crops of `crop` pixels a side, of which `lesion_share` hold a lesion for sure.

    They are turned by up to `turn_degrees` either way.

    The rate rises to `rate` over the first `warm_up` of the steps and falls by half a cosine to 0. The weights that are
    kept are a running mean of the learned ones, of which each step replaces 1 - `averaging`. `curriculum` weighs crops
    from easy and large to hard and small, by the rank of their loss as much as `loss_share` says; without it all count
    alike. `overlap` is the weight of the soft Dice beside the cross entropy, in which a lesion's pixel
    counts as `positive` others, so scores run high and are no probabilities. `device` as in
    `agents.weights.device.placement`.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    batch: Annotated[int, Field(ge=1, le=1024)] = 8
    crop: Annotated[int, Field(ge=32, le=4096)] = 128
    lesion_share: Unit = 0.6
    turn_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = 180.0
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0.0, le=10.0)] = 1e-2
    warm_up: Unit = 0.05
    averaging: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.995
    overlap: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    positive: Annotated[float, Field(ge=1.0, le=1000.0)] = 20.0
    curriculum: bool = True
    loss_share: Unit = 0.5
    device: str | None = None

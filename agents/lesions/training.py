"""Trains a lesion network on crops, step by step, so that a run that was stopped goes on as if it had not been."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wardround.agents.lesions.checkpoint import Checkpoints
from wardround.agents.lesions.curriculum import difficulty, lean, weights
from wardround.agents.lesions.data.patches import PatchSampler, Variation
from wardround.agents.lesions.data.samples import Sample
from wardround.agents.lesions.losses import crop_losses, weighed
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.agents.weights.device import placement

__all__ = ["Progress", "Tick", "train"]

_CLIP = 1.0  # of a gradient's length
_STEP = 7919  # so far apart that no two draws share a seed


@dataclass(frozen=True)
class Progress:
    """After `step` of `steps`: the batch's mean loss, before any weighing."""

    step: int
    steps: int
    loss: float


Tick = Callable[[Progress], None]


def rate_at(step: int, options: TrainingOptions) -> float:
    """The learning rate of a step, counted from 0."""
    rising = max(1, round(options.warm_up * options.steps))
    if step < rising:
        return options.rate * (step + 1) / rising
    return options.rate * 0.5 * (1.0 + math.cos(math.pi * (step - rising) / max(1, options.steps - rising)))


def train(
    network: nn.Module,
    samples: Sequence[Sample],
    options: TrainingOptions,
    checkpoints: Checkpoints | None = None,
    tick: Tick | None = None,
) -> nn.Module:
    """The network with the running mean of its weights, in evaluation mode; `network` itself is learned on.

    On a CUDA device products are in half precision, scaled; on the CPU all is in single.

    Args:
        network: pictures (n, 1, H, W) to logits (n, 1, H, W).
        samples: of which crops are drawn; keep them in a tuple where memory allows.
        checkpoints: where the state is kept every so many steps, and read from at the start.

    Raises:
        CallerError: BAD_ARGUMENT, no sample, a state of another training, or no such device.
    """
    place = placement(options.device)
    variation = Variation(turn_degrees=options.turn_degrees)
    sampler = PatchSampler(samples, options.crop, options.lesion_share, options.seed, variation)
    network = network.to(place.device)
    kept = copy.deepcopy(network).eval()
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=options.weight_decay)
    half = place.device.type == "cuda"
    scaler = torch.amp.GradScaler(place.device.type, enabled=half)
    first = checkpoints.read(network, kept, optimiser) if checkpoints is not None else 0
    with torch.random.fork_rng(devices=[place.device] if half else []):
        for step in range(first, options.steps):
            torch.manual_seed(options.seed + _STEP * (step + 1))
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, options)
            batch = sampler.batch(step, options.batch)
            images = torch.from_numpy(batch.images).to(place.device)
            masks = torch.from_numpy(batch.masks).to(place.device)
            network.train()
            with torch.autocast(place.device.type, dtype=place.dtype, enabled=half):
                logits = network(images)
            losses = crop_losses(logits.float(), masks, options.overlap, options.positive)
            hard = _weights(losses, batch.areas, step / options.steps, options)
            optimiser.zero_grad(set_to_none=True)
            scaler.scale(weighed(losses, hard)).backward()  # type: ignore[no-untyped-call]
            scaler.unscale_(optimiser)
            nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
            scaler.step(optimiser)
            scaler.update()
            _average(kept, network, min(options.averaging, (step + 1.0) / (step + 10.0)))
            if checkpoints is not None:
                checkpoints.write(step + 1, network, kept, optimiser)
            if tick is not None:
                tick(Progress(step + 1, options.steps, float(losses.detach().mean())))
    return kept


def _weights(losses: Tensor, areas: object, progress: float, options: TrainingOptions) -> Tensor:
    """How much each crop counts (n,)."""
    if not options.curriculum:
        return torch.ones_like(losses)
    hard = difficulty(losses.detach().double().cpu().numpy(), areas, options.loss_share)  # type: ignore[arg-type]
    return torch.as_tensor(weights(hard, lean(progress)), dtype=losses.dtype, device=losses.device)


@torch.no_grad()
def _average(kept: nn.Module, network: nn.Module, share: float) -> None:
    """Moves the kept weights towards the learned ones; what counts, such as a batch norm's, is taken over."""
    for old, new in zip(kept.state_dict().values(), network.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1.0 - share)
        else:
            old.copy_(new)

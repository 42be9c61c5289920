"""Trains one member of the detector: first its linear layer on ImageNet's features, then both together, gently.

Fitting the layer first keeps the first steps from spoiling the features (Kumar et al. 2022, linear probing then
fine-tuning). Normalisation stays ImageNet's throughout: batches of sixteen films are too few to estimate it. The loss
is plain binary cross-entropy, so that scores stay near the prevalence, with the layer's weights held small; the weights
kept are an exponential moving average. What ships is the midpoint of the weights before and after fine-tuning, which
does better than either (Wortsman et al. 2022, WiSE-FT).
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wardround.agents.cxr.network import FIRST, LAST, Member
from wardround.agents.cxr.recipe.variants import Variants
from wardround.agents.networks.imagenet import imagenet_start

__all__ = ["KINDS", "Plan", "midpoint", "predict_member", "train_member"]

KINDS = ("shipped", "tuned", "fitted")
"""A member halfway between fine-tuned and not, fine-tuned, and with its layer fitted alone."""

_BATCH = 16
_AVERAGE = 0.985
_WARM_STEPS = 20
_DROP, _DROP_PATH = 0.2, 0.1


@dataclass(frozen=True)
class Plan:
    """How a member is trained. `ridge` weighs the squared weights of the linear layer, per label."""

    epochs: int = 3
    body_rate: float = 3e-4
    head_rate: float = 3e-4
    ridge: float = 0.3
    mixup: float = 0.0
    seed: int = 0


class _Scaled(nn.Module):
    """A member whose linear layer sees features of unit spread, as fitting it wants."""

    spread: Tensor

    def __init__(self, member: Member) -> None:
        super().__init__()
        self.member = member
        self.register_buffer("spread", torch.ones(member.head.in_features))

    def features(self, trunk: Tensor, weights: Tensor) -> Tensor:
        return self.member.pooled(trunk, weights) / self.spread

    def folded(self) -> Member:
        """The plain member that computes the same."""
        plain = copy.deepcopy(self.member)
        with torch.no_grad():
            plain.head.weight.div_(self.spread)
        return plain.eval()


def _start(labels: int) -> Member:
    member = Member(labels, drop_path=_DROP_PATH)
    stages = {name: value for name, value in imagenet_start().items() if name.startswith(_own_stages())}
    member.load_state_dict(member.state_dict() | stages)
    return member.to(memory_format=torch.channels_last)


def _own_stages() -> tuple[str, ...]:
    return tuple(f"blocks.{stage}." for stage in range(FIRST, LAST))


def _all_features(model: _Scaled, variants: Variants, films: NDArray[np.integer]) -> Tensor:
    with torch.no_grad():
        chunks = [films[first : first + 32] for first in range(0, len(films), 32)]
        return torch.cat([model.features(*variants.batch(0, chunk)) for chunk in chunks])


def _loss(logits: Tensor, targets: Tensor, head: nn.Linear, plan: Plan) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, targets) + plan.ridge * head.weight.square().mean(0).sum()


def _fit_head(model: _Scaled, variants: Variants, films: NDArray[np.integer], targets: Tensor, plan: Plan) -> None:
    """Set the usual means and spreads, and the linear layer's optimum, on the films as they are."""
    model.eval()
    head = model.member.head
    means = _all_features(model, variants, films)
    usual, spread = means.mean(dim=0), means.std(dim=0) + 1e-4
    model.member.usual.copy_(usual)
    model.spread.copy_(spread)
    features = _all_features(model, variants, films)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(targets.mean(dim=0).clamp(1e-3, 1 - 1e-3).logit())
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _loss(head(features), targets, head, plan)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]


def _train_mode(model: nn.Module) -> None:
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _follow(average: nn.Module, model: nn.Module, step: int) -> None:
    keep = min(_AVERAGE, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1.0 - keep)


def train_member(
    variants: Variants, films: NDArray[np.integer], targets: Tensor, plan: Plan, tell: str = ""
) -> tuple[Member, Member]:
    """A member trained on some `films` (rows of the variants), and the one it started from: only its layer fitted.

    `targets`: (all films, labels) float32 of 0 and 1.
    """
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    model = _Scaled(_start(targets.shape[1]))
    _fit_head(model, variants, films, targets[films], plan)
    fitted = model.folded()
    average = copy.deepcopy(model).eval()
    head = model.member.head
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.member.blocks.parameters()), "lr": 0.0, "top": plan.body_rate},
            {"params": list(head.parameters()), "lr": 0.0, "top": plan.head_rate},
        ],
        weight_decay=0.0,
    )
    steps, step, began = plan.epochs * (len(films) // _BATCH), 0, time.monotonic()
    for epoch in range(plan.epochs):
        _train_mode(model)
        losses = []
        order = random.permutation(films)
        for first in range(0, len(order) // _BATCH * _BATCH, _BATCH):
            chosen = np.sort(order[first : first + _BATCH])
            share = min(1.0, (step + 1) / _WARM_STEPS) * max(0.01, 0.5 * (1 + math.cos(math.pi * step / steps)))
            for group in optimizer.param_groups:
                group["lr"] = group["top"] * share
            features = model.features(*variants.batch(int(random.integers(len(variants))), chosen))
            y = targets[chosen]
            if plan.mixup:
                mix = float(random.beta(plan.mixup, plan.mixup))
                other = torch.from_numpy(random.permutation(len(chosen)))
                features, y = mix * features + (1 - mix) * features[other], mix * y + (1 - mix) * y[other]
            loss = _loss(head(F.dropout(features, _DROP)), y, head, plan)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            _follow(average, model, step)
            losses.append(float(loss.detach()))
            step += 1
        print(f"{tell}epoch {epoch + 1} loss {np.mean(losses):.4f} at {time.monotonic() - began:.0f} s", flush=True)
    return average.folded(), fitted


def midpoint(fitted: Member, tuned: Member) -> Member:
    """The member whose weights lie halfway between those before and after fine-tuning."""
    start = fitted.state_dict()
    mixed = copy.deepcopy(tuned)
    mixed.load_state_dict(
        {
            name: torch.lerp(start[name], value, 0.5) if value.dtype.is_floating_point else value
            for name, value in tuned.state_dict().items()
        }
    )
    return mixed.eval()


def predict_member(member: Member, variants: Variants, films: NDArray[np.integer]) -> NDArray[np.float64]:
    """Logits (films, labels) of some films as they are."""
    out = []
    with torch.inference_mode():
        for first in range(0, len(films), 32):
            trunk, weights = variants.batch(0, films[first : first + 32])
            out.append(member.head(member.pooled(trunk, weights)))
    logits: NDArray[np.float64] = torch.cat(out).double().numpy()
    return logits

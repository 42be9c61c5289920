"""The training of the members: epochs of batches, stopped where their inner folds say so together."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wardround.agents.survival.learning.checkpoint import Checkpoints, State
from wardround.agents.survival.learning.collate import Batch, select
from wardround.agents.survival.learning.encoders import Pathways
from wardround.agents.survival.learning.head import WeibullMixture
from wardround.agents.survival.learning.losses import Outcome, cox_loss, total_loss
from wardround.agents.survival.learning.network import SurvivalNetwork
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.scaling import Scaling, Shape

__all__ = ["Lesson", "Progress", "Split", "Tick", "train_members"]

_CLIP = 5.0  # of a gradient's length
_MEMBER, _EPOCH = 1_000_003, 7919  # far enough apart that no two draws share a seed
_HEAD_PACE = 10.0  # the head has a dozen numbers, and starts far off


@dataclass(frozen=True)
class Progress:
    """After an `epoch` of at most `epochs`: the members' held-out Cox loss per event."""

    epoch: int
    epochs: int
    loss: float


Tick = Callable[[Progress], None]


@dataclass(frozen=True)
class Split:
    """Places of the patients that a member learns from, and of those that it is held against."""

    rest: Tensor
    held: Tensor


@dataclass(frozen=True)
class Lesson:
    """All that a member is trained with, apart from which patients it may learn from."""

    batch: Batch
    outcome: Outcome
    scaling: Scaling
    shape: Shape
    options: SurvivalOptions
    pathways: Pathways
    head: WeibullMixture
    seed: int


class _Member(nn.Module):
    def __init__(self, lesson: Lesson) -> None:
        super().__init__()
        self.network = SurvivalNetwork(lesson.shape, lesson.options, lesson.pathways)
        self.head = copy.deepcopy(lesson.head)


def _optimiser(members: list[_Member], options: SurvivalOptions) -> torch.optim.Optimizer:
    spaces = [one for member in members for one in member.network.space.parameters()]
    curved = {id(one) for one in spaces}
    plain = [one for member in members for one in member.network.parameters() if id(one) not in curved]
    heads = [one for member in members for one in member.head.parameters()]
    groups = [
        {"params": plain, "lr": options.rate, "weight_decay": options.weight_decay},
        {"params": spaces, "lr": options.rate, "weight_decay": 0.0},
        {"params": heads, "lr": _HEAD_PACE * options.rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]])


def _batches(rest: Tensor, size: int) -> tuple[Tensor, ...]:
    """The patients in random order, in batches of about `size`, none of which is left small."""
    count = max(1, round(len(rest) / size))
    return torch.tensor_split(rest[torch.randperm(len(rest), device=rest.device)], count)


class _Class:
    """The members of a lesson, trained side by side."""

    def __init__(self, lesson: Lesson, splits: Sequence[Split]) -> None:
        self.lesson = lesson
        self.splits = splits
        device = splits[0].rest.device
        self.members = []
        for number in range(len(splits)):
            torch.manual_seed(lesson.seed + _MEMBER * number)
            self.members.append(_Member(lesson).to(device))
        self.all = nn.ModuleList(self.members)
        self.optimiser = _optimiser(self.members, lesson.options)
        self._held = [(select(lesson.batch, split.held), lesson.outcome.at(split.held)) for split in splits]

    def epoch(self, number: int) -> None:
        """One pass of each member over its patients, drawn from a seed of this epoch's own."""
        lesson, options = self.lesson, self.lesson.options
        for place, (member, split) in enumerate(zip(self.members, self.splits, strict=True)):
            torch.manual_seed(lesson.seed + _MEMBER * place + _EPOCH * number)
            member.train()
            for index in _batches(split.rest, options.batch):
                out = member.network(select(lesson.batch, index), lesson.scaling, nodes=options.hierarchy)
                loss = total_loss(out, lesson.outcome.at(index), member.network.space, member.head, options)
                # The other members' gradients are none, and the optimiser passes them by.
                self.optimiser.zero_grad(set_to_none=True)
                torch.autograd.backward(loss)
                nn.utils.clip_grad_norm_(member.parameters(), _CLIP)
                self.optimiser.step()

    def held_out_loss(self) -> float:
        """Cox's loss per event over all folds, each predicted by the member that left it out."""
        total, events = 0.0, 0
        for member, (batch, outcome) in zip(self.members, self._held, strict=True):
            member.eval()
            with torch.no_grad():
                risk = member.network(batch, self.lesson.scaling).risk
            happened = int(outcome.events.sum())
            total += happened * float(cox_loss(risk, outcome.times, outcome.events, self.lesson.options.ties))
            events += happened
        return total / max(events, 1)


def train_members(
    lesson: Lesson, splits: Sequence[Split], checkpoints: Checkpoints, tick: Tick | None = None
) -> list[SurvivalNetwork]:
    """A network for each split, all with the weights of the epoch that is best over all folds; untrained is epoch 0.

    They stop together: a fold of a small cohort has a handful of events, and what they choose is chosen by chance.
    """
    options, device = lesson.options, splits[0].rest.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        room = _Class(lesson, splits)
        state = checkpoints.read(room.all, room.optimiser)
        if state is None:
            state = State(0, room.held_out_loss(), 0, copy.deepcopy(room.all.state_dict()))
        while state.epoch < options.epochs and state.epoch - state.best_epoch < options.patience:
            state.epoch += 1
            room.epoch(state.epoch)
            loss = room.held_out_loss()
            if loss < state.best:
                state.best, state.best_epoch = loss, state.epoch
                state.weights = copy.deepcopy(room.all.state_dict())
            checkpoints.write(state, room.all, room.optimiser)
            if tick is not None:
                tick(Progress(state.epoch, options.epochs, loss))
        room.all.load_state_dict(state.weights)
    return [member.network.eval() for member in room.members]

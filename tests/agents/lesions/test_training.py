"""A lesion network learns from planted lesions, goes on where it was stopped, and reads films of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from wardround.agents.lesions.checkpoint import Checkpoints
from wardround.agents.lesions.data.synthetic import small_lesions
from wardround.agents.lesions.losses import crop_losses, weighed
from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.reading import read_film
from wardround.agents.lesions.training import Progress, rate_at, train
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.contracts.errors import CallerError, ProblemCode

SMALL = NetworkOptions(widths=(8, 16), encoder=(1, 1), decoder=(1, 1), head=8, states=4, drop_path=0.0)
QUICK = TrainingOptions(steps=6, batch=2, crop=32, rate=3e-3)
FILMS = small_lesions(4, size=128, seed=3)


def _fresh() -> LesionNetwork:
    torch.manual_seed(0)
    return LesionNetwork(SMALL)


def _weights(network: nn.Module) -> list[torch.Tensor]:
    return list(network.state_dict().values())


class _Middle(nn.Module):
    """Calls what is bright, so that the right answer is known at every pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(40.0))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.scale * (pictures - 0.5)


@pytest.mark.parametrize("curriculum", [True, False])
def test_the_same_seed_gives_the_same_weights_and_the_loss_falls(curriculum: bool) -> None:
    options = QUICK.model_copy(update={"steps": 25, "curriculum": curriculum, "averaging": 0.8})
    told: list[Progress] = []
    first, second = (train(_fresh(), FILMS, options, tick=told.append) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(_weights(first), _weights(second), strict=True))
    losses = [one.loss for one in told[:25]]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) and told[24].step == told[24].steps == 25
    assert not first.training


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(_fresh(), FILMS, QUICK)

    def stop(at: Progress) -> None:
        if at.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(_fresh(), FILMS, QUICK, Checkpoints(tmp_path, "run", every=2), stop)
    steps: list[int] = []
    again = train(_fresh(), FILMS, QUICK, Checkpoints(tmp_path, "run", every=2), tick=lambda at: steps.append(at.step))
    assert steps == [5, 6]
    assert all(torch.equal(one, other) for one, other in zip(_weights(whole), _weights(again), strict=True))
    with pytest.raises(CallerError, match="of a training on other data") as refused:
        train(_fresh(), FILMS, QUICK, Checkpoints(tmp_path, "another"))
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    (tmp_path / "training.safetensors").write_bytes(b"junk")
    with pytest.raises(CallerError, match="cannot be read"):
        train(_fresh(), FILMS, QUICK, Checkpoints(tmp_path, "run"))


def test_the_rate_rises_and_falls_to_nothing() -> None:
    options = TrainingOptions(steps=100, rate=1.0, warm_up=0.1)
    rates = [rate_at(step, options) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1.0) and rates.index(max(rates)) in (9, 10)
    assert rates[-1] < 0.01 and rates[10:] == sorted(rates[10:], reverse=True)


def test_a_crop_s_loss_is_small_where_it_is_right_and_weights_move_the_mean() -> None:
    masks = torch.zeros(2, 1, 8, 8)
    masks[0, 0, 2:4, 2:4] = 1.0
    right, wrong = 20.0 * (masks - 0.5), -20.0 * (masks - 0.5)
    assert crop_losses(right, masks, 1.0, 20.0).max() < 1e-2 < crop_losses(wrong, masks, 1.0, 20.0).min()
    losses = torch.tensor([1.0, 3.0])
    assert float(weighed(losses, torch.tensor([2.0, 0.0]))) == 1.0
    assert float(weighed(losses, torch.ones(2))) == 2.0


@pytest.mark.parametrize("shape", [(64, 64), (50, 70), (200, 130), (20, 40)])
def test_a_film_of_any_size_is_read_to_its_own_size_and_alike_from_every_side(shape: tuple[int, int]) -> None:
    film = np.random.default_rng(0).uniform(size=shape).astype(np.float32)
    done: list[int] = []
    read = read_film(_Middle(), film, window=64, views=4, tick=lambda: done.append(1))
    assert read.probability.shape == read.spread.shape == shape and len(done) == 4
    np.testing.assert_allclose(read.probability, 1.0 / (1.0 + np.exp(-40.0 * (film - 0.5))), atol=1e-4)
    assert read.spread.max() < 1e-4
    assert read_film(_Middle(), film, window=64).spread.max() == 0.0

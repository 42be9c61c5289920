"""The losses are what they are said to be: ties as lifelines has them, ranks by hand, spreads that censoring widens."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from wardround.agents.survival.learning.ball import Ball, Flat
from wardround.agents.survival.learning.censoring import earliness, expected_log_likelihood, gone, spread_loss
from wardround.agents.survival.learning.encoders import Edges
from wardround.agents.survival.learning.hierarchy import entailment_loss, in_order, order_loss
from wardround.agents.survival.learning.losses import cox_loss
from wardround.agents.survival.learning.network import Cones
from wardround.agents.survival.learning.ordinal import certain_gaps, ordinal_loss
from wardround.agents.survival.learning.ridge import RiskSets, cox_ridge


def _tied(count: int = 60) -> tuple[Tensor, Tensor, Tensor]:
    random = np.random.default_rng(3)
    x = random.normal(size=count)
    times = np.ceil(random.exponential(size=count) * 8 * np.exp(-0.7 * x))
    events = random.random(count) < 0.7
    return torch.as_tensor(x), torch.as_tensor(times), torch.as_tensor(events)


def _lifelines_likelihood(x: Tensor, times: Tensor, events: Tensor) -> tuple[float, float]:
    """lifelines' coefficient and log partial likelihood (Efron) of one covariate."""
    lifelines = pytest.importorskip("lifelines")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": x.numpy(), "time": times.numpy(), "event": events.numpy()})
    fitted = lifelines.CoxPHFitter().fit(frame, "time", "event")
    return float(fitted.params_["x"]), float(fitted.log_likelihood_)


def test_efron_s_likelihood_with_ties_is_lifelines() -> None:
    x, times, events = _tied()
    slope, likelihood = _lifelines_likelihood(x, times, events)
    ours = -float(cox_loss(slope * x, times, events, "efron")) * int(events.sum())
    assert ours == pytest.approx(likelihood, abs=1e-3)


def test_without_ties_breslow_and_efron_are_lifelines_both() -> None:
    x, times, events = _tied()
    apart = times + torch.linspace(0.0, 0.5, len(times), dtype=torch.float64)
    slope, likelihood = _lifelines_likelihood(x, apart, events)
    for ties in ("efron", "breslow"):
        ours = -float(cox_loss(slope * x, apart, events, ties)) * int(events.sum())
        assert ours == pytest.approx(likelihood, abs=1e-3)


def test_breslow_s_likelihood_with_ties_by_hand() -> None:
    risk, times = torch.tensor([0.5, -0.2, 0.1, 0.0]), torch.tensor([1.0, 1.0, 2.0, 3.0])
    events = torch.tensor([True, True, False, True])
    hazards = np.exp(risk.numpy().astype(float))
    by_hand = 0.5 - 0.2 - 2 * math.log(hazards.sum()) + 0.0 - math.log(hazards[3])
    assert float(cox_loss(risk, times, events, "breslow")) == pytest.approx(-by_hand / 3, abs=1e-5)
    sets = RiskSets(times.double().numpy(), events.numpy())
    assert sets.log_likelihood(risk.double().numpy()) == pytest.approx(by_hand, abs=1e-6)


def test_an_unpenalised_ridge_is_cox_s_regression() -> None:
    x, times, events = _tied()
    apart = times + torch.linspace(0.0, 0.5, len(times), dtype=torch.float64)
    slope, _ = _lifelines_likelihood(x, apart, events)
    found = cox_ridge(x.numpy()[:, None], RiskSets(apart.numpy(), events.numpy()), np.array([1e-9]))
    assert found.coefficients[0] == pytest.approx(slope, abs=1e-4)


def test_a_batch_without_an_event_teaches_nothing() -> None:
    risk = torch.randn(5, requires_grad=True)
    loss = cox_loss(risk, torch.rand(5) + 0.1, torch.zeros(5, dtype=torch.bool))
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0.0 and risk.grad is not None and float(risk.grad.abs().sum()) == 0.0


def test_only_what_is_certain_under_censoring_is_ranked() -> None:
    places = torch.tensor([0.1, 0.3, 0.5, 0.9])
    events = torch.tensor([True, False, True, False])
    gaps, positive = certain_gaps(places, events)
    # From the first, who died: the censored second lived at least 0.2 further, the last at least 0.8.
    assert gaps[0].tolist() == pytest.approx([-1.0, 0.2, 0.4, 0.8])
    # From the third: the second was censored before, so nothing is known of how far off it is.
    assert gaps[2].tolist() == pytest.approx([0.4, -1.0, -1.0, 0.4])
    assert bool((gaps[events.logical_not()] == -1.0).all())
    assert positive.nonzero().tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("space", [Ball(1.0), Flat()], ids=["ball", "flat"])
def test_points_in_the_order_of_their_times_cost_less_than_shuffled_ones(space: Ball | Flat) -> None:
    angles = torch.linspace(0.0, 3.0, 10)
    points = space.exp0(torch.stack([angles.cos(), angles.sin()], dim=1))
    places, events = torch.linspace(0.05, 0.95, 10), torch.ones(10, dtype=torch.bool)
    shuffled = points[torch.randperm(10, generator=torch.Generator().manual_seed(0))]
    ordered, disordered = (float(ordinal_loss(space, p, places, events, 0.5).detach()) for p in (points, shuffled))
    assert ordered < 0.8 * disordered


def test_ranking_alone_brings_angles_into_the_order_of_times() -> None:
    space, generator = Ball(1.0), torch.Generator().manual_seed(0)
    tangents = torch.randn(24, 3, generator=generator).requires_grad_()
    places = torch.linspace(0.0, 1.0, 24)
    events = torch.arange(24) % 3 != 1
    optimiser = torch.optim.Adam([tangents], lr=0.05)
    for _ in range(200):
        optimiser.zero_grad()
        torch.autograd.backward(ordinal_loss(space, space.exp0(tangents), places, events, 0.5))
        optimiser.step()
    points = space.exp0(tangents.detach()).detach()
    gaps = (places[events][:, None] - places[events][None, :]).abs().flatten()
    angles = space.angle(points[events][:, None], points[events][None, :]).flatten()
    ranks = torch.stack([gaps.argsort().argsort().double(), angles.argsort().argsort().double()])
    assert float(torch.corrcoef(ranks)[0, 1]) > 0.6


def test_a_cohort_without_two_events_has_no_ranks() -> None:
    points = torch.randn(4, 2, requires_grad=True)
    loss = ordinal_loss(Flat(), points, torch.rand(4), torch.tensor([True, False, False, False]), 0.5)
    torch.autograd.backward(loss)
    assert points.grad is not None and bool(points.grad.isfinite().all())


def test_who_is_censored_early_counts_as_early_by_the_censoring_distribution() -> None:
    times, events = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([False, True, False, True, False])
    assert earliness(times, events).tolist() == pytest.approx([0.8, 0.0, 0.8 * 2 / 3, 0.0, 0.0])
    assert gone(times, events).tolist() == pytest.approx([0.0, 0.25, 0.25, 0.625, 0.625])
    lifelines = pytest.importorskip("lifelines")
    curve = lifelines.KaplanMeierFitter().fit(times, events)
    assert gone(times, events).tolist() == pytest.approx((1.0 - curve.predict(times).to_numpy()).tolist())


def _best_spread(lived: float, event: bool, early: float) -> float:
    """The spread that the two terms of CUC settle on for one patient, at a log hazard of 0."""
    raw = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([raw], lr=0.05)
    for _ in range(400):
        optimiser.zero_grad()
        spread = torch.exp(raw)
        said = expected_log_likelihood(
            torch.zeros(1), spread, torch.zeros(1), torch.full((1,), lived), torch.tensor([event])
        )
        torch.autograd.backward((spread_loss(spread, torch.full((1,), early)) - said).sum())
        optimiser.step()
    return float(torch.exp(raw.detach()))


def test_a_spread_is_wider_the_earlier_a_patient_was_censored() -> None:
    early, late, event = _best_spread(0.05, False, 0.9), _best_spread(0.8, False, 0.2), _best_spread(0.8, True, 0.0)
    assert early > late > event
    # 1/s² = 1/w² + exp(m + s²/2) H(t), as the module says.
    assert 1 / early**2 == pytest.approx(1 / 1.9**2 + math.exp(early**2 / 2) * 0.05, rel=0.01)


def test_a_censored_patient_asks_for_less_hazard_and_names_no_time() -> None:
    mean = torch.zeros(1, requires_grad=True)
    said = expected_log_likelihood(
        mean, torch.zeros(1), torch.full((1,), 5.0), torch.full((1,), 0.7), torch.tensor([False])
    )
    torch.autograd.backward(said.sum())
    assert float(said.detach()) == pytest.approx(-0.7)
    assert mean.grad is not None and float(mean.grad) == pytest.approx(-0.7)


@pytest.mark.parametrize("space", [Ball(1.0), Flat()], ids=["ball", "flat"])
def test_a_parent_must_lie_nearer_the_origin_by_the_margin(space: Ball | Flat) -> None:
    near, far = torch.tensor([[0.1, 0.0]]), torch.tensor([[0.0, 0.8]])
    assert float(order_loss(space, [Edges(near, far)], 0.1).detach()) == 0.0
    assert float(order_loss(space, [Edges(far, near)], 0.1).detach()) == pytest.approx(2 * 0.7 + 0.1, abs=1e-4)
    assert in_order(space, [Edges(near, far), Edges(far, near)]) == 0.5


def test_a_child_outside_its_parent_s_cone_costs_the_angle_that_it_is_outside() -> None:
    space = Ball(1.0)
    parent = space.exp0(torch.tensor([[0.8, 0.0]]))
    inside, outside = space.exp0(torch.tensor([[1.6, 0.0]])), space.exp0(torch.tensor([[-0.8, 0.0]]))
    assert float(entailment_loss(space, [Cones(parent, inside)], 0.1).detach()) == 0.0
    cost = float(entailment_loss(space, [Cones(parent, outside)], 0.1).detach())
    assert cost == pytest.approx(math.pi - float(space.aperture(parent, 0.1).detach()), abs=2e-3)

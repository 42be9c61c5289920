"""The geometry is right: maps are each other's inverse, distances are the closed forms, and the rim is no trouble."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from wardround.agents.survival.learning.ball import Ball, Flat, Space

CURVATURES = [0.25, 1.0, 2.5]


def _tangents(count: int, longest: float, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    directions = torch.nn.functional.normalize(torch.randn(count, 6, generator=generator, dtype=torch.float64), dim=1)
    lengths = torch.linspace(1e-4, longest, count, dtype=torch.float64)[:, None]
    return (directions * lengths).to(dtype)


@pytest.mark.parametrize("curvature", CURVATURES)
def test_maps_to_the_ball_and_back_are_inverse_to_1e_5_in_single_precision(curvature: float) -> None:
    ball = Ball(curvature)
    tangents = _tangents(500, 2.9 / math.sqrt(curvature))
    with torch.no_grad():
        there = ball.exp0(tangents)
        back = ball.log0(there)
        again = ball.exp0(back)
    length = torch.linalg.vector_norm(tangents, dim=1, keepdim=True)
    assert float(((back - tangents) / length.clamp_min(1.0)).abs().max()) < 1e-5
    assert float((again - there).abs().max()) < 1e-5


@pytest.mark.parametrize("curvature", CURVATURES)
def test_distances_are_the_closed_form_and_geoopt_s(curvature: float) -> None:
    ball = Ball(curvature).double()
    points = ball.exp0(_tangents(60, 2.5, torch.float64))
    one, other = points[:30], points[30:]
    c = float(ball.curvature.detach())
    gap = (1 - c * (one**2).sum(1)) * (1 - c * (other**2).sum(1))
    closed = torch.acosh(1 + 2 * c * ((one - other) ** 2).sum(1) / gap) / math.sqrt(c)
    assert torch.allclose(ball.distance(one, other), closed, atol=1e-9)
    assert torch.allclose(ball.distance(one, other), ball.manifold.dist(one, other), atol=1e-7)
    radius = torch.linalg.vector_norm(one, dim=1)
    assert torch.allclose(ball.norm(one), 2 / math.sqrt(c) * torch.atanh(math.sqrt(c) * radius), atol=1e-9)


def test_the_ball_tends_to_the_flat_twin_as_its_curvature_goes() -> None:
    ball, flat = Ball(1e-6).double(), Flat()
    parents, children = _tangents(40, 1.0, torch.float64)[:20], _tangents(40, 1.0, torch.float64)[20:]
    for measured in ("distance", "exterior", "angle"):
        curved = getattr(ball, measured)(ball.exp0(parents), ball.exp0(children))
        assert torch.allclose(curved, getattr(flat, measured)(parents, children), atol=1e-4)


def test_near_the_rim_single_precision_stays_finite_and_near_double() -> None:
    tangents = _tangents(200, 1e4)
    ball, exact = Ball(1.0), Ball(1.0).double()
    points, wide = ball.exp0(tangents), exact.exp0(tangents.double())
    assert bool((torch.linalg.vector_norm(points, dim=1) < 1.0).all())
    near = ball.distance(points[:100], points[100:])
    assert torch.allclose(near.double(), exact.distance(wide[:100], wide[100:]), rtol=1e-3)
    loss = near.sum() + ball.exterior(points[:100], points[100:]).sum() + ball.aperture(points, 0.1).sum()
    start = tangents.clone().requires_grad_()
    moved = ball.exp0(start)
    loss = ball.distance(moved[:100], moved[100:]).sum() + ball.exterior(moved[:100], moved[100:]).sum()
    torch.autograd.backward(loss)
    assert start.grad is not None and bool(start.grad.isfinite().all())


@pytest.mark.parametrize("space", [Ball(1.3).double(), Flat()], ids=["ball", "flat"])
def test_gradients_are_those_of_finite_differences(space: Space) -> None:
    tangents = _tangents(8, 1.2, torch.float64).requires_grad_()
    weights = torch.rand(2, 4, dtype=torch.float64) + 0.1

    def all_of_it(given: Tensor) -> tuple[Tensor, ...]:
        points = space.exp0(given)
        one, other = points[:4], points[4:]
        middle = space.midpoint(points.reshape(2, 4, 6), weights)
        return (
            space.log0(points),
            space.distance(one, other),
            space.angle(one, other),
            space.exterior(one, other),
            space.aperture(points, 0.001),
            middle,
        )

    assert torch.autograd.gradcheck(all_of_it, (tangents,))


def test_a_point_straight_on_outwards_lies_in_the_cone_and_one_behind_does_not() -> None:
    ball = Ball(1.0)
    outwards = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    parents, children = ball.exp0(0.4 * outwards), ball.exp0(torch.tensor([[1.2, 0.0], [-0.5, 0.2]]))
    inside = ball.exterior(parents, children) <= ball.aperture(parents, 0.1)
    assert inside.tolist() == [True, False]
    assert float(ball.aperture(ball.exp0(torch.tensor([1e-3, 0.0])), 0.1).detach()) == pytest.approx(
        math.pi / 2, abs=0.01
    )


def test_the_aperture_is_meru_s_in_lorentz_coordinates_and_cones_nest() -> None:
    ball = Ball(0.7).double()
    points = ball.exp0(_tangents(20, 1.5, torch.float64)[5:])
    c = float(ball.curvature.detach())
    lorentz = 2 * torch.linalg.vector_norm(points, dim=1) / (1 - c * (points**2).sum(1))
    meru = torch.asin((2 * 0.1 / (math.sqrt(c) * lorentz)).clamp_max(1.0))
    assert torch.allclose(ball.aperture(points, 0.1), meru, atol=1e-5)
    apertures = ball.aperture(ball.exp0(torch.tensor([[0.3, 0.0], [0.8, 0.0], [1.5, 0.0]], dtype=torch.float64)), 0.1)
    assert bool((apertures.diff() < 0).all())


@pytest.mark.parametrize("space", [Ball(1.0), Flat()], ids=["ball", "flat"])
def test_a_midpoint_is_of_what_has_weight_alone(space: Space) -> None:
    points = space.exp0(torch.tensor([[[0.5, 0.1], [-0.3, 0.4], [0.2, -0.9]]]))
    alone = space.midpoint(points, torch.tensor([[0.0, 1.0, 0.0]]))
    assert torch.allclose(alone, points[:, 1], atol=1e-5)
    both = space.midpoint(points, torch.tensor([[1.0, 1.0, 0.0]]))
    assert torch.allclose(space.distance(both, points[:, 0]), space.distance(both, points[:, 1]), atol=1e-4)
    assert torch.allclose(space.midpoint(points, torch.zeros(1, 3)), torch.zeros(1, 2), atol=1e-6)


def test_curvature_is_learned() -> None:
    ball = Ball(1.0)
    points = ball.exp0(torch.tensor([[0.5, 0.0], [0.0, 0.5]]))
    torch.autograd.backward(ball.distance(points[0], points[1]))
    (raw,) = ball.parameters()
    assert raw.grad is not None and float(raw.grad.abs()) > 0
    assert float(ball.curvature.detach()) == pytest.approx(1.0, abs=1e-5)

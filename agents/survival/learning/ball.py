"""The Poincaré ball on geoopt, and its flat twin: maps at the origin, distances, angles, cones and midpoints.

Our formulation of where HySurvPred's embeddings live. The ball has curvature -c with c learnable; its metric at the
origin is four times the flat one, so a tangent vector of length r comes to lie 2r from the origin, in the flat twin as
well: the losses mean the same in both, and an ablation changes the geometry alone.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

with warnings.catch_warnings():
    # geoopt compiles its formulas by a call that torch means to retire.
    warnings.filterwarnings("ignore", message=".*torch.jit", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*torch.jit", category=DeprecationWarning)
    import geoopt

__all__ = ["Ball", "Flat", "Space"]

_REACH = 3.0  # tanh(3) = 0.995: as near the rim as single precision still tells points apart, inside geoopt's own bound
_COSINE = 1.0 - 1e-6
_TINY = 1e-12


def _length(x: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(x, dim=-1)
    return length


def _angle_of(cosine: Tensor) -> Tensor:
    return torch.acos(cosine.clamp(-_COSINE, _COSINE))


class Space(nn.Module):
    """What both geometries offer. Points and tangent vectors are (..., d); angles are in radians, 0 to pi."""

    def exp0(self, tangent: Tensor) -> Tensor:
        """The point that a tangent vector at the origin leads to."""
        raise NotImplementedError

    def log0(self, point: Tensor) -> Tensor:
        """The reverse of `exp0`."""
        raise NotImplementedError

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        """Geodesic distances (...)."""
        raise NotImplementedError

    def norm(self, point: Tensor) -> Tensor:
        """Geodesic distances from the origin (...)."""
        return self.distance(torch.zeros_like(point), point)

    def angle(self, one: Tensor, other: Tensor) -> Tensor:
        """The angle (...) between two points as seen from the origin; the ball's is the flat one, being conformal."""
        cosine = (one * other).sum(dim=-1) / (_length(one) * _length(other)).clamp_min(_TINY)
        return _angle_of(cosine)

    def exterior(self, parent: Tensor, child: Tensor) -> Tensor:
        """The angle (...) at the parent between the way outwards, on from the origin, and the geodesic to the child."""
        raise NotImplementedError

    def aperture(self, parent: Tensor, cone: float) -> Tensor:
        """Half the opening (...) of the entailment cone at a parent; a right angle near the origin."""
        raise NotImplementedError

    def midpoint(self, points: Tensor, weights: Tensor) -> Tensor:
        """The weighted midpoint (..., d) of points (..., k, d) with weights (..., k) >= 0; the origin if all are 0."""
        raise NotImplementedError


class Ball(Space):
    """The Poincaré ball of curvature -c, where c > 0 is learned.

    Distances use 2 asinh(sqrt(c) |x - y| / sqrt((1 - c|x|²)(1 - c|y|²))) / sqrt(c), equal to the usual arcosh form, but
    without its cancellation near 0 and without the Möbius form's near the rim. Tangent vectors longer than 3 / sqrt(c)
    are cut to that length first (Guo et al., CVPR 2022): beyond, single precision cannot map back.
    """

    def __init__(self, curvature: float = 1.0) -> None:
        super().__init__()
        self.manifold = geoopt.PoincareBall(c=torch.tensor(float(curvature)), learnable=True)

    @property
    def curvature(self) -> Tensor:
        """c, a scalar > 0."""
        c: Tensor = self.manifold.c
        return c

    def exp0(self, tangent: Tensor) -> Tensor:
        longest = _REACH / self.curvature.sqrt()
        shrunk = tangent * (longest / _length(tangent).clamp_min(_TINY)).clamp_max(1.0)[..., None]
        point: Tensor = self.manifold.expmap0(shrunk)
        return point

    def log0(self, point: Tensor) -> Tensor:
        tangent: Tensor = self.manifold.logmap0(point)
        return tangent

    def _gap(self, point: Tensor) -> Tensor:
        return (1.0 - self.curvature * (point * point).sum(dim=-1)).clamp_min(1e-6)

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        root = self.curvature.sqrt()
        return 2.0 / root * torch.asinh(root * _length(one - other) / (self._gap(one) * self._gap(other)).sqrt())

    def exterior(self, parent: Tensor, child: Tensor) -> Tensor:
        """Ganea et al. (ICML 2018), eq. 28, at curvature -c."""
        c = self.curvature
        inner = (parent * child).sum(dim=-1)
        pp, qq = (parent * parent).sum(dim=-1), (child * child).sum(dim=-1)
        above = inner * (1.0 + c * pp) - pp * (1.0 + c * qq)
        turned = (1.0 + c * c * pp * qq - 2.0 * c * inner).clamp_min(_TINY).sqrt()
        below = _length(parent) * _length(parent - child) * turned
        return _angle_of(above / below.clamp_min(_TINY))

    def aperture(self, parent: Tensor, cone: float) -> Tensor:
        """arcsin(2K / (sqrt(c) |p|)) of MERU (Desai et al., ICML 2023), where |p| is the Lorentz model's.

        In the ball's own coordinates that is arcsin(K (1 - c|p|²) / (sqrt(c) |p|)), Ganea's cone: only with it does
        what lies in a cone have its own cone in it. The ball's |p| in MERU's formula would not nest.
        """
        root = self.curvature.sqrt()
        return torch.asin((cone * self._gap(parent) / (root * _length(parent)).clamp_min(_TINY)).clamp_max(_COSINE))

    def midpoint(self, points: Tensor, weights: Tensor) -> Tensor:
        """The gyromidpoint, which is the Einstein midpoint in the ball's coordinates."""
        point: Tensor = self.manifold.weighted_midpoint(points, weights=weights, reducedim=[-2])
        return point


class Flat(Space):
    """The flat twin: the ball's limit as c goes to 0, on the same scale; its cones are those of c = 1 near it."""

    def exp0(self, tangent: Tensor) -> Tensor:
        return tangent

    def log0(self, point: Tensor) -> Tensor:
        return point

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        return 2.0 * _length(one - other)

    def exterior(self, parent: Tensor, child: Tensor) -> Tensor:
        return self.angle(parent, child - parent)

    def aperture(self, parent: Tensor, cone: float) -> Tensor:
        return torch.asin((cone / _length(parent).clamp_min(_TINY)).clamp_max(_COSINE))

    def midpoint(self, points: Tensor, weights: Tensor) -> Tensor:
        return (points * weights[..., None]).sum(dim=-2) / weights.sum(dim=-1, keepdim=True).clamp_min(_TINY)

"""Augmentation of whole batches: geometry for film and masks alike, disease and machines, and films that are none."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from wardround.agents.anatomy.network import CHANNELS
from wardround.contracts.anatomy import Structure

__all__ = ["augment"]

_OTHER_SIDE = {
    Structure.LEFT_LUNG: Structure.RIGHT_LUNG,
    Structure.RIGHT_LUNG: Structure.LEFT_LUNG,
    Structure.HEART: Structure.HEART,
    Structure.LEFT_CLAVICLE: Structure.RIGHT_CLAVICLE,
    Structure.RIGHT_CLAVICLE: Structure.LEFT_CLAVICLE,
}
_MIRRORED = [CHANNELS.index(_OTHER_SIDE[structure]) for structure in CHANNELS]
_HEART = CHANNELS.index(Structure.HEART)


def _uniform(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator) * (high - low) + low


def _chance(n: int, share: float, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator) < share


def _smooth(n: int, cells: int, size: int, generator: Generator) -> Tensor:
    """Smooth random fields (n, 1, size, size) of about unit variance."""
    coarse = torch.randn(n, 1, cells, cells, generator=generator)
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)


def _blurred(images: Tensor, cells: int) -> Tensor:
    """A wide blur, by way of a picture of (cells, cells): a convolution as wide would cost more than the network."""
    coarse = F.interpolate(images, size=(cells, cells), mode="area")
    return F.interpolate(coarse, size=images.shape[-2:], mode="bilinear", align_corners=False)


def _grid(masks: Tensor, size: int, generator: Generator) -> Tensor:
    """Where each output pixel is read from: affine, a gentle warp, and a heart blown up or shrunk."""
    n = masks.shape[0]
    angle = _uniform(n, -15.0, 15.0, generator) * math.pi / 180.0
    zoom = torch.exp(_uniform(n, math.log(0.7), math.log(1.4), generator))
    stretch = torch.exp(_uniform(n, -0.15, 0.15, generator))
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = torch.cos(angle) * stretch / zoom, -torch.sin(angle) / zoom
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(angle) / zoom, torch.cos(angle) / stretch / zoom
    theta[:, :, 2] = torch.rand(n, 2, generator=generator) * 0.3 - 0.15
    grid = F.affine_grid(theta, [n, 1, size, size], align_corners=False)
    grid = grid + 0.02 * torch.cat([_smooth(n, 6, size, generator) for _ in range(2)], dim=1).permute(0, 2, 3, 1)
    axis = torch.linspace(-1.0, 1.0, masks.shape[-1])
    weight = masks[:, _HEART] / masks[:, _HEART].sum((1, 2), keepdim=True).clamp_min(1.0)
    centre = torch.stack([(weight.sum(1) * axis).sum(1), (weight.sum(2) * axis).sum(1)], dim=1)[:, None, None]
    offset = grid - centre
    bump = torch.exp(-offset.square().sum(-1, keepdim=True) / (2 * 0.3**2))
    pull = (_uniform(n, -0.15, 0.45, generator) * _chance(n, 0.5, generator))[:, None, None, None]
    return grid - pull * bump * offset


def _opacities(films: Tensor, masks: Tensor, generator: Generator) -> Tensor:
    """Whiten parts of the lungs as effusion, consolidation and oedema do; the outline stays where the lung is."""
    n, _, size, _ = films.shape
    lungs = _blurred(masks[:, :2], 32)
    patches = torch.sigmoid(4.0 * (_smooth(n, 5, size, generator) - _uniform(n, 0.2, 1.5, generator).view(n, 1, 1, 1)))
    level = _uniform(n, 0.05, 0.6, generator).view(n, 1, 1, 1)
    rows = torch.linspace(0.0, 1.0, size).view(1, 1, size, 1)
    base = torch.sigmoid(25.0 * (rows - _uniform(n, 0.45, 0.9, generator).view(n, 1, 1, 1)))
    fluid = base * _chance(n, 0.3, generator).view(n, 1, 1, 1)
    pick = torch.randint(0, 2, (n, 1, 1, 1), generator=generator).expand(n, 1, size, size)
    veil = torch.maximum(patches * lungs.amax(1, keepdim=True), fluid * lungs.gather(1, pick))
    on = _chance(n, 0.5, generator).view(n, 1, 1, 1)
    return torch.where(on, films + veil * level * (1.0 - films), films)


def _lines(films: Tensor, generator: Generator) -> Tensor:
    """Bright thin curves, as tubes, wires and leads are."""
    n, _, size, _ = films.shape
    field = _smooth(n, 4, size, generator)
    ridge = torch.exp(-(field / 0.03).square())
    level = (_uniform(n, 0.1, 0.5, generator) * _chance(n, 0.25, generator)).view(n, 1, 1, 1)
    return films + level * ridge * (1.0 - films)


def _tones(films: Tensor, generator: Generator) -> Tensor:
    """Gamma, contrast, brightness, local equalisation, blur and noise; never inversion, since intake settles that."""
    n, _, size, _ = films.shape

    def each(low: float, high: float) -> Tensor:
        return _uniform(n, low, high, generator).view(n, 1, 1, 1)

    films = films.clamp(0.0, 1.0).pow(torch.exp(each(-0.7, 0.7)))
    local = _blurred(films, 6)
    spread = _blurred((films - local).square(), 6).sqrt()
    equalised = (0.5 + 0.2 * (films - local) / (spread + 0.03)).clamp(0.0, 1.0)
    share = each(0.0, 0.7) * _chance(n, 0.3, generator).view(n, 1, 1, 1)
    films = films + share * (equalised - films)
    films = films + each(0.0, 0.15) * _smooth(n, 3, size, generator)
    blurred = F.avg_pool2d(films, 5, 1, 2, count_include_pad=False)
    films = torch.where(_chance(n, 0.25, generator).view(n, 1, 1, 1), blurred, films)
    films = (films - 0.5) * torch.exp(each(-0.4, 0.4)) + 0.5 + each(-0.12, 0.12)
    noise = torch.randn(films.shape, generator=generator) * each(0.0, 0.05)
    return (films + noise).clamp(0.0, 1.0)


def _shuffled(films: Tensor, generator: Generator) -> Tensor:
    """The tiles of each film in another order."""
    n, _, size, _ = films.shape
    tiles = films.view(n, 4, size // 4, 4, size // 4).transpose(2, 3).reshape(n, 16, size // 4, size // 4)
    tiles = tiles[:, torch.randperm(16, generator=generator)]
    return tiles.view(n, 4, 4, size // 4, size // 4).transpose(2, 3).reshape(n, 1, size, size)


def _counterfeits(films: Tensor, masks: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """One in eight becomes what must not be outlined, with empty masks: turned, inverted, shuffled, or no film."""
    n, _, size, _ = films.shape
    kinds = (
        films.rot90(1, (2, 3)),
        films.rot90(3, (2, 3)),
        films.flip(2),
        films.flip(2, 3),
        1.0 - films,
        _shuffled(films, generator),
        (_smooth(n, 12, size, generator) + 0.5 * _smooth(n, 48, size, generator)) * 0.25 + 0.5,
        torch.rand(films.shape, generator=generator),
    )
    on = _chance(n, 0.125, generator)
    kind = torch.randint(0, len(kinds), (n,), generator=generator)
    for index, counterfeit in enumerate(kinds):
        films = torch.where((on & (kind == index)).view(n, 1, 1, 1), counterfeit, films)
    return films, masks * (~on).view(n, 1, 1, 1)


def augment(films: Tensor, masks: Tensor, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Films (n, 1, s, s) and masks (n, 5, s, s) in [0, 1], freshly varied and read out at (size, size).

    One in ten is mirrored with its sides swapped, so that the image's left is called the patient's right whatever side
    the heart is on: a reversed heart is then seen in the masks instead of turning the lungs' names over.
    """
    mirror = _chance(films.shape[0], 0.1, generator).view(-1, 1, 1, 1)
    films = torch.where(mirror, films.flip(-1), films)
    masks = torch.where(mirror, masks.flip(-1)[:, _MIRRORED], masks)
    grid = _grid(masks, size, generator)
    padding = "border" if torch.rand(1, generator=generator).item() < 0.3 else "zeros"
    films = F.grid_sample(films, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    masks = F.grid_sample(masks, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    films, masks = _counterfeits(_lines(_opacities(films, masks, generator), generator), masks, generator)
    return _tones(films, generator), masks

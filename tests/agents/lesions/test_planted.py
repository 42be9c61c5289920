"""Films that a nodule model learns from: evened out, with nodules planted in the lungs."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label

from wardround.agents.lesions.data.planted import Planting, with_nodules
from wardround.agents.lesions.data.samples import Sample
from wardround.agents.lesions.levelled import levelled

SIDE = 256


def _film(tilt: float = 0.0, gain: float = 1.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Grain on a slope, with one faint disc in the middle."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    grain = np.random.default_rng(3).normal(0.0, 0.02, (SIDE, SIDE))
    disc = 0.06 * (np.hypot(y - 128, x - 128) < 10)
    film = 0.4 + tilt * (x - 128) / SIDE + gain * (grain + disc)
    return np.asarray(np.clip(film, 0.0, 1.0), dtype=np.float32)


def test_a_disc_looks_alike_on_a_bright_a_dark_and_a_sloping_film() -> None:
    flat, sloping, strong = (levelled(film, 64) for film in (_film(), _film(tilt=0.3), _film(gain=3.0)))
    for seen in (flat, sloping, strong):
        assert seen.dtype == np.float32 and seen.min() >= 0.0 and seen.max() <= 1.0
        edge, middle = seen[120:136, 30:60], seen[124:133, 124:133]
        assert abs(float(edge.mean()) - 0.5) < 0.05
        assert middle.mean() > edge.mean() + 0.1
    assert abs(float(sloping[124:133, 124:133].mean() - flat[124:133, 124:133].mean())) < 0.05


def test_a_blank_film_stays_blank_and_its_noise_is_not_raised() -> None:
    blank = levelled(np.full((SIDE, SIDE), 0.7, dtype=np.float32), 64)
    np.testing.assert_allclose(blank, 0.5, atol=1e-6)
    faint = np.full((SIDE, SIDE), 0.7, dtype=np.float32)
    faint[::2] += 1e-4
    assert abs(levelled(faint, 64) - 0.5).max() < 0.01


def _sample(seed: int) -> tuple[Sample, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    lungs = np.zeros((SIDE, SIDE), dtype=np.bool_)
    lungs[60:200, 20:110] = lungs[60:200, 150:240] = True
    own = np.zeros((SIDE, SIDE), dtype=np.uint8)
    own[100:110, 60:70] = 1
    return Sample(_film(), own, f"patient-{seed}", f"film-{seed}", 0.35, 3), lungs


def test_nodules_are_planted_in_the_lungs_apart_from_each_other_and_add_to_the_grey() -> None:
    planting = Planting(most=3, diameter=(8.0, 16.0), contrast=(0.05, 0.1))
    for seed in range(12):
        sample, lungs = _sample(seed)
        told = with_nodules(sample, lungs, seed, planting)
        new = (told.mask > 0) & (sample.mask == 0)
        _, count = label(told.mask, structure=np.ones((3, 3)))
        assert 2 <= count <= 4, "its own, and one to three more"
        assert told.patient == sample.patient and told.spacing_mm == 0.35
        assert (told.mask >= sample.mask).all()
        rows, columns = np.nonzero(new)
        assert rows.min() > 60 - 16 and rows.max() < 200 + 16 and columns.min() > 20 - 16
        assert (told.image[new] - sample.image[new]).mean() > 0.01
        assert (told.image >= sample.image - 1e-6).all()


def test_the_same_seed_plants_the_same_and_a_film_without_lungs_gets_none() -> None:
    sample, lungs = _sample(1)
    one, other, third = (with_nodules(sample, lungs, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.image, other.image)
    assert (one.image != third.image).any()
    np.testing.assert_array_equal(with_nodules(sample, np.zeros_like(lungs), 5).mask, sample.mask)

"""Crops favour lesions, each lesion alike; they are the same by seed, and image and mask move together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wardround.agents.lesions.data.patches import AS_THEY_ARE, PatchSampler
from wardround.agents.lesions.data.samples import Sample
from wardround.contracts.errors import CallerError


def _sample(*lesions: tuple[int, int, int], rows: int = 120, columns: int = 160) -> Sample:
    """A film whose lesions (row, column, side) are white squares on a grey that tells its place."""
    image = np.linspace(0.2, 0.6, rows * columns, dtype=np.float32).reshape(rows, columns)
    mask = np.zeros((rows, columns), dtype=np.uint8)
    for row, column, side in lesions:
        mask[row : row + side, column : column + side] = 1
    return Sample(np.where(mask == 1, np.float32(1.0), image), mask, "p", "n")


def test_at_least_the_share_of_crops_holds_a_lesion_however_small_and_however_turned() -> None:
    samples = [_sample((60, 80, 1))] + [_sample() for _ in range(9)]
    sampler = PatchSampler(samples, 32, lesion_share=0.5)
    assert sampler.lesions == 1
    for step in range(20):
        batch = sampler.batch(step, 8)
        assert batch.images.shape == batch.masks.shape == (8, 1, 32, 32)
        assert (batch.areas[:4] > 0).all() and (batch.samples[:4] == 0).all()
        assert batch.images.min() >= 0.0 and batch.images.max() <= 1.0


def test_a_small_lesion_comes_as_often_as_a_large_one() -> None:
    sampler = PatchSampler([_sample((10, 10, 2)), _sample((40, 60, 50))], 16, lesion_share=1.0)
    seen = np.concatenate([sampler.batch(step, 50).samples for step in range(8)])
    assert np.mean(seen == 0) == pytest.approx(0.5, abs=0.08)


def test_lesions_come_to_lie_all_over_the_crop_but_not_at_its_edge() -> None:
    sampler = PatchSampler([_sample((60, 80, 1))], 32, lesion_share=1.0, variation=AS_THEY_ARE)
    where = np.concatenate([np.argwhere(sampler.batch(step, 20).masks[:, 0])[:, 1:] for step in range(20)])
    assert where.min() >= 4 and where.max() <= 28
    assert where.min(axis=0).tolist() < [8, 8] and where.max(axis=0).tolist() > [24, 24]


def test_unvaried_crops_are_cut_from_the_film_to_the_pixel() -> None:
    film = _sample((60, 80, 3))
    batch = PatchSampler([film], 24, variation=AS_THEY_ARE).batch(3, 6)
    for image, mask in zip(batch.images[:, 0], batch.masks[:, 0], strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(film.image, (24, 24))
        apart = np.abs(windows - image).max(axis=(2, 3))
        row, column = np.unravel_index(int(apart.argmin()), apart.shape)
        assert apart[row, column] < 1e-5
        np.testing.assert_array_equal(film.mask[row : row + 24, column : column + 24], mask)


def test_image_and_mask_are_turned_alike() -> None:
    plain = replace(AS_THEY_ARE, flip=True, turn_degrees=180.0, zoom=0.3)
    batch = PatchSampler([_sample((50, 70, 12))], 48, lesion_share=1.0, variation=plain).batch(0, 16)
    white = batch.images > 0.8
    both = (white & (batch.masks == 1)).sum()
    assert 2 * both / (white.sum() + batch.masks.sum()) > 0.95
    assert len({float(area) for area in batch.areas}) > 4


def test_grey_is_varied_and_the_mask_is_not() -> None:
    flat = Sample(np.full((64, 64), 0.5, np.float32), np.zeros((64, 64), np.uint8), "p", "n")
    images = PatchSampler([flat], 16).batch(0, 12).images
    assert images.mean(axis=(1, 2, 3)).std() > 0.02 and images.std(axis=(1, 2, 3)).max() > 0.005


def test_a_step_gives_the_same_crops_in_any_order_of_calls_and_another_seed_gives_others() -> None:
    samples = [_sample((60, 80, 3)), _sample()]
    first, second = PatchSampler(samples, 32, seed=1), PatchSampler(samples, 32, seed=1)
    first.batch(0, 4)
    np.testing.assert_array_equal(first.batch(7, 4).images, second.batch(7, 4).images)
    assert not np.array_equal(second.batch(7, 4).images, second.batch(8, 4).images)
    assert not np.array_equal(second.batch(7, 4).images, PatchSampler(samples, 32, seed=2).batch(7, 4).images)


def test_a_film_smaller_than_the_crop_is_continued_by_its_edge_without_lesions() -> None:
    film = Sample(np.full((10, 12), 0.4, np.float32), np.ones((10, 12), np.uint8), "p", "n")
    batch = PatchSampler([film], 40, lesion_share=0.0, variation=AS_THEY_ARE).batch(0, 3)
    assert batch.images == pytest.approx(0.4)
    assert batch.areas.tolist() == [120, 120, 120]


def test_a_set_without_lesions_gives_negatives_and_says_so() -> None:
    sampler = PatchSampler([_sample(), _sample()], 32, lesion_share=0.7)
    assert (sampler.lesions, sampler.lesion_share) == (0, 0.0)
    assert not sampler.batch(0, 6).areas.any()


def test_impossible_crops_are_told() -> None:
    for samples, size, share in (([], 32, 0.5), ([_sample()], 4, 0.5), ([_sample()], 32, 1.5)):
        with pytest.raises(CallerError, match="Crops need"):
            PatchSampler(samples, size, share)

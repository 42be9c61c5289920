"""Planted films: the mask is what was added, small lesions are many, and the same seed plants the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, find_objects, label

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.lesions.data.samples import Sample
from wardround.agents.lesions.data.synthetic import DIAMETERS_PX, FILMS_PER_PATIENT, small_lesions
from wardround.contracts.errors import CallerError

_EIGHT = np.ones((3, 3))


@pytest.fixture(scope="module")
def films() -> tuple[Sample, ...]:
    return small_lesions(40, size=160, seed=5)


def _diameters(films: tuple[Sample, ...]) -> list[float]:
    found: list[float] = []
    for film in films:
        islands, count = label(film.mask, structure=_EIGHT)
        areas = np.bincount(islands.ravel(), minlength=count + 1)[1:]
        found += (2.0 * np.sqrt(areas / np.pi)).tolist()
    return found


def test_a_film_is_grey_with_a_mask_a_spacing_and_a_phantom_for_a_patient(films: tuple[Sample, ...]) -> None:
    film = films[0]
    assert film.image.shape == film.mask.shape == (160, 160)
    assert film.image.dtype == np.float32 and film.mask.dtype == np.uint8
    assert 0.0 <= film.image.min() < film.image.max() <= 1.0
    assert film.synthetic and film.spacing_mm == make_phantom(0, size=160).pixel_spacing_mm
    assert len({one.patient for one in films}) == len(films) // FILMS_PER_PATIENT


def test_lesions_are_from_three_to_thirty_pixels_and_half_of_them_are_small(films: tuple[Sample, ...]) -> None:
    diameters = _diameters(films)
    assert len(diameters) > 40
    # A lesion's lumps and the raster move its diameter by a little.
    assert DIAMETERS_PX[0] * 0.75 < min(diameters) and max(diameters) < DIAMETERS_PX[1] * 1.15
    assert 0.3 < np.mean(np.array(diameters) < 8.0) < 0.7


def test_some_films_hold_nothing(films: tuple[Sample, ...]) -> None:
    empty = sum(not film.mask.any() for film in films)
    assert 1 <= empty <= 15


def test_a_lesion_is_brighter_than_what_lies_around_it(films: tuple[Sample, ...]) -> None:
    brighter = []
    for film in films:
        islands, _ = label(film.mask, structure=_EIGHT)
        for number in range(1, len(find_objects(islands)) + 1):
            lesion = islands == number
            ring = binary_dilation(lesion, iterations=4) & (film.mask == 0)
            brighter.append(film.image[lesion].mean() > film.image[ring].mean())
    assert np.mean(brighter) > 0.8


def test_the_same_seed_plants_the_same_and_another_does_not(films: tuple[Sample, ...]) -> None:
    again, other = small_lesions(3, size=160, seed=5), small_lesions(3, size=160, seed=6)
    for one, twin, stranger in zip(films, again, other, strict=False):
        np.testing.assert_array_equal(one.image, twin.image)
        np.testing.assert_array_equal(one.mask, twin.mask)
        assert (one.name, one.patient) == (twin.name, twin.patient)
        assert one.patient != stranger.patient and not np.array_equal(one.image, stranger.image)


def test_films_of_one_phantom_differ(films: tuple[Sample, ...]) -> None:
    assert films[0].patient == films[1].patient
    assert not np.array_equal(films[0].mask, films[1].mask) and films[0].name != films[1].name


def test_impossible_films_are_told() -> None:
    for count, size, seed in ((0, 256, 0), (1, 100, 0), (1, 256, -1)):
        with pytest.raises(CallerError, match="Planted films need"):
            small_lesions(count, size, seed)

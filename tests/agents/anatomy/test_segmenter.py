"""The bundled segmenter outlines films of any shape, names its source, and refuses what is no film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.recipe.data import read_jsrt
from wardround.agents.anatomy.recipe.measure import held_out
from wardround.agents.anatomy.segmenter import Segmenter, bundled_segmenter, clean
from wardround.agents.anatomy.zones import pick
from wardround.agents.imaging.phantom import Phantom, make_phantom, plant_named
from wardround.agents.measures.overlap import dice
from wardround.agents.weights.registry import entry
from wardround.contracts.anatomy import Side, Structure
from wardround.contracts.errors import CallerError

FLOORS = {
    Structure.LEFT_LUNG: 0.95,
    Structure.RIGHT_LUNG: 0.95,
    Structure.HEART: 0.90,
    Structure.LEFT_CLAVICLE: 0.80,
    Structure.RIGHT_CLAVICLE: 0.80,
}


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(5, size=512)


def test_a_phantoms_lungs_and_heart_are_found_where_they_are(segmenter: Segmenter, phantom: Phantom) -> None:
    found = segmenter.predict([phantom.film])[0]
    for structure in (Structure.RIGHT_LUNG, Structure.LEFT_LUNG, Structure.HEART):
        assert dice(found.of(structure), phantom.masks[structure.value].astype(bool)) > 0.9
        assert 0.8 < found.confidence[structure] <= 1.0


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_a_lung_under_fluid_is_still_outlined_as_lung(segmenter: Segmenter, side: Side) -> None:
    phantom = make_phantom(6, (plant_named("effusion", side),), size=512)
    found = segmenter.predict([phantom.film])[0]
    structure = Structure(f"{side.value} lung")
    assert dice(found.of(structure), phantom.masks[structure.value].astype(bool)) > 0.85


@pytest.mark.parametrize(("shape", "masks"), [((700, 350), (512, 256)), ((96, 192), (96, 192)), ((16, 900), (9, 512))])
def test_masks_cover_the_whole_film_in_its_own_aspect(
    segmenter: Segmenter, shape: tuple[int, int], masks: tuple[int, int]
) -> None:
    found = segmenter.predict([np.full(shape, 0.5, dtype=np.float32)])[0]
    assert found.masks.shape == (5, *masks)
    assert found.masks.dtype == np.uint8


def test_a_film_set_in_a_wide_black_border_keeps_its_outlines(segmenter: Segmenter, phantom: Phantom) -> None:
    wide = np.pad(phantom.film, ((0, 0), (128, 128)))
    found = segmenter.predict([wide])[0].of(Structure.HEART)
    truth = Image.fromarray(np.pad(phantom.masks["heart"] * np.uint8(255), ((0, 0), (128, 128))))
    assert dice(found, np.asarray(truth.resize(found.shape[::-1], Image.Resampling.BOX)) >= 128) > 0.85


def test_a_narrow_grey_window_gives_the_same_outlines(segmenter: Segmenter, phantom: Phantom) -> None:
    full, narrow = segmenter.predict([phantom.film, 0.4 + 0.1 * phantom.film])
    assert dice(full.of(Structure.HEART), narrow.of(Structure.HEART)) > 0.99


def test_films_in_a_batch_do_not_influence_each_other(segmenter: Segmenter, phantom: Phantom) -> None:
    alone = segmenter.predict([phantom.film])[0]
    together = segmenter.predict([np.zeros((64, 64), dtype=np.float32), phantom.film])[1]
    assert (alone.masks != together.masks).mean() < 1e-4


def test_a_mirrored_film_has_its_lungs_named_by_the_side_they_lie_on(segmenter: Segmenter, phantom: Phantom) -> None:
    found = segmenter.predict([np.ascontiguousarray(phantom.film[:, ::-1])])[0]
    right, left = (found.of(structure) for structure in (Structure.RIGHT_LUNG, Structure.LEFT_LUNG))
    assert np.flatnonzero(right.any(axis=0)).mean() < np.flatnonzero(left.any(axis=0)).mean()


def test_a_blank_film_has_no_outlines_and_no_confidence(segmenter: Segmenter) -> None:
    found = segmenter.predict([np.zeros((300, 200), dtype=np.float32)])[0]
    assert not found.masks.any()
    assert set(found.confidence.values()) == {0.0}


def test_no_films_give_no_outlines(segmenter: Segmenter) -> None:
    assert segmenter.predict([]) == []


@pytest.mark.parametrize(
    "film", [np.zeros((3, 64, 64)), np.zeros((64, 15)), np.full((64, 64), np.nan)], ids=["colour", "thin", "nan"]
)
def test_what_is_no_film_is_refused(segmenter: Segmenter, film: NDArray[np.float32]) -> None:
    with pytest.raises(CallerError, match="one grey film"):
        segmenter.predict([film.astype(np.float32)])


def test_source_card_and_registry_name_the_same_weights(segmenter: Segmenter) -> None:
    assert segmenter.source.weights_digest == segmenter.card.weights_digest == f"sha256:{entry('anatomy-jsrt').sha256}"
    assert not segmenter.source.calibrated
    assert "research and education" in segmenter.card.licence


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_cleaning_leaves_one_part_without_holes_and_loses_none_of_it(points: list[tuple[int, int]]) -> None:
    mask = np.zeros((20, 20), dtype=bool)
    for row, column in points:
        mask[row, column] = True
    cleaned = clean(mask)
    assert cleaned.any() == mask.any()
    assert (clean(cleaned) == cleaned).all()


def test_cleaning_keeps_the_largest_part_and_fills_its_hole() -> None:
    mask = np.zeros((12, 12), dtype=bool)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[9:11, 9:11] = True
    expected = np.zeros((12, 12), dtype=bool)
    expected[1:6, 1:6] = True
    assert (clean(mask) == expected).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.8))
def test_cleaning_keeps_what_label_and_fill_holes_of_scipy_keep(seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((17, 23)) < share
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    assert (clean(mask) == ndimage.binary_fill_holes(mask & (parts == sizes.argmax()))).all()


def test_six_held_out_jsrt_films_are_outlined_well(segmenter: Segmenter, shared_data: Path) -> None:
    scores: dict[Structure, list[float]] = {structure: [] for structure in CHANNELS}
    for number, sample in enumerate(read_jsrt(shared_data / "cxr", held_out=True, size=512)):
        masks = segmenter.predict([sample.film])[0].masks
        for structure, truth in zip(CHANNELS, sample.masks, strict=True):
            scores[structure].append(dice(pick(masks, structure), truth >= 0.5))
        if number == 5:
            break
    assert {s: np.mean(values) for s, values in scores.items() if np.mean(values) < FLOORS[s] - 0.02} == {}


@pytest.mark.slow
def test_all_held_out_jsrt_films_reach_the_promised_overlap(segmenter: Segmenter, shared_data: Path) -> None:
    figures = held_out(segmenter, shared_data / "cxr")
    assert {s: figures[s.value] for s in CHANNELS if figures[s.value]["value"] < FLOORS[s]} == {}


@pytest.mark.gpu
def test_a_cuda_device_gives_the_outlines_that_the_cpu_gives(segmenter: Segmenter, phantom: Phantom) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    there = bundled_segmenter("cuda").predict([phantom.film])[0]
    here = segmenter.predict([phantom.film])[0]
    assert dice(there.of(Structure.HEART), here.of(Structure.HEART)) > 0.99

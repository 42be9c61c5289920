"""A heat map in a known place is found there, with the side taken from the masks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wardround.agents.anatomy.chart import Chart
from wardround.agents.anatomy.locate import chart_of, locate, locate_report
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.errors import CallerError
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.study import Artefact, ArtefactKind
from wardround.contracts.weighing import LocateTarget

Masks = NDArray[np.uint8]
HEATMAP = Artefact(kind=ArtefactKind.HEATMAP, digest="sha256:" + "1" * 64, shape=(1, 50, 50))


def blobs(*centres: tuple[float, float], sigma: float = 6.0, size: int = 50) -> NDArray[np.float64]:
    """Gaussians of peak 1 at (row, column) of a 200 x 200 film, on a coarser map of the same film."""
    scale = 200 / size
    rows, columns = np.mgrid[:size, :size] * scale + scale / 2
    each = [np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / (2 * sigma**2)) for r, c in centres]
    return np.asarray(np.max(each, axis=0), dtype=np.float64)


@pytest.mark.parametrize(
    ("centre", "region", "side"),
    [
        ((60, 55), Region.UPPER_ZONE, Side.RIGHT),
        ((100, 55), Region.MIDDLE_ZONE, Side.RIGHT),
        ((140, 55), Region.LOWER_ZONE, Side.RIGHT),
        ((60, 145), Region.UPPER_ZONE, Side.LEFT),
        ((140, 150), Region.LOWER_ZONE, Side.LEFT),
        ((130, 105), Region.HEART, Side.MIDLINE),
        ((70, 100), Region.MEDIASTINUM, Side.MIDLINE),
        ((185, 20), Region.OUTSIDE, Side.RIGHT),
        ((185, 180), Region.OUTSIDE, Side.LEFT),
    ],
)
def test_a_blob_is_found_where_it_is(
    drawn_chest: Masks, centre: tuple[float, float], region: Region, side: Side
) -> None:
    place = locate(blobs(centre), drawn_chest)
    assert place is not None
    assert (place.region, place.side) == (region, side)
    assert place.overlap > 0.9


@pytest.mark.parametrize(
    ("across", "row", "column"), [(1, 603, 553), (2, 1201, 1451), (5, 1400, 550), (9, 1404, 1507), (40, 600, 1450)]
)
def test_a_small_outline_on_a_large_film_is_found_where_it_is(
    drawn_chest: Masks, across: int, row: int, column: int
) -> None:
    mask = np.zeros((2048, 2048))
    top, left = round(row * 1.024), round(column * 1.024)
    mask[top : top + across, left : left + across] = 1
    place = locate(mask, drawn_chest)
    assert place is not None and place.overlap > 0.9
    assert place.side is (Side.RIGHT if column < 1000 else Side.LEFT)
    assert place.region is locate(blobs((row / 10, column / 10)), drawn_chest).region  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [7, 20, 64, 300])
def test_a_finer_map_of_the_same_blob_is_placed_alike(drawn_chest: Masks, size: int) -> None:
    place, usual = locate(blobs((140, 55), size=size, sigma=20.0), drawn_chest), locate(blobs((140, 55)), drawn_chest)
    assert place is not None and usual is not None
    assert (place.region, place.side) == (usual.region, usual.side)


def test_a_chart_worked_out_ahead_places_a_finding_as_one_that_is_not(drawn_chest: Masks) -> None:
    heat = blobs((185, 20), (140, 55))
    target = LocateTarget(subject="Effusion", heatmap=HEATMAP, evidence_id="E1")
    ahead, fresh = (locate_report([(target, heat)], chart) for chart in (chart_of(drawn_chest), Chart(drawn_chest)))
    assert ahead == fresh
    assert ahead.items


def test_mirroring_film_and_map_mirrors_the_side(drawn_chest: Masks, mirrored: Callable[[Masks], Masks]) -> None:
    heat = blobs((140, 55))
    place, other = locate(heat, drawn_chest), locate(heat[:, ::-1], mirrored(drawn_chest))
    assert place is not None and other is not None
    assert (place.side, other.side) == (Side.RIGHT, Side.LEFT)
    assert (place.region, place.overlap) == (other.region, other.overlap)


def test_equal_blobs_in_both_lungs_are_bilateral(drawn_chest: Masks) -> None:
    place = locate(blobs((140, 55), (140, 150)), drawn_chest)
    assert place is not None
    assert (place.region, place.side) == (Region.LOWER_ZONE, Side.BILATERAL)


def test_a_map_spread_over_one_lung_is_in_the_lung_and_in_no_zone(drawn_chest: Masks) -> None:
    place = locate(drawn_chest[1].astype(float), drawn_chest)
    assert place is not None
    assert (place.region, place.side) == (Region.LUNG, Side.RIGHT)
    assert place.overlap == pytest.approx(1.0)


def test_half_of_a_blob_over_the_border_gives_an_overlap_of_half(drawn_chest: Masks) -> None:
    mass = np.zeros((200, 200))
    mass[150:170, 40:60] = 1 / 400
    shares = Chart(drawn_chest).shares(mass, margin=0.0)
    assert shares[Region.LOWER_ZONE, Side.RIGHT] == pytest.approx(0.5)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_fluid_just_outside_the_lung_counts_for_its_nearest_zone(drawn_chest: Masks) -> None:
    heat = np.zeros((200, 200))
    heat[161:171, 40:70] = 1.0
    fluid, tissue = locate(heat, drawn_chest, "Effusion"), locate(heat, drawn_chest, "Nodule")
    assert fluid is not None and tissue is not None
    assert (fluid.region, fluid.side) == (Region.LOWER_ZONE, Side.RIGHT)
    assert tissue.region is Region.OUTSIDE


def test_a_large_heart_is_placed_on_the_heart_though_the_map_spills_into_the_lung(drawn_chest: Masks) -> None:
    heat = np.zeros((200, 200))
    heat[110:150, 110:130] = 1.0
    heat[110:150, 130:155] = 1.0
    named, unnamed = locate(heat, drawn_chest, "Cardiomegaly"), locate(heat, drawn_chest)
    assert named is not None and unnamed is not None
    assert (named.region, unnamed.region) == (Region.HEART, Region.LOWER_ZONE)
    assert named.overlap == pytest.approx(20 / 45, abs=0.02)


def test_a_hernia_behind_the_heart_is_mediastinal(drawn_chest: Masks) -> None:
    place = locate(blobs((140, 105)), drawn_chest, "Hernia")
    assert place is not None
    assert (place.region, place.side) == (Region.MEDIASTINUM, Side.MIDLINE)


def test_a_faint_map_and_a_film_without_lungs_have_no_location(drawn_chest: Masks) -> None:
    assert locate(np.zeros((7, 7)), drawn_chest) is None
    assert locate(blobs((60, 55)), np.zeros_like(drawn_chest)) is None


@pytest.mark.parametrize("heat", [np.zeros((2, 7, 7)), np.full((7, 7), np.nan), np.zeros((0, 7))])
def test_what_is_no_heat_map_is_refused(drawn_chest: Masks, heat: NDArray[np.float64]) -> None:
    with pytest.raises(CallerError, match="2-D"):
        locate(heat, drawn_chest)


@pytest.mark.parametrize("shape", [(200, 200), (3, 200, 200), (5, 0, 200)])
def test_what_is_no_stack_of_five_masks_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CallerError, match="stack of 5"):
        locate(np.ones((7, 7)), np.ones(shape, dtype=np.uint8))


@given(row=st.integers(0, 13), column=st.integers(0, 13), height=st.floats(0.01, 1.0))
def test_shares_add_up_and_the_height_of_a_map_does_not_matter(row: int, column: int, height: float) -> None:
    masks = np.zeros((5, 56, 56), dtype=np.uint8)
    masks[1, 10:46, 8:24] = 1
    masks[0, 10:46, 32:48] = 1
    masks[2, 28:46, 22:36] = 1
    heat = np.zeros((14, 14))
    heat[row, column] = height
    assert locate(heat, masks) == locate(heat / height, masks)


def test_a_report_cites_the_evidence_that_was_placed(drawn_chest: Masks) -> None:
    target = LocateTarget(subject="Effusion", heatmap=HEATMAP, evidence_id="e7")
    faint = LocateTarget(subject="Nodule", heatmap=HEATMAP, evidence_id="e8")
    report = locate_report([(target, blobs((140, 55))), (faint, np.zeros((7, 7)))], Chart(drawn_chest))
    (item,) = report.items
    assert (item.kind, item.subject, item.derived_from) == (EvidenceKind.LOCATION, "Effusion", ("e7",))
    assert item.location is not None and item.location.side is Side.RIGHT
    assert "right lower zone" in item.detail
    assert report.warnings and "Nodule" in report.warnings[0]


def test_the_box_bounds_the_strongest_part_of_the_map(drawn_chest: Masks) -> None:
    heat = np.zeros((20, 20))
    heat[12:14, 4:8] = 1.0
    heat[3, 16] = 0.6
    place = locate(heat, drawn_chest)
    assert place is not None and place.box is not None
    assert place.box.left <= 0.2 <= 0.4 <= place.box.left + place.box.width
    assert place.box.top <= 0.6 <= 0.7 <= place.box.top + place.box.height
    assert place.box.width < 0.35 and place.box.height < 0.25

"""Zones are thirds of a lung's height; the mediastinum lies between the lungs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wardround.agents.anatomy.zones import ZONES, lung_zones, mediastinum, midline, regions, thorax_width
from wardround.contracts.anatomy import Region, Side


def test_a_lung_of_120_rows_has_zones_of_40_rows_from_its_apex_down(drawn_chest: NDArray[np.uint8]) -> None:
    zones = lung_zones(drawn_chest[1].astype(bool))
    rows = {zone: np.flatnonzero(mask.any(axis=1)) for zone, mask in zones.items()}
    assert [(rows[zone][0], rows[zone][-1]) for zone in ZONES] == [(40, 79), (80, 119), (120, 159)]


@given(top=st.integers(0, 50), height=st.integers(1, 100), width=st.integers(1, 60))
def test_zones_share_a_lung_out_without_gap_or_overlap(top: int, height: int, width: int) -> None:
    lung = np.zeros((160, 64), dtype=bool)
    lung[top : top + height, :width] = True
    assert (np.sum(list(lung_zones(lung).values()), axis=0) == lung).all()


def test_an_empty_lung_has_empty_zones() -> None:
    assert not any(zone.any() for zone in lung_zones(np.zeros((9, 9), dtype=bool)).values())


def test_the_mediastinum_is_what_the_lungs_leave_between_them_without_the_heart(drawn_chest: NDArray[np.uint8]) -> None:
    expected = np.zeros((200, 200), dtype=bool)
    expected[40:100, 80:120] = True
    assert (mediastinum(drawn_chest) == expected).all()


def test_no_pixel_belongs_to_two_regions(drawn_chest: NDArray[np.uint8]) -> None:
    drawn_chest[2, 90:165, 70:135] = 1
    assert np.sum(list(regions(drawn_chest).values()), axis=0).max() == 1


def test_the_patients_right_lung_lies_on_the_images_left(drawn_chest: NDArray[np.uint8]) -> None:
    places = regions(drawn_chest)
    right = np.flatnonzero(places[Region.UPPER_ZONE, Side.RIGHT].any(axis=0))
    left = np.flatnonzero(places[Region.UPPER_ZONE, Side.LEFT].any(axis=0))
    assert right.max() < left.min()


def test_midline_and_width_come_from_the_lungs_outer_edges(drawn_chest: NDArray[np.uint8]) -> None:
    assert (midline(drawn_chest), thorax_width(drawn_chest)) == (99.5, 140)


def test_without_a_lung_there_is_no_midline_and_no_width(drawn_chest: NDArray[np.uint8]) -> None:
    drawn_chest[0] = 0
    assert midline(drawn_chest) is None and thorax_width(drawn_chest) is None
    assert not mediastinum(drawn_chest).any()

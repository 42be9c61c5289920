"""Measurements have hand-computed values, name their units, and are refused on masks that cannot be true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.anatomy.measure import CTR, cardiothoracic_ratio, measurements
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.imaging.phantom import Plant, make_phantom
from wardround.contracts.evidence import EvidenceReport, Measurement, Source
from wardround.contracts.study import Image, ViewPosition

SOURCE = Source(model="drawn", version="1")


def by_quantity(report: EvidenceReport) -> dict[str, Measurement]:
    return {item.subject: item.measurement for item in report.items if item.measurement is not None}


def test_a_heart_of_50_columns_in_a_chest_of_140_has_a_ratio_of_50_to_140(drawn_chest: NDArray[np.uint8]) -> None:
    assert cardiothoracic_ratio(drawn_chest) == pytest.approx(50 / 140)


def test_the_ratio_stays_when_the_film_is_mirrored(
    drawn_chest: NDArray[np.uint8], mirrored: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    assert cardiothoracic_ratio(mirrored(drawn_chest)) == cardiothoracic_ratio(drawn_chest)


def test_the_ratio_is_missing_without_a_heart(drawn_chest: NDArray[np.uint8]) -> None:
    drawn_chest[2] = 0
    assert cardiothoracic_ratio(drawn_chest) is None


def test_areas_are_square_centimetres_where_the_pixel_spacing_is_known(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    """Right lung: 120 x 50 of 200 x 200 mask pixels; the film is 400 x 400 pixels of 0.5 mm by 0.4 mm."""
    measured = by_quantity(measurements(drawn_chest, image_of((0.5, 0.4)), SOURCE))["right lung area"]
    assert measured.value == pytest.approx(6000 * (2 * 0.05) * (2 * 0.04), rel=1e-3)
    assert measured.unit == "cm2"


@pytest.mark.parametrize("spacing", [None, (0.0, 0.0)])
def test_areas_are_shares_of_the_film_where_it_is_not(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image], spacing: tuple[float, float] | None
) -> None:
    measured = by_quantity(measurements(drawn_chest, image_of(spacing), SOURCE))
    assert "right lung area" not in measured
    share = measured["right lung area as share of the film"]
    assert share.value == pytest.approx(0.15)
    assert share.unit == "1"


def test_the_area_ratio_is_left_over_right(drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]) -> None:
    measured = by_quantity(measurements(drawn_chest, image_of(), SOURCE))["lung area ratio, left to right"]
    assert measured.value == pytest.approx((60 * 50 + 60 * 40) / 6000)


@pytest.mark.parametrize(
    ("view", "limit"), [(ViewPosition.PA, 0.5), (ViewPosition.UNKNOWN, 0.5), (ViewPosition.AP, None)]
)
def test_the_ratio_has_a_normal_range_except_on_an_ap_film(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image], view: ViewPosition, limit: float | None
) -> None:
    report = measurements(drawn_chest, image_of(view=view), SOURCE)
    assert by_quantity(report)[CTR].high == limit
    said = next(item.detail for item in report.items if item.subject == CTR)
    assert ("magnifie" in said) is (view is not ViewPosition.PA)


def test_every_measurement_names_the_outlines_that_it_rests_on(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    items = measurements(drawn_chest, image_of(), SOURCE).items
    ratio = next(item for item in items if item.subject == CTR)
    assert set(ratio.derived_from) == {"seg:heart", "seg:right lung", "seg:left lung"}
    assert all(item.derived_from for item in items)


def test_nothing_is_measured_on_masks_that_cannot_be_true(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    drawn_chest[[0, 1]] = drawn_chest[[1, 0]]
    report = measurements(drawn_chest, image_of(), SOURCE)
    assert report.items == ()
    assert "right lung" in report.warnings[0]


@pytest.mark.parametrize("wanted", [0.42, 0.6])
def test_a_phantoms_heart_measures_what_was_planted(wanted: float) -> None:
    phantom = make_phantom(3, (Plant(finding="Cardiomegaly", ctr=wanted),), size=256)
    masks = np.stack([phantom.masks[structure.value] for structure in CHANNELS])
    assert cardiothoracic_ratio(masks) == pytest.approx(wanted, abs=0.03)

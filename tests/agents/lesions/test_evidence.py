"""Lesions as evidence: uncertain, measured, placed, and never called more than a score."""

from __future__ import annotations

import numpy as np
import pytest
from lesion_models import spot_finder, spotted

from wardround.agents.anatomy.locate import chart_of
from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.lesions.asking import Found, Wanted, find_lesions
from wardround.agents.lesions.evidence import lesion_evidence, mask_channels
from wardround.agents.lesions.places import narrowed, placed
from wardround.contracts.anatomy import Region, Side, Structure
from wardround.contracts.errors import CallerError
from wardround.contracts.evidence import EvidenceKind, Polarity
from wardround.contracts.lesions import PixelBox
from wardround.contracts.study import Artefact, ArtefactKind

SIZE = 256


def _found(
    spacing: float | None = 0.7, box: PixelBox | None = None
) -> tuple[Found, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """Spots in the upper right, the lower right and the lower left zone of a phantom's lungs, and its masks."""
    phantom = make_phantom(3, size=SIZE)
    masks = np.array([phantom.masks[one.value] for one in Structure], dtype=np.uint8)
    spots = []
    for structure, share in ((Structure.RIGHT_LUNG, 0.2), (Structure.RIGHT_LUNG, 0.75), (Structure.LEFT_LUNG, 0.75)):
        lung = phantom.masks[structure.value].astype(bool)
        rows = np.flatnonzero(lung.any(axis=1))
        row = int(rows[0] + share * np.ptp(rows))
        spots.append((float(np.median(np.flatnonzero(lung[row]))), float(row), 9.0))
    film, _ = spotted(*spots, size=(SIZE, SIZE))
    return find_lesions(spot_finder(), film, spacing, Wanted(box=box)), masks


def test_each_lesion_is_an_uncertain_item_with_its_size_score_place_and_mask() -> None:
    found, masks = _found()
    report = placed(found, chart_of(masks)).report
    stack = Artefact(
        kind=ArtefactKind.MASK, digest="sha256:" + "1" * 64, shape=(3, SIZE, SIZE), channels=mask_channels(report)
    )
    told = lesion_evidence(report.model_copy(update={"masks": stack}), "sha256:" + "2" * 64)
    assert len(told.items) == len(told.found.lesions) == 3
    places = {(one.location.side, one.location.region) for one in told.items if one.location}
    assert places == {
        (Side.RIGHT, Region.UPPER_ZONE),
        (Side.RIGHT, Region.LOWER_ZONE),
        (Side.LEFT, Region.LOWER_ZONE),
    }
    for item, lesion in zip(told.items, told.found.lesions, strict=True):
        assert item.kind is EvidenceKind.LESION and item.polarity is Polarity.UNCERTAIN and item.subject == "Nodule"
        assert item.value == lesion.peak and not item.source.calibrated and item.source.weights_digest
        assert item.measurement is not None and item.measurement.unit == "mm"
        assert item.measurement.value == pytest.approx(0.7 * 9.0, abs=1.0)
        assert item.artefacts[0].channel == f"lesion {lesion.number}"
        assert "score" in item.detail and "probability" not in item.detail and "operating point" in item.detail
        assert item.location is not None and item.location.overlap > 0.9 and item.location.box is not None
        assert item.location.box.left == pytest.approx(lesion.box.left / SIZE, abs=1e-3)


def test_without_a_spacing_sizes_are_pixels() -> None:
    found, _ = _found(spacing=None)
    for item in lesion_evidence(found.report).items:
        assert item.measurement is not None and item.measurement.unit == "{pixel}" and "px" in item.detail


@pytest.mark.parametrize(
    ("side", "region", "left"),
    [(Side.RIGHT, None, 2), (Side.LEFT, None, 1), (Side.BILATERAL, None, 3), (None, Region.LOWER_ZONE, 2),
     (Side.RIGHT, Region.LUNG, 2), (Side.LEFT, Region.UPPER_ZONE, 0)],
)  # fmt: skip
def test_a_side_and_a_region_leave_the_others_out_and_say_how_many(
    side: Side | None, region: Region | None, left: int
) -> None:
    found, masks = _found()
    kept = narrowed(placed(found, chart_of(masks)), side, region)
    assert len(kept.report.lesions) == len(kept.masks) == left
    assert [one.number for one in kept.report.lesions] == list(range(1, left + 1))
    assert any("elsewhere" in one for one in kept.report.warnings) is (left < 3)
    for one, mask in zip(kept.report.lesions, kept.masks, strict=True):
        assert int(mask.sum()) == one.area_px


def test_without_lungs_nothing_is_placed_and_nothing_is_lost() -> None:
    found, masks = _found()
    bare = placed(found, chart_of(np.zeros_like(masks)))
    assert all(one.location is None for one in bare.report.lesions)
    assert any("No lesion was placed" in one for one in bare.report.warnings)
    assert len(narrowed(bare, Side.LEFT, None).report.lesions) == 3


def test_a_box_is_where_lesions_are_looked_for() -> None:
    whole, _ = _found()
    target = whole.report.lesions[1]
    box = PixelBox(left=target.box.left - 3, top=target.box.top - 3, width=16, height=16)
    found, _ = _found(box=box)
    (one,) = found.report.lesions
    assert one.centroid == pytest.approx(target.centroid, abs=1.0) and found.masks.shape == (1, SIZE, SIZE)
    with pytest.raises(CallerError):
        _found(box=PixelBox(left=250, top=0, width=20, height=20))

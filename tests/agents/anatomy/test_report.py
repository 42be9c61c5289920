"""An outlined film becomes one stored stack of masks and items that refer to it and to each other."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.measure import CTR
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.report import anatomy_report
from wardround.agents.anatomy.segmenter import Segmentation
from wardround.contracts.anatomy import Structure
from wardround.contracts.evidence import EvidenceKind, Source
from wardround.contracts.study import Artefact, ArtefactKind, Image

SOURCE = Source(model="drawn", version="1")


class Shelf:
    """A store in memory."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[np.uint8]] = {}

    def put(self, kind: ArtefactKind, array: NDArray[np.uint8], channels: tuple[str, ...]) -> Artefact:
        digest = f"sha256:{sha256(array.tobytes()).hexdigest()}"
        self.arrays[digest] = array
        return Artefact(kind=kind, digest=digest, shape=array.shape, channels=channels)


def segmentation_of(masks: NDArray[np.uint8]) -> Segmentation:
    return Segmentation(masks, {structure: 0.9 for structure in CHANNELS}, SOURCE)


def test_the_masks_are_stored_once_and_each_item_means_its_own_channel(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    shelf = Shelf()
    report = anatomy_report(segmentation_of(drawn_chest), image_of(), shelf.put)
    segments = [item for item in report.items if item.kind is EvidenceKind.SEGMENTATION]
    assert len(shelf.arrays) == 1
    assert [item.subject for item in segments] == [structure.value for structure in CHANNELS]
    for item in segments:
        (artefact,) = item.artefacts
        assert artefact.kind is ArtefactKind.MASK and artefact.channel == item.subject
        channel = shelf.arrays[artefact.digest][artefact.channels.index(item.subject)]
        assert (channel == drawn_chest[CHANNELS.index(Structure(item.subject))]).all()


def test_measurements_are_derived_from_items_of_the_same_report(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    items = anatomy_report(segmentation_of(drawn_chest), image_of(), Shelf().put).items
    ids = {item.id for item in items}
    assert len(ids) == len(items)
    assert CTR in {item.subject for item in items}
    assert all(set(item.derived_from) <= ids for item in items)


def test_a_structure_that_was_not_found_is_named_and_nothing_is_measured(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    drawn_chest[CHANNELS.index(Structure.HEART)] = 0
    report = anatomy_report(segmentation_of(drawn_chest), image_of(), Shelf().put)
    assert "heart" not in {item.subject for item in report.items}
    assert {item.kind for item in report.items} == {EvidenceKind.SEGMENTATION}
    assert any("Not outlined: heart" in warning for warning in report.warnings)
    assert any("Nothing was measured" in warning for warning in report.warnings)


def test_nothing_is_measured_on_an_outline_that_is_unsure_and_the_outline_is_named(
    drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]
) -> None:
    scores = {structure: 0.9 for structure in CHANNELS} | {Structure.HEART: 0.4}
    report = anatomy_report(Segmentation(drawn_chest, scores, SOURCE), image_of(), Shelf().put)
    measured = {item.subject for item in report.items if item.kind is EvidenceKind.MEASUREMENT}
    assert CTR not in measured and "right lung area as share of the film" in measured
    assert any("heart was not used" in warning and "0.40" in warning for warning in report.warnings)


def test_a_clavicle_on_the_wrong_side_is_named(drawn_chest: NDArray[np.uint8], image_of: Callable[..., Image]) -> None:
    drawn_chest[CHANNELS.index(Structure.LEFT_CLAVICLE)] = drawn_chest[CHANNELS.index(Structure.RIGHT_CLAVICLE)]
    report = anatomy_report(segmentation_of(drawn_chest), image_of(), Shelf().put)
    assert any("left clavicle" in warning and "midline" in warning for warning in report.warnings) or any(
        "left clavicle" in warning and "overlaps" in warning for warning in report.warnings
    )
    assert CTR in {item.subject for item in report.items}

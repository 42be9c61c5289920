"""Chest films and phantoms pass the screen; photographs, turned films, blanks and noise do not, and are told why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from other_pictures import DRAWN, packaged, slices, slide_regions

from wardround.agents.anatomy.recipe.data import fold, read_film, read_rows
from wardround.agents.anatomy.screen import SUBJECT, screen
from wardround.agents.anatomy.screen import screened as screen_with
from wardround.agents.anatomy.segmenter import Segmentation, Segmenter
from wardround.agents.imaging.phantom import make_phantom, plant_named
from wardround.contracts.anatomy import Structure
from wardround.contracts.evidence import EvidenceKind, Polarity, ScreenReport
from wardround.contracts.screening import ScreenFinding
from wardround.contracts.study import ViewPosition

Film = NDArray[np.float32]
PLANTS = ("", "effusion", "pneumothorax", "cardiomegaly", "nodule")
PACKAGED = dict(packaged())


def screened(segmenter: Segmenter, film: Film, view: ViewPosition = ViewPosition.UNKNOWN) -> ScreenReport:
    return screen_with(np.ascontiguousarray(film, dtype=np.float32), segmenter.predict, view=view)


def _refused(segmenter: Segmenter, picture: Film) -> str:
    report = screen(picture, segmenter.predict([picture])[0])
    assert not report.accepted
    assert report.reason.startswith("Not readable as an upright frontal chest film: ")
    assert any(outcome.refuses for outcome in report.outcomes)
    (item,) = report.items
    assert (item.kind, item.subject, item.polarity) == (EvidenceKind.QUALITY, SUBJECT, Polarity.ABSENT)
    return report.reason


def test_more_than_forty_other_pictures_need_nothing_but_the_packages() -> None:
    assert len(PACKAGED) + len(DRAWN) >= 40


@pytest.mark.parametrize("name", PACKAGED)
def test_a_picture_of_a_package_is_refused_with_a_reason(segmenter: Segmenter, name: str) -> None:
    _refused(segmenter, PACKAGED[name])


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_other_body_parts_noise_and_text_are_refused(segmenter: Segmenter, draw: Callable[[], Film]) -> None:
    _refused(segmenter, draw())


def test_slices_and_slide_regions_are_refused(segmenter: Segmenter, shared_data: Path) -> None:
    pictures = [*slices(shared_data / "volumes"), *slide_regions(shared_data / "slides")]
    assert len(pictures) >= 18
    outlined = segmenter.predict([picture for _, picture in pictures])
    reports = {name: screen(picture, found) for (name, picture), found in zip(pictures, outlined, strict=True)}
    assert [name for name, report in reports.items() if report.accepted] == []


@pytest.mark.parametrize("plant", PLANTS)
def test_phantoms_are_accepted(segmenter: Segmenter, plant: str) -> None:
    for seed in range(4):
        report = screened(segmenter, make_phantom(seed, (plant_named(plant),) if plant else (), size=256).film)
        assert (report.accepted, report.reason) == (True, "")
        assert report.items[0].polarity is Polarity.PRESENT


@pytest.mark.parametrize(
    ("turn", "what"),
    [
        (lambda film: np.rot90(film, -1), ScreenFinding.ROTATED_90),
        (lambda film: np.rot90(film, 2), ScreenFinding.ROTATED_180),
        (lambda film: np.rot90(film, 1), ScreenFinding.ROTATED_270),
        (lambda film: 1.0 - film, ScreenFinding.INVERTED),
    ],
    ids=lambda value: value.value if isinstance(value, ScreenFinding) else "",
)
def test_a_film_turned_or_inverted_is_refused_and_told_which(
    segmenter: Segmenter, turn: Callable[[Film], Film], what: ScreenFinding
) -> None:
    report = screened(segmenter, turn(make_phantom(2, size=256).film))
    assert not report.accepted
    assert [outcome.what for outcome in report.outcomes] == [what]
    assert what.value in report.reason


@pytest.mark.parametrize(
    ("film", "reason"),
    [
        (np.zeros((300, 300)), "blank"),
        (np.full((300, 300), 0.7), "blank"),
        (np.random.default_rng(1).random((300, 300)), "noise"),
        (np.linspace(0, 1, 90_000).reshape(300, 300).round(), "too few grey levels"),
    ],
    ids=["black", "grey", "noise", "two levels"],
)
def test_an_image_without_content_is_refused(segmenter: Segmenter, film: Film, reason: str) -> None:
    assert reason in screened(segmenter, film).reason


def test_a_mirrored_phantom_is_accepted_with_a_warning_about_the_hearts_side(segmenter: Segmenter) -> None:
    film = make_phantom(4, size=256).film
    assert ScreenFinding.MIRRORED not in {outcome.what for outcome in screened(segmenter, film).outcomes}
    mirrored = screened(segmenter, film[:, ::-1])
    assert mirrored.accepted
    assert ScreenFinding.MIRRORED in {outcome.what for outcome in mirrored.outcomes}
    assert any("heart" in warning for warning in mirrored.warnings)


@pytest.mark.parametrize("dataset", ["NIH", "Hannover", "ieee8023"])
def test_real_films_are_accepted(segmenter: Segmenter, shared_data: Path, dataset: str) -> None:
    rows = [row for row in read_rows(shared_data / "cxr", dataset) if fold(row["patient"]) != 1][:10]
    reports = [screened(segmenter, read_film(shared_data / "cxr" / row["file"])) for row in rows]
    assert sum(report.accepted for report in reports) >= 9


def _with(segmenter: Segmenter, masks: NDArray[np.uint8], **scores: float) -> Segmentation:
    confidence = {structure: scores.get(structure.name, 0.95) for structure in Structure}
    return Segmentation(masks, confidence, segmenter.source)


def test_a_chest_with_one_white_lung_is_accepted_and_the_loss_is_told(
    segmenter: Segmenter, drawn_chest: NDArray[np.uint8]
) -> None:
    drawn_chest[0] = 0
    film = make_phantom(2, size=200).film
    lost = screen(film, _with(segmenter, drawn_chest, LEFT_LUNG=0.0))
    assert lost.accepted
    assert [outcome.what for outcome in lost.outcomes] == [ScreenFinding.LUNG_NOT_OUTLINED]
    assert "left lung" in lost.warnings[0]
    assert not screen(film, _with(segmenter, drawn_chest, LEFT_LUNG=0.0, HEART=0.5)).accepted


def test_the_view_that_the_file_tells_wins_and_a_disagreement_is_told(segmenter: Segmenter) -> None:
    film = make_phantom(2, size=256).film
    for told in (ViewPosition.PA, ViewPosition.AP):
        report = screened(segmenter, film, view=told)
        assert report.view is told
        said = {outcome.what for outcome in report.outcomes}
        other = {ViewPosition.PA: ScreenFinding.VIEW_AP, ViewPosition.AP: ScreenFinding.VIEW_PA}[told]
        assert (ScreenFinding.VIEW_DISAGREES in said) is (other in said)
        assert all(outcome.error_rate for outcome in report.outcomes)

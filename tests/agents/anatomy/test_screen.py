"""Chest films and phantoms pass the screen; photographs, turned films, blanks and noise do not, and are told why."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.anatomy.recipe.data import fold, read_film, read_rows
from wardround.agents.anatomy.screen import SUBJECT, screen
from wardround.agents.anatomy.segmenter import Segmenter
from wardround.agents.imaging.phantom import make_phantom, plant_named
from wardround.contracts.evidence import EvidenceKind, Polarity, ScreenReport

Film = NDArray[np.float32]
PLANTS = ("", "effusion", "pneumothorax", "cardiomegaly", "nodule")
PICTURES = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "chessboard_GRAY.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "color.png",
    "grass.png",
    "gravel.png",
    "horse.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "logo.png",
    "microaneurysms.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "phantom.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)


def screened(segmenter: Segmenter, film: Film) -> ScreenReport:
    film = np.ascontiguousarray(film, dtype=np.float32)
    return screen(film, segmenter.predict([film])[0])


@pytest.mark.parametrize("name", PICTURES)
def test_a_photograph_is_refused_with_a_reason(segmenter: Segmenter, name: str) -> None:
    report = screened(segmenter, read_film(Path(str(files("skimage") / "data" / name))))
    assert not report.accepted
    assert report.reason.startswith("Not readable as an upright frontal chest film: ")
    (item,) = report.items
    assert (item.kind, item.subject, item.polarity) == (EvidenceKind.QUALITY, SUBJECT, Polarity.ABSENT)


@pytest.mark.parametrize("plant", PLANTS)
def test_phantoms_are_accepted(segmenter: Segmenter, plant: str) -> None:
    for seed in range(4):
        report = screened(segmenter, make_phantom(seed, (plant_named(plant),) if plant else (), size=256).film)
        assert (report.accepted, report.reason) == (True, "")
        assert report.items[0].polarity is Polarity.PRESENT


@pytest.mark.parametrize(
    ("turn", "name"),
    [
        (lambda film: film.T, "on its side"),
        (lambda film: film[::-1], "upside down"),
        (lambda film: 1.0 - film, "inverted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_film_turned_or_inverted_is_refused(segmenter: Segmenter, turn: object, name: str) -> None:
    assert callable(turn)
    assert not screened(segmenter, turn(make_phantom(2, size=256).film)).accepted


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
    assert screened(segmenter, film).warnings == ()
    mirrored = screened(segmenter, film[:, ::-1])
    assert mirrored.accepted
    assert "heart" in mirrored.warnings[0]


@pytest.mark.parametrize("dataset", ["NIH", "Hannover", "ieee8023"])
def test_real_films_are_accepted(segmenter: Segmenter, shared_data: Path, dataset: str) -> None:
    rows = [row for row in read_rows(shared_data / "cxr", dataset) if fold(row["patient"]) != 1][:10]
    reports = [screened(segmenter, read_film(shared_data / "cxr" / row["file"])) for row in rows]
    assert sum(report.accepted for report in reports) >= 9


def test_every_picture_of_the_list_ships_with_scikit_image() -> None:
    for name in PICTURES:
        with Image.open(str(files("skimage") / "data" / name)) as picture:
            assert min(picture.size) > 1

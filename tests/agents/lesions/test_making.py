"""A folder of images becomes a model that says how well it does on patients held out, and is read as it was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from planted_pairs import SETTINGS, write_pairs

from wardround.agents.lesions.data.folders import read_folder
from wardround.agents.lesions.data.synthetic import small_lesions
from wardround.agents.lesions.folder import load, save
from wardround.agents.lesions.making import POINTS, make_model, operating_points
from wardround.agents.lesions.reading import read_film
from wardround.agents.lesions.settings import LesionSettings, read_settings
from wardround.agents.measures.froc import Matched
from wardround.contracts.errors import CallerError, Fault, ProblemCode


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve phantom films as pairs of pictures."""
    root = tmp_path_factory.mktemp("pairs")
    write_pairs(root)
    return root


def _settings(folder: Path, text: str = SETTINGS) -> LesionSettings:
    path = folder / "fit.toml"
    path.write_text(text)
    return read_settings(path)


def test_a_folder_becomes_a_model_that_reads_as_before(pairs: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    settings = _settings(tmp_path)
    made = make_model(read_folder(pairs), settings, lambda *at: heard.append(at))
    card = save(made.network, tmp_path / "model", made.card, settings.training)
    assert (
        card.target == "planted lesion" and card.version.startswith("1-") and set(card.operating_points) == set(POINTS)
    )
    assert card.images + card.held_out_images == 12 and card.held_out_images > 0
    assert {what for what, _, _ in heard} == {"training", "measuring"}
    assert any("each image is its own patient" in one or "patient" in one for one in made.warnings)

    loaded = load(tmp_path / "model")
    assert loaded.card == card
    film = small_lesions(1, size=128, seed=9)[0].image
    before, after = (read_film(one, film, card.window).probability for one in (made.network, loaded.network))
    np.testing.assert_allclose(before, after, atol=5e-3)

    weights = tmp_path / "model" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    with pytest.raises(Fault) as broken:
        load(tmp_path / "model")
    assert broken.value.problem.code is ProblemCode.WEIGHTS_MISMATCH


def test_cuts_leave_the_false_alarms_that_they_are_named_for() -> None:
    nothing = np.zeros(0)
    images = [
        Matched("a", nothing, nothing, nothing, np.array([0.9, 0.5, 0.3])),
        Matched("b", nothing, nothing, nothing, np.array([0.8])),
    ]
    points = operating_points(images)
    for name, rate in POINTS.items():
        left = sum(int((image.false >= points[name]).sum()) for image in images)
        assert left <= rate * len(images)
    assert points["specific"] > points["balanced"] > points["sensitive"]


def test_what_cannot_be_learned_from_is_refused(pairs: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    for part in ("images", "masks"):
        (empty / part).mkdir(parents=True)
    for number in range(12):
        for part in ("images", "masks"):
            Image.fromarray(np.zeros((64, 64), dtype=np.uint8)).save(empty / part / f"film{number}.png")
    with pytest.raises(CallerError, match="all masks are empty"):
        make_model(read_folder(empty), _settings(tmp_path))
    with pytest.raises(CallerError, match="there is no option 'stepps'"):
        _settings(tmp_path, "[training]\nstepps = 3\n")
    with pytest.raises(CallerError, match="do not divide into heads"):
        _settings(tmp_path, "[network]\nhead = 24\n")

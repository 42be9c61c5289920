"""`wardround lesions` as its user sees it: a folder of images becomes a model, and an image its lesions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from planted_pairs import SETTINGS, write_pairs
from typer.testing import CliRunner, Result

from wardround.agents.lesions.asking import Wanted, find_lesions
from wardround.agents.lesions.command import app
from wardround.agents.lesions.folder import Loaded, load
from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError
from wardround.contracts.lesions import LesionModelCard, LesionModels, LesionReport


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which a small model was fitted by the command."""
    root = tmp_path_factory.mktemp("home")
    write_pairs(root / "pairs")
    (root / "fit.toml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_HOME", str(root))
        done = _run("fit", root / "pairs", "--config", root / "fit.toml", "--out", "mine", "--json")
    card = LesionModelCard.model_validate_json(done.stdout)
    assert card.name == "planted" and card.target == "planted lesion" and "warning:" in done.stderr
    return root


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(home))


def _run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def test_an_image_gets_its_lesions_with_sizes_and_a_picture(home: Path, tmp_path: Path) -> None:
    image, picture = home / "pairs" / "images" / "film0.png", tmp_path / "seen.png"
    asked: list[str | Path] = ["segment", "mine", image, "--spacing", "0.5", "--point", "0.4", "--views", "4"]
    report = LesionReport.model_validate_json(_run(*asked, "--overlay", picture, "--json").stdout)
    assert report.model == "planted" and not report.calibrated and report.notice == NOTICE
    for lesion in report.lesions:
        assert lesion.diameter_mm == pytest.approx(0.5 * lesion.diameter_px)
        assert 0.4 <= lesion.peak <= 1.0 and lesion.mean <= lesion.peak
    with Image.open(picture) as drawn:
        assert drawn.size[0] == 128
    assert "diameter, mm" in _run(*asked).stdout
    plain = LesionReport.model_validate_json(_run("segment", "mine", image, "--json").stdout)
    assert all(one.diameter_mm is None for one in plain.lesions)


def test_models_are_listed_and_shown(home: Path) -> None:
    assert [one.name for one in LesionModels.model_validate_json(_run("list", "--json").stdout).models] == ["planted"]
    assert "planted lesion" in _run("show", "mine").stdout


def test_an_image_of_another_resolution_is_read_at_the_model_s(home: Path) -> None:
    loaded = load(home / "models" / "lesions" / "mine")
    fine = Loaded(loaded.card.model_copy(update={"spacing_mm": 1.0}), loaded.network)
    film = np.random.default_rng(0).uniform(size=(120, 160)).astype(np.float32)
    found = find_lesions(fine, film, 0.5, Wanted(point=0.4))
    assert found.masks.shape[1:] == film.shape and len(found.masks) == len(found.report.lesions)
    for lesion, mask in zip(found.report.lesions, found.masks, strict=True):
        assert int(mask.sum()) == lesion.area_px
    unknown = find_lesions(fine, film, None, Wanted(point=0.4))
    assert any("spacing is unknown" in one for one in unknown.report.warnings)


def test_small_lesions_can_be_left_out(home: Path) -> None:
    loaded = load(home / "models" / "lesions" / "mine")
    film = np.random.default_rng(1).uniform(size=(96, 96)).astype(np.float32)
    every = find_lesions(loaded, film, 1.0, Wanted(point=0.45)).report.lesions
    assert every, "an untrained model calls something"
    middle = float(np.median([one.diameter_mm or 0.0 for one in every]))
    large = find_lesions(loaded, film, 1.0, Wanted(point=0.45, minimum_mm=middle)).report.lesions
    assert len(large) < len(every) or all((one.diameter_mm or 0.0) >= middle for one in every)
    assert all((one.diameter_mm or 0.0) >= middle for one in large)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("segment", "nobody", "IMAGE"), "no lesions model of that name"),
        (("segment", "mine", "missing.png"), "not there"),
        (("segment", "mine", "TEXT"), "cannot be decoded"),
        (("segment", "mine", "IMAGE", "--point", "sharp"), "no operating point of that name"),
        (("segment", "mine", "IMAGE", "--point", "3"), "between 0 and 1"),
        (("segment", "mine", "IMAGE", "--spacing", "-1"), "above 0"),
        (("fit", "nowhere", "--out", "x"), ""),
        (("fit", "PAIRS", "--out", "mine"), "exists already"),
        (("fit", "PAIRS", "--out", "x", "--layout", "odd"), ""),
    ],
)
def test_what_cannot_be_done_is_told_with_what_to_do(
    arguments: tuple[str, ...], said: str, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    named = {"IMAGE": home / "pairs" / "images" / "film0.png", "TEXT": tmp_path / "text.png", "PAIRS": home / "pairs"}
    with pytest.raises(CallerError) as refused:
        _run(*(named.get(one, one) for one in arguments))
    assert said in refused.value.problem.message and refused.value.problem.hint
    assert str(home) not in str(refused.value)

"""`wardround evaluate` from the shell: JSON on stdout, pictures where asked, wrong folders told in a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from wardround.contracts.anatomy import Structure
from wardround.contracts.base import NOTICE
from wardround.contracts.codes import nih_labels
from wardround.contracts.errors import CallerError
from wardround.evals.evaluate.command import app
from wardround.orchestrator.cli import build_app

_RUNNER = CliRunner()


def _run(*arguments: str | Path) -> str:
    done = _RUNNER.invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def _json(*arguments: str | Path) -> Any:
    return json.loads(_run(*arguments, "--json"))


def test_the_command_is_registered_with_its_four_rooms() -> None:
    shown = _RUNNER.invoke(build_app("evaluate"), ["evaluate", "--help"]).stdout
    for name in ("detector", "anatomy", "locate", "screen"):
        assert name in shown


def test_the_bundled_detector_is_measured_on_phantoms(phantoms: Path, tmp_path: Path) -> None:
    told = _json("detector", phantoms, "--dataset", "Phantoms", "--plots", tmp_path / "out")
    assert told["n"] == 12 and told["model"] == "cxr-lite0" and told["notice"] == NOTICE
    assert set(told["auc"]) == set(nih_labels())
    assert set(told["auc"]["Effusion"]) >= {"value", "low", "high", "positives", "floor_view"}
    assert told["auc"]["Effusion"]["positives"] == 6
    assert told["auc"]["Hernia"]["value"] is None and told["auc"]["Hernia"]["reason"]
    assert set(told["macro_auc"]) >= {"value", "low", "high"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"roc.png", "reliability.png", "risk_coverage.png"}


def test_the_segmenter_is_measured_on_phantoms_beside_the_mean_shape(phantoms: Path, tmp_path: Path) -> None:
    told = _json("anatomy", phantoms, "--dataset", "all", "--plots", tmp_path)
    assert set(told["dice"]) == {structure.value for structure in Structure}
    assert told["dice"]["right lung"] > 0.85
    assert told["detail"]["right lung"]["n"] == told["ctr_films"] == 12
    assert 0.0 <= told["ctr_error"]["low"] <= told["ctr_error"]["value"] < 0.15
    assert (tmp_path / "dice.png").is_file()
    some = _json("anatomy", phantoms, "--dataset", "Phantoms", "--held-out")
    assert 0 < some["n"] < 12 and some["warnings"] == []


def test_boxes_on_phantoms_are_located(phantoms: Path) -> None:
    told = _json("locate", phantoms, "--dataset", "Phantoms")
    method = told["methods"]["detector"]
    assert told["n"] == 6 and method["labels"]["Effusion"]["n"] == 6
    assert set(method["pointing_over_prior"]) >= {"value", "low", "high", "p"}
    assert method["regions"]["n"] == 6


def test_what_is_no_film_is_counted_with_its_reason_and_turned_films_are_found_out(
    phantoms: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(phantoms, folder)
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (128, 128, 3), dtype=np.uint8)).save(folder / "images" / "colour.png")
    Image.fromarray(random.integers(0, 255, (128, 128), dtype=np.uint8)).save(folder / "images" / "noise.png")
    (folder / "images" / "torn.png").write_bytes((folder / "images" / "noise.png").read_bytes()[:900])
    with (folder / "labels.csv").open("a", encoding="utf-8") as lines:
        for name in ("colour", "noise", "torn"):
            lines.write(f"{name},images/{name}.png,other pictures,,,{name},128,128,\n")
    told = _json("screen", folder, "--rotate", "2", "--limit", "3")
    films, others = told["datasets"]["Phantoms"], told["datasets"]["other pictures"]
    assert told["n"] == 6 and films["accepted"] == 1.0 and others["accepted"] == 0.0
    assert others["refusals"]["colour_image"] == others["refusals"]["damaged_file"] == 1
    assert sum(others["refusals"].values()) >= 3
    for name in ("rotated by 90 degrees", "rotated by 180 degrees", "rotated by 270 degrees", "grey scale inverted"):
        assert films["altered"][name]["n"] == 2
        assert films["altered"][name]["found"] == 1.0
    assert others["altered"] == {}


def test_without_json_a_table_is_printed_with_the_notice(phantoms: Path) -> None:
    shown = _run("anatomy", phantoms, "--dataset", "Phantoms", "--limit", "3")
    assert "left clavicle" in shown and "Not for clinical use" in shown


@pytest.mark.parametrize("room", ["detector", "anatomy", "locate", "screen"])
def test_an_unknown_data_set_or_folder_is_told_and_nothing_is_loaded(room: str, phantoms: Path, tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="Kermany"):
        _run(room, phantoms, "--dataset", "Kermany")
    with pytest.raises(CallerError, match="no folder"):
        _run(room, tmp_path / "nowhere")


def test_a_folder_without_masks_says_how_they_are_named(shades: Path) -> None:
    with pytest.raises(CallerError) as caught:
        _run("anatomy", shades, "--dataset", "NIH")
    assert "left_lung.png" in str(caught.value.problem)


def test_an_unknown_model_is_told(shades: Path) -> None:
    with pytest.raises(CallerError, match="no model named 'nobody'"):
        _run("detector", shades, "--model", "nobody")


def test_real_films_are_measured(shared_data: Path) -> None:
    told = _json("detector", shared_data / "cxr", "--limit", "12")
    assert told["n"] == 12 and told["dataset"] == ["NIH ChestX-ray14"]
    assert told["auc"]["Atelectasis"]["films"] == 12

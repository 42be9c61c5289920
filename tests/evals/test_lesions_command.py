"""`wardround evaluate lesions` as its user sees it: a model on films of other patients, and networks side by side."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from nodule_films import SMALL, write_films
from planted_pairs import write_pairs
from typer.testing import CliRunner, Result

from wardround.agents.cxr.seen import fold_of_patient, mark
from wardround.agents.lesions.data.nodules import read_nodules
from wardround.agents.lesions.folder import load, save
from wardround.agents.lesions.making import make_model
from wardround.agents.lesions.settings import read_settings
from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError
from wardround.evals.evaluate.command import app

_RATES = {"0.25", "0.5", "1", "2", "4", "8"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films, a small model of four fifths of their patients, and nothing on any shelf."""
    root = tmp_path_factory.mktemp("home")
    write_films(root / "films")
    (root / "fit.toml").write_text(SMALL)
    settings = read_settings(root / "fit.toml")
    made = make_model(read_nodules(root / "films"), settings)
    save(made.network, root / "small", made.card, settings.training)
    return root


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_HOME", str(home))


def _run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(app, ["lesions", *(str(one) for one in arguments)])
    if done.exception is not None:
        raise done.exception
    return done


def _json(*arguments: str | Path) -> Any:
    return json.loads(_run(*arguments, "--json").stdout)


def test_a_model_is_measured_on_the_patients_that_it_did_not_learn_from(home: Path, tmp_path: Path) -> None:
    told = _json(home / "films", "--model", home / "small", "--plots", tmp_path / "out")
    held = sum(fold_of_patient(f"P{number}") == 0 for number in range(16))
    assert told["n"] == told["fresh"] == held < 16
    assert set(told["froc"]) == _RATES and set(told["froc"]["2"]) >= {"value", "low", "high", "n"}
    assert told["froc"]["1"]["n"] == told["lesions"] == sum(one["1"]["n"] for one in told["froc_by_size"].values())
    assert "3 to 5" in told["froc_by_subtlety"] and set(told["floors"]) == {"blobs", "random marks"}
    assert set(told["froc_by_size"]) == {"below 10 mm", "10 to 20 mm", "from 20 mm"}
    assert {"dice", "hd95_mm", "recall", "precision"} <= set(told) and told["calibrated"] is False
    assert told["model"] == "small" and told["version"].startswith("1-") and told["notice"] == NOTICE
    drawn = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"froc.png", "recall.png"} <= drawn <= {"froc.png", "recall.png", "missed.png", "false_alarms.png"}
    assert len(drawn) > 2


def test_a_folder_of_wholly_other_patients_is_read_whole(home: Path, tmp_path: Path) -> None:
    write_films(tmp_path / "others", first="Q", count=8)
    told = _json(tmp_path / "others", "--model", home / "small")
    assert told["n"] == told["fresh"] == 8
    folds = Counter(fold_of_patient(f"Q{number}") for number in range(8))
    fold, count = folds.most_common(1)[0]
    assert _json(tmp_path / "others", "--model", home / "small", "--fold", str(fold))["n"] == count


def test_a_folder_of_its_own_patients_is_read_only_where_that_is_asked_for(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    shutil.copytree(home / "films", folder)
    known = load(home / "small").card.learned_from
    lines = (folder / "labels.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if mark(line.split(",")[1]) in known]
    (folder / "labels.csv").write_text("".join([lines[0], *kept]))
    with pytest.raises(CallerError, match="did not learn from"):
        _run(folder, "--model", home / "small")
    done = _run(folder, "--model", home / "small", "--all", "--json")
    assert json.loads(done.stdout)["fresh"] == 0 and "flatter" in done.stderr


def test_a_card_without_its_patients_leaves_the_rule_of_the_fold_and_that_is_said(home: Path, tmp_path: Path) -> None:
    loaded = load(home / "small")
    settings = read_settings(home / "fit.toml")
    network: Any = loaded.network
    save(network, tmp_path / "plain", loaded.card.model_copy(update={"learned_from": ()}), settings.training)
    done = _run(home / "films", "--model", tmp_path / "plain", "--json")
    assert json.loads(done.stdout)["fresh"] == 0 and "fold 0" in done.stderr


def test_pairs_are_measured_in_pixels(home: Path, tmp_path: Path) -> None:
    write_pairs(tmp_path / "pairs", count=4)
    told = _json(tmp_path / "pairs", "--model", home / "small", "--plots", tmp_path / "out")
    assert told["n"] == 4 and told["hd95_mm"] is None and set(told["hd95_px"]) >= {"value", "low", "high"}
    assert "below 8 px" in told["froc_by_size"] and told["froc_by_subtlety"] == {}
    assert "recall" in _run(tmp_path / "pairs", "--model", home / "small").stdout


def test_networks_are_compared_on_one_split_and_a_second_run_is_the_first(home: Path, tmp_path: Path) -> None:
    asked: list[str | Path] = [home / "films", "--baselines", "--variants", "full,unet", "--seeds", "0,1"]
    asked += ["--steps", "2", "--config", home / "fit.toml", "--keep", tmp_path / "kept"]
    told = _json(*asked, "--plots", tmp_path / "out")
    bench = told["bench"]
    assert told["model"] is None and bench["steps"] == 2 and set(bench["models"]) == {"full", "unet"}
    assert bench["learned_samples"] == 7 * (16 - bench["films"]), "each film six times as it is and once with nodules"
    gap = bench["differences"]["full - unet"]["3 to 5"]["mean"]
    assert len(gap["by_seed"]) == 2 and {"low", "high", "seed_low", "seed_high"} <= set(gap)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"froc_baselines.png", "recall_baselines.png"}
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}
    assert sorted(name.split(".")[0] for name in kept) == ["lesions"] * 4 + ["weights"] * 4
    assert _json(*asked) == told
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()} == kept


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none",), "nothing to measure on"),
        (("none", "--baselines"), "nothing to measure on"),
        (("none", "--ablation", "--variants", "magic"), "magic"),
        (("none", "--ablation", "--seeds", "one"), "no list of seeds"),
        (("nowhere",), "no lesions model"),
        (("nowhere", "--model", "nobody"), "no lesions model"),
    ],
)
def test_what_cannot_be_measured_is_told(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CallerError, match=said):
        _run(*arguments)


def test_a_folder_that_is_none_and_one_without_lesions_are_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="no such folder"):
        _run(tmp_path / "nowhere", "--model", home / "small")
    write_films(tmp_path / "normal", first="N", count=4)
    table = tmp_path / "normal" / "labels.csv"
    lines = [line.split(",")[:7] for line in table.read_text().splitlines()]
    table.write_text("\n".join([",".join([*lines[0], "annotations"]), *(",".join([*row, "{}"]) for row in lines[1:])]))
    with pytest.raises(CallerError, match="has a lesion"):
        _run(tmp_path / "normal", "--model", home / "small")

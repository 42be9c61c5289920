"""`wardround survival` as its user sees it: a table becomes a model, a model answers, and bad tables are told why."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulated_survival import cohort, write_cohort
from typer.testing import CliRunner, Result

from wardround.agents.survival.command import app
from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError
from wardround.contracts.survival import Comparison, Explanation, SurvivalModelCard, SurvivalModels

_SETTINGS = """
folds = 2
[cohort]
name = "clinic"
endpoint = "death"
time_unit = "days"
[units]
age = "years"
[options]
members = 2
epochs = 3
width = 8
dimensions = 4
bends = 1
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own."""
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path, Path]:
    """A cohort of 80 as a table, expression, gene sets and bags."""
    patients, _ = cohort(80, genes=6, bags=True)
    return write_cohort(patients, tmp_path_factory.mktemp("cohort"))


def _run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def _fit(table: Path, folder: Path, *more: str | Path) -> Result:
    settings = folder.parent / "settings.toml"
    settings.write_text(_SETTINGS)
    return _run(
        "fit", table, "--time", "days", "--event", "died", "--id", "id", "--config", settings, "--out", folder, *more
    )


def test_a_table_with_genes_and_slides_becomes_a_model_that_answers(
    files: tuple[Path, Path, Path, Path], tmp_path: Path
) -> None:
    table, genes, sets, bags = files
    more: list[str | Path] = ["--genes", genes, "--genesets", sets, "--bags", bags]
    card = SurvivalModelCard.model_validate_json(_fit(table, tmp_path / "m", *more, "--json").stdout)
    assert card.name == "clinic" and card.modalities == ("clinical", "genes", "histology")
    assert card.pathways == ("FIRST", "SECOND") and card.cohort.time_unit == "days"
    assert {"harrell_c", "integrated_brier", "d_calibration_p"} <= set(card.figures) and set(card.floors)
    assert next(one for one in card.covariates if one.name == "age").unit == "years"

    more = ["--id", "id", "--genes", genes, "--bags", bags, "--json"]
    told = Comparison.model_validate_json(_run("predict", tmp_path / "m", table, *more).stdout)
    assert len(told.estimates) == 80 and told.notice == NOTICE
    assert all(set(one.used) == set(card.modalities) for one in told.estimates)
    groups = {one.group.value for one in told.estimates}
    assert groups == {"low", "middle", "high"}

    parts = Explanation.model_validate_json(_run("explain", tmp_path / "m", table, *more).stdout)
    assert {one.modality for one in parts.attributions} == set(card.modalities)
    assert NOTICE[:20] in _run("show", tmp_path / "m").stdout


def test_a_plain_name_goes_among_the_user_s_models_and_is_listed(
    files: tuple[Path, Path, Path, Path], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "settings.toml"
    settings.write_text(_SETTINGS)
    columns = ["--time", "days", "--event", "died", "--id", "id", "--config", str(settings), "--folds", "0"]
    _run("fit", files[0], *columns, "--out", "mine")
    assert (home / "models" / "survival" / "mine" / "card.json").is_file()
    listed = SurvivalModels.model_validate_json(_run("list", "--json").stdout)
    assert {one.name for one in listed.models} == {"ncctg-lung", "clinic"}
    assert "ncctg-lung" in _run("list").stdout and "mine" in _run("list").stdout


def test_a_patient_is_filled_into_the_template_and_drawn(tmp_path: Path) -> None:
    patient = json.loads(_run("template", "ncctg-lung").stdout)
    assert patient["clinical"].keys() >= {"age", "sex", "ecog"}
    patient["clinical"] |= {"age": 61, "sex": "female", "ecog": 0}
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(patient))
    picture = tmp_path / "curve.png"
    shown = _run("predict", "ncctg-lung", file, "--plot", picture)
    assert "median" in shown.stdout and "days" in shown.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_two_fits_of_one_seed_are_the_same_to_the_byte(files: tuple[Path, Path, Path, Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        _fit(files[0], tmp_path / name)
    first, second = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two"))
    assert first == second


def _changed(table: Path, folder: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Path:
    with table.open(newline="") as file:
        rows = change(list(csv.DictReader(file)))
    path = folder / "changed.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _all(name: str, value: Any) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda rows: [{**row, name: value} for row in rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_all("days", -1), "negative"),
        (_all("days", "NaN"), "no time"),
        (_all("died", 0), "event"),
        (_all("died", 2), "neither 0 nor 1"),
        (lambda rows: rows[:3], "3 patients"),
        (lambda rows: [*rows, rows[0]], "same id"),
        (
            lambda rows: [{"id": row["id"], "days": row["days"], "died": row["died"]} for row in rows],
            "nothing to learn",
        ),
        (lambda rows: [{**row, "age": 1, "dose": 1, "noise": 1, "more noise": 1} for row in rows], "nothing to learn"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_refused_and_leaves_nothing(
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    said: str,
    files: tuple[Path, Path, Path, Path],
    tmp_path: Path,
) -> None:
    table = _changed(files[0], tmp_path, change)
    with pytest.raises(CallerError, match=said) as refused:
        _fit(table, tmp_path / "m")
    assert str(tmp_path) not in str(refused.value) and "P0" not in str(refused.value)
    assert not (tmp_path / "m").exists()


def test_what_else_can_be_wrong_is_told(files: tuple[Path, Path, Path, Path], tmp_path: Path) -> None:
    table, genes, _, _ = files
    strange = tmp_path / "strange.gmt"
    strange.write_text("OTHER\tnone\tTP53\tBRCA1\n")
    with pytest.raises(CallerError, match="No gene of the table"):
        _fit(table, tmp_path / "m", "--genes", genes, "--genesets", strange)
    with pytest.raises(CallerError, match="no column"):
        _run("fit", table, "--time", "weeks", "--event", "died", "--out", tmp_path / "m")
    (tmp_path / "odd.toml").write_text("[options]\nmembres = 3\n")
    with pytest.raises(CallerError, match="membres"):
        _run(
            *("fit", table, "--time", "days", "--event", "died", "--out", tmp_path / "m"),
            *("--config", tmp_path / "odd.toml"),
        )
    (tmp_path / "there").mkdir()
    with pytest.raises(CallerError, match="exists already"):
        _fit(table, tmp_path / "there")
    with pytest.raises(CallerError, match="no survival model"):
        _run("predict", "nobody", table)
    (tmp_path / "no.json").write_text('{"clinical": [1]}')
    with pytest.raises(CallerError, match="is no patient"):
        _run("predict", "ncctg-lung", tmp_path / "no.json")

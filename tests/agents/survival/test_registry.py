"""Models are found by name in the user's data folder, wherever that lies, and one that is broken hides no other."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from survival_study import Study, refused

from wardround.agents.survival.card import model_card
from wardround.agents.survival.registry import (
    model_folder,
    model_folders,
    named_folder,
    new_folder,
    open_all,
    own_folder,
    the_model,
)
from wardround.agents.weights.model_folder import CARD
from wardround.contracts.errors import ProblemCode

Environment = dict[str, str]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment of a user who has no model yet, and none that comes with the package."""
    monkeypatch.setattr("wardround.agents.survival.registry.BUNDLED", tmp_path / "bundled")
    return {"WARDROUND_HOME": str(tmp_path / "home")}


def _put(study: Study, environment: Environment, *names: str) -> None:
    for name in names:
        shutil.copytree(study.folder, own_folder(environment) / name)


def test_own_models_lie_in_the_data_folder(study: Study, own: Environment, tmp_path: Path) -> None:
    assert model_folders(own) == {}
    _put(study, own, "lung", "breast.2")
    assert own_folder(own) == tmp_path / "home" / "models" / "survival"
    assert set(model_folders(own)) == {"lung", "breast.2"}
    assert model_folder("lung", own) == own_folder(own) / "lung"


def test_the_platform_s_folder_is_used_where_none_is_named(own: Environment) -> None:
    assert own_folder({}).parts[-2:] == ("models", "survival") and own_folder({}) != own_folder(own)


def test_what_is_no_model_is_not_listed(study: Study, own: Environment) -> None:
    _put(study, own, "lung", ".lung-part", "-x")
    (own_folder(own) / "empty").mkdir()
    (own_folder(own) / "file").write_text("no model")
    assert set(model_folders(own)) == {"lung"}


def test_an_unknown_name_is_told_with_those_that_are_known(study: Study, own: Environment, tmp_path: Path) -> None:
    _put(study, own, "lung")
    for name in ("long", "../lung", "", "z" * 1_000_000):
        said = refused(ProblemCode.NOT_FOUND, partial(model_folder, name, own), tmp_path, "zzz")
        assert "lung" in said and "wardround survival fit" in said


def test_without_a_name_the_only_model_is_meant_and_of_several_none(
    study: Study, own: Environment, tmp_path: Path
) -> None:
    assert "None is here yet" in refused(ProblemCode.NOT_FOUND, lambda: the_model("", own), tmp_path)
    _put(study, own, "lung")
    assert the_model("", own) == the_model("lung", own) == own_folder(own) / "lung"
    _put(study, own, "breast")
    assert "breast, lung" in refused(ProblemCode.BAD_ARGUMENT, lambda: the_model("", own), tmp_path)


def test_a_bundled_name_is_the_bundled_model_s(study: Study, own: Environment, tmp_path: Path) -> None:
    shutil.copytree(study.folder, tmp_path / "bundled" / "lung")
    _put(study, own, "lung")
    assert model_folder("lung", own) == tmp_path / "bundled" / "lung"


def test_a_path_leads_to_a_model_and_else_a_name_is_meant(study: Study, own: Environment) -> None:
    _put(study, own, "lung")
    assert named_folder(str(study.folder), own) == study.folder
    assert named_folder("lung", own) == own_folder(own) / "lung"
    refused(ProblemCode.NOT_FOUND, lambda: named_folder(str(study.folder.parent), own), study.folder.parent)


def test_a_new_model_goes_among_the_user_s_own_or_where_a_path_leads(own: Environment, tmp_path: Path) -> None:
    assert new_folder(Path("lung"), own) == own_folder(own) / "lung"
    assert new_folder(tmp_path / "lung", own) == tmp_path / "lung"
    for name in ("..", ".hidden", "-x", "a b", "z" * 81, "", "lung\n"):
        refused(ProblemCode.BAD_ARGUMENT, partial(new_folder, Path(name), own), tmp_path, "zzz")


def test_a_broken_model_is_told_and_the_others_open(study: Study, own: Environment, tmp_path: Path) -> None:
    _put(study, own, "lung", "broken")
    (own_folder(own) / "broken" / CARD).write_text("{}")
    opened, broken = open_all(own)
    assert set(opened) == {"lung"}
    (said,) = broken
    assert said.startswith("'broken': ") and str(tmp_path) not in said


def test_a_model_s_card_tells_its_cohort_and_that_nothing_was_measured(study: Study) -> None:
    card = model_card(study.loaded.card)
    assert card.calibration == "not measured" and card.figures == ()
    assert card.task == "Survival without death from clinical, genes, histology"
    assert "100 patients" in card.training_data


@pytest.mark.parametrize(("p", "calibrated", "says"), [(0.4, True, "p 0.400"), (0.001, False, "the curves are scores")])
def test_a_measured_model_s_card_puts_figures_beside_ridge_cox(
    study: Study, p: float, calibrated: bool, says: str
) -> None:
    measured = {"harrell_c": 0.7, "integrated_brier": 0.15, "d_calibration_p": p, "folds": 5.0}
    card = model_card(
        study.loaded.card.model_copy(
            update={"figures": measured, "floors": {"harrell_c": 0.68}, "calibrated": calibrated}
        )
    )
    told = {figure.name: figure for figure in card.figures}
    assert set(told) == {"harrell_c", "integrated_brier", "d_calibration_p"}
    assert (told["harrell_c"].floor, told["harrell_c"].floor_name) == (0.68, "ridge Cox")
    assert told["integrated_brier"].floor is None and "5 folds" in told["harrell_c"].data
    assert says in card.calibration

"""Models are found by name in the user's data folder, wherever that lies, and one that is broken hides no other."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from survival_study import Study, refused

from wardround.agents.survival.folder import load
from wardround.agents.weights.model_folder import CARD
from wardround.agents.weights.model_shelf import ModelShelf
from wardround.contracts.errors import ProblemCode

Environment = dict[str, str]


@pytest.fixture
def own(tmp_path: Path) -> Environment:
    """The environment of a user who has no model yet."""
    return {"WARDROUND_HOME": str(tmp_path / "home")}


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    """A shelf with which no model comes along."""
    return ModelShelf("survival", tmp_path / "bundled")


def _put(study: Study, environment: Environment, shelf: ModelShelf, *names: str) -> None:
    for name in names:
        shutil.copytree(study.folder, shelf.own(environment) / name)


def test_own_models_lie_in_the_data_folder(study: Study, own: Environment, shelf: ModelShelf, tmp_path: Path) -> None:
    assert shelf.folders(own) == {}
    _put(study, own, shelf, "lung", "breast.2")
    assert shelf.own(own) == tmp_path / "home" / "models" / "survival"
    assert set(shelf.folders(own)) == {"lung", "breast.2"}
    assert shelf.folder("lung", own) == shelf.own(own) / "lung"


def test_the_platform_s_folder_is_used_where_none_is_named(own: Environment, shelf: ModelShelf) -> None:
    assert shelf.own({}).parts[-2:] == ("models", "survival") and shelf.own({}) != shelf.own(own)


def test_what_is_no_model_is_not_listed(study: Study, own: Environment, shelf: ModelShelf) -> None:
    _put(study, own, shelf, "lung", ".lung-part", "-x")
    (shelf.own(own) / "empty").mkdir()
    (shelf.own(own) / "file").write_text("no model")
    assert set(shelf.folders(own)) == {"lung"}


def test_an_unknown_name_is_told_with_those_that_are_known(
    study: Study, own: Environment, shelf: ModelShelf, tmp_path: Path
) -> None:
    _put(study, own, shelf, "lung")
    for name in ("long", "../lung", "", "z" * 1_000_000):
        said = refused(ProblemCode.NOT_FOUND, partial(shelf.folder, name, own), tmp_path, "zzz")
        assert "lung" in said and "wardround survival fit" in said


def test_without_a_name_the_only_model_is_meant_and_of_several_none(
    study: Study, own: Environment, shelf: ModelShelf, tmp_path: Path
) -> None:
    assert "None is here yet" in refused(ProblemCode.NOT_FOUND, lambda: shelf.the_one("", own), tmp_path)
    _put(study, own, shelf, "lung")
    assert shelf.the_one("", own) == shelf.the_one("lung", own) == shelf.own(own) / "lung"
    _put(study, own, shelf, "breast")
    assert "breast, lung" in refused(ProblemCode.BAD_ARGUMENT, lambda: shelf.the_one("", own), tmp_path)


def test_a_bundled_name_is_the_bundled_model_s(
    study: Study, own: Environment, shelf: ModelShelf, tmp_path: Path
) -> None:
    shutil.copytree(study.folder, tmp_path / "bundled" / "lung")
    _put(study, own, shelf, "lung")
    assert shelf.folder("lung", own) == tmp_path / "bundled" / "lung"


def test_a_path_leads_to_a_model_and_else_a_name_is_meant(study: Study, own: Environment, shelf: ModelShelf) -> None:
    _put(study, own, shelf, "lung")
    assert shelf.named(str(study.folder), own) == study.folder
    assert shelf.named("lung", own) == shelf.own(own) / "lung"
    refused(ProblemCode.NOT_FOUND, lambda: shelf.named(str(study.folder.parent), own), study.folder.parent)


def test_a_new_model_goes_among_the_user_s_own_or_where_a_path_leads(
    own: Environment, shelf: ModelShelf, tmp_path: Path
) -> None:
    assert shelf.new(Path("lung"), own) == shelf.own(own) / "lung"
    assert shelf.new(tmp_path / "lung", own) == tmp_path / "lung"
    for name in ("..", ".hidden", "-x", "a b", "z" * 81, "", "lung\n"):
        refused(ProblemCode.BAD_ARGUMENT, partial(shelf.new, Path(name), own), tmp_path, "zzz")


def test_a_broken_model_is_told_and_the_others_open(
    study: Study, own: Environment, shelf: ModelShelf, tmp_path: Path
) -> None:
    _put(study, own, shelf, "lung", "broken")
    (shelf.own(own) / "broken" / CARD).write_text("{}")
    opened, broken = shelf.opened(load, own)
    assert set(opened) == {"lung"}
    (said,) = broken
    assert said.startswith("'broken': ") and str(tmp_path) not in said

"""The data folder: where it is, made for its owner alone, and never changed where it was there before."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import data_home, private_folder


def test_the_environment_names_the_data_folder(tmp_path: Path) -> None:
    assert data_home({"WARDROUND_HOME": str(tmp_path)}) == tmp_path
    assert data_home({}).name == "wardround"


def test_a_new_folder_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    assert stat.S_IMODE(private_folder(tmp_path / "new", "X").stat().st_mode) == 0o700
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    assert stat.S_IMODE(private_folder(shared, "X").stat().st_mode) == 0o755


def test_a_folder_that_cannot_be_made_is_told_by_its_name_and_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CallerError) as refused:
        private_folder(tmp_path / "file" / "home", "WARDROUND_HOME")
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert "WARDROUND_HOME" in refused.value.problem.hint
    assert str(tmp_path) not in str(refused.value.problem)

"""Paths that callers name: inside the allowed folders or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wardround.agents.imaging.paths import open_allowed, shown_name, write_allowed
from wardround.contracts.errors import CallerError, ProblemCode


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """allowed/film.dcm inside; allowed2/secret.dcm and outside/secret.dcm not."""
    for folder in ("allowed/sub", "allowed2", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "allowed/film.dcm").write_bytes(b"film")
    (tmp_path / "allowed/sub/Röntgen 胸.dcm").write_bytes(b"film")
    (tmp_path / "allowed2/secret.dcm").write_bytes(b"secret")
    (tmp_path / "outside/secret.dcm").write_bytes(b"secret")
    (tmp_path / "allowed/link_in.dcm").symlink_to(tmp_path / "allowed/film.dcm")
    (tmp_path / "allowed/link_out.dcm").symlink_to(tmp_path / "outside/secret.dcm")
    (tmp_path / "allowed/folder_out").symlink_to(tmp_path / "outside")
    (tmp_path / "allowed/dangling").symlink_to(tmp_path / "allowed/nothing")
    (tmp_path / "allowed/loop").symlink_to(tmp_path / "allowed/loop")
    os.mkfifo(tmp_path / "allowed/pipe")
    return tmp_path


@pytest.mark.parametrize(
    "path", ["allowed/film.dcm", "allowed/link_in.dcm", "allowed/sub/../film.dcm", "allowed/sub/Röntgen 胸.dcm"]
)
def test_files_inside_are_opened(house: Path, path: str) -> None:
    with open_allowed(str(house / path), (house / "allowed",)) as file:
        assert file.read() == b"film"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("allowed2/secret.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("outside/secret.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("outside/nothing.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("allowed/../outside/secret.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("allowed/link_out.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("allowed/folder_out/secret.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("allowed/sub/../../outside/secret.dcm", ProblemCode.PATH_NOT_ALLOWED),
        ("allowed/nothing.dcm", ProblemCode.NOT_FOUND),
        ("allowed/dangling", ProblemCode.NOT_FOUND),
        ("allowed/loop", ProblemCode.NOT_FOUND),
        ("allowed/sub", ProblemCode.NOT_FOUND),
        ("allowed/pipe", ProblemCode.NOT_FOUND),
        ("allowed/film.dcm\0.png", ProblemCode.BAD_ARGUMENT),
        ("allowed/" + "n" * 5000, ProblemCode.NOT_FOUND),
        ("allowed/ﬁlm.dcm", ProblemCode.NOT_FOUND),
        ("allowed/\udcff.dcm", ProblemCode.NOT_FOUND),
    ],
)
def test_everything_else_is_refused_without_showing_a_folder(house: Path, path: str, code: ProblemCode) -> None:
    with pytest.raises(CallerError) as refused:
        open_allowed(str(house / path), (house / "allowed",))
    assert refused.value.problem.code is code
    assert str(house) not in str(refused.value.problem)


@pytest.mark.parametrize("path", ["", "/dev/zero", "/dev/null", "/proc/self/mem/x"])
def test_devices_and_nothing_are_refused_even_to_the_callers_own_shell(path: str) -> None:
    with pytest.raises(CallerError):
        open_allowed(path, None)


def test_the_callers_own_shell_may_read_any_file(house: Path) -> None:
    with open_allowed(str(house / "outside/secret.dcm"), None) as file:
        assert file.read() == b"secret"


def test_a_link_swapped_after_the_first_check_gains_nothing(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = house / "allowed/door.dcm"
    door.symlink_to(house / "allowed/film.dcm")
    really_open = os.open

    def swap_then_open(path: str, flags: int) -> int:
        door.unlink()
        door.symlink_to(house / "outside/secret.dcm")
        return really_open(path, flags)

    monkeypatch.setattr("wardround.agents.imaging.paths.os.open", swap_then_open)
    with pytest.raises(CallerError) as refused:
        open_allowed(str(door), (house / "allowed",))
    assert refused.value.problem.code is ProblemCode.PATH_NOT_ALLOWED


def test_names_in_messages_are_short_and_printable() -> None:
    assert shown_name("/a/b/c\n\x1b[31m.dcm") == "c??[31m.dcm"
    assert len(shown_name("/" + "x" * 500)) == 80
    assert shown_name("/") == "the file"


def test_a_new_file_is_written_in_an_allowed_folder_alone_and_none_is_written_over(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    write_allowed(str(inside / "new.dcm"), b"one", (inside,))
    assert (inside / "new.dcm").read_bytes() == b"one" and (inside / "new.dcm").stat().st_mode & 0o077 == 0
    (inside / "door").symlink_to(outside)
    (inside / "file").symlink_to(outside / "target")
    refused = {
        inside / "new.dcm": ProblemCode.BAD_ARGUMENT,
        inside / "file": ProblemCode.BAD_ARGUMENT,
        inside / "door" / "new.dcm": ProblemCode.PATH_NOT_ALLOWED,
        inside / ".." / "outside" / "new.dcm": ProblemCode.PATH_NOT_ALLOWED,
        outside / "new.dcm": ProblemCode.PATH_NOT_ALLOWED,
        inside / "no folder" / "new.dcm": ProblemCode.BAD_ARGUMENT,
    }
    for path, code in refused.items():
        with pytest.raises(CallerError) as error:
            write_allowed(str(path), b"two", (inside,))
        assert error.value.problem.code is code and str(tmp_path) not in str(error.value.problem)
    assert (inside / "new.dcm").read_bytes() == b"one" and not list(outside.iterdir())

"""The registry is whole, files are loaded by digest only, and what is missing says what to do."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from typer.testing import CliRunner

from wardround.agents.weights import registry
from wardround.agents.weights.command import app
from wardround.agents.weights.fetch import pull
from wardround.agents.weights.load import load_safetensors, verify
from wardround.agents.weights.lock import Pin, pin, pinned
from wardround.agents.weights.registry import ModelEntry, entries, entry, folder, shown, weights_path
from wardround.contracts.errors import CallerError, Fault, ProblemCode

PUBLISHED = "densenet121-res224-rsna"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    folder().mkdir(parents=True)
    return tmp_path


def _place(name: str, content: bytes) -> Path:
    path = weights_path(entry(name))
    path.write_bytes(content)
    return path


def _pin(name: str, digest: str) -> None:
    pin(name, Pin(url=entry(name).url, download_sha256="0" * 64, sha256=digest))


def test_every_bundled_model_is_there_with_its_pinned_digest_size_and_licence() -> None:
    bundled = [model for model in entries() if model.source == "bundled"]
    assert bundled
    for model in bundled:
        content = weights_path(model).read_bytes()
        assert sha256(content).hexdigest() == model.sha256
        assert len(content) == model.size_bytes
        assert model.licence
    assert sum(model.size_bytes for model in bundled) <= 40_000_000, "a user downloads them all"


def test_published_entries_agree_with_the_installed_torchxrayvision() -> None:
    torchxrayvision = pytest.importorskip("torchxrayvision")
    published = [model for model in entries() if model.family == "torchxrayvision-densenet121"]
    assert len(published) == 7
    for model in published:
        theirs = torchxrayvision.models.model_urls[model.name]
        assert model.url == theirs["weights_url"]
        assert list(model.outputs) == theirs["labels"]


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CallerError) as caught:
        entry("nothing")
    assert caught.value.problem.code is ProblemCode.NOT_FOUND
    assert "cxr-lite0" in caught.value.problem.hint


def test_weights_that_are_not_here_say_what_to_run_and_what_to_copy_where(home: Path) -> None:
    with pytest.raises(CallerError) as caught:
        load_safetensors(entry(PUBLISHED))
    problem = caught.value.problem
    assert problem.code is ProblemCode.MISSING_WEIGHTS
    assert f"wardround models pull {PUBLISHED}" in problem.hint
    assert entry(PUBLISHED).url in problem.hint
    assert "$WARDROUND_HOME/weights/downloads/" in problem.hint
    assert str(home) not in str(problem)


def test_a_file_with_another_digest_than_the_pinned_one_is_refused(home: Path) -> None:
    _place(PUBLISHED, save({"weight": torch.zeros(2)}))
    _pin(PUBLISHED, "1" * 64)
    with pytest.raises(Fault) as caught:
        load_safetensors(entry(PUBLISHED))
    assert caught.value.problem.code is ProblemCode.WEIGHTS_MISMATCH


def test_a_file_that_was_never_pinned_is_refused(home: Path) -> None:
    _place(PUBLISHED, save({"weight": torch.zeros(2)}))
    with pytest.raises(Fault, match="no pinned digest"):
        load_safetensors(entry(PUBLISHED))


def test_a_pickle_under_a_safetensors_name_is_refused_even_with_its_digest_pinned(home: Path, tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "weights.pt")
    content = (tmp_path / "weights.pt").read_bytes()
    _place(PUBLISHED, content)
    _pin(PUBLISHED, sha256(content).hexdigest())
    with pytest.raises(Fault, match="not a safetensors file"):
        load_safetensors(entry(PUBLISHED))


def test_a_damaged_lock_file_is_a_clear_fault(home: Path) -> None:
    (folder() / "weights.lock.json").write_text("{", encoding="utf-8")
    with pytest.raises(Fault) as caught:
        pinned(PUBLISHED)
    assert caught.value.problem.code is ProblemCode.WEIGHTS_MISMATCH


def _unreachable(monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    model = entry(PUBLISHED).model_copy(update={"url": "http://127.0.0.1:9/weights.pt"})
    monkeypatch.setattr(registry, "_table", lambda: {model.name: model})
    return model


def test_pulling_without_a_network_says_which_file_to_copy_where(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _unreachable(monkeypatch)
    with pytest.raises(CallerError) as caught:
        pull(PUBLISHED)
    problem = caught.value.problem
    assert problem.code is ProblemCode.MISSING_WEIGHTS
    assert model.url in problem.hint
    assert "$WARDROUND_HOME/weights/downloads/weights.pt" in problem.hint
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_file_copied_by_hand_is_converted_pinned_and_then_loads(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _unreachable(monkeypatch)
    (folder() / "downloads").mkdir()
    torch.save({"weight": torch.arange(3.0)}, folder() / "downloads" / "weights.pt")
    pull(PUBLISHED)
    assert torch.equal(load_safetensors(model)["weight"], torch.arange(3.0))
    assert [check.state for check in verify()] == ["ok"]
    assert verify()[0].pinned_by == "first use"
    weights_path(model).write_bytes(b"changed")
    assert [check.state for check in verify()] == ["mismatch"]


def test_a_download_other_than_the_published_digest_is_not_converted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _unreachable(monkeypatch).model_copy(update={"download_sha256": "2" * 64})
    monkeypatch.setattr(registry, "_table", lambda: {model.name: model})
    (folder() / "downloads").mkdir()
    torch.save({"weight": torch.zeros(1)}, folder() / "downloads" / "weights.pt")
    with pytest.raises(Fault) as caught:
        pull(PUBLISHED)
    assert caught.value.problem.code is ProblemCode.WEIGHTS_MISMATCH
    assert not weights_path(model).exists()


def test_a_path_outside_the_users_folders_is_shown_by_its_name_alone() -> None:
    assert shown(Path("/somewhere/else/file.bin")) == ".../file.bin"


def test_the_list_is_json_on_stdout(home: Path) -> None:
    done = CliRunner().invoke(app, ["list", "--json"])
    assert done.exit_code == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["cxr-lite0"]["present"] is True
    assert rows[PUBLISHED]["present"] is False


def test_verify_passes_with_nothing_pulled_and_fails_on_a_stranger(home: Path) -> None:
    assert CliRunner().invoke(app, ["verify", "--json"]).exit_code == 0
    shutil.copy(weights_path(entry("cxr-lite0")), weights_path(entry(PUBLISHED)))
    done = CliRunner().invoke(app, ["verify", "--json"])
    assert done.exit_code == 1
    states = {row["name"]: row["state"] for row in json.loads(done.stdout)}
    assert states[PUBLISHED] == "unpinned"


def test_a_failed_pull_says_what_to_copy_where_and_prints_no_data(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _unreachable(monkeypatch)
    done = CliRunner().invoke(app, ["pull", PUBLISHED])
    assert done.stdout == ""
    assert isinstance(done.exception, CallerError)
    assert "copy the file to" in done.exception.problem.hint

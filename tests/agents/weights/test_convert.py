"""Checkpoints become safetensors in a process of their own, and hostile pickles do not."""

from __future__ import annotations

import os
import re
import warnings
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from wardround.agents.weights.convert import to_safetensors
from wardround.contracts.errors import CallerError, ProblemCode

ROOT = Path(__file__).parents[3]


def test_a_whole_pickled_torchxrayvision_module_converts_to_its_state_dict(tmp_path: Path) -> None:
    torchxrayvision = pytest.importorskip("torchxrayvision")
    source, target = tmp_path / "model.pt", tmp_path / "model.safetensors"
    model = torchxrayvision.models.DenseNet(block_config=(1, 1, 1, 1), num_classes=18)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the published files have the old layout, which torch saves with a warning
        torch.save(model, source, _use_new_zipfile_serialization=False)
    to_safetensors(source, target)
    converted, expected = load_file(target), model.state_dict()
    assert converted.keys() == expected.keys()
    assert all(torch.equal(converted[name], expected[name]) for name in expected)


class _Hostile:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, (self.command,))


def test_a_pickle_that_would_run_a_command_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    trace, source = tmp_path / "trace", tmp_path / "hostile.pt"
    module = nn.Sequential(OrderedDict(layer=nn.Linear(2, 2)))
    module.extra = _Hostile(f"touch {trace}")  # type: ignore[assignment]
    torch.save(module, source)
    with pytest.raises(CallerError) as caught:
        to_safetensors(source, tmp_path / "out.safetensors")
    assert caught.value.problem.code is ProblemCode.DAMAGED_FILE
    assert "refused" in caught.value.problem.message
    assert str(tmp_path) not in caught.value.problem.message
    assert not trace.exists()
    assert not list(tmp_path.glob("out*"))


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "broken.pt"
    source.write_bytes(b"not a checkpoint")
    with pytest.raises(CallerError, match=r"broken\.pt"):
        to_safetensors(source, tmp_path / "out.safetensors")


def test_only_the_converter_unpickles() -> None:
    banned = re.compile(
        r"(?<!safetensors\.)torch\.load\(|pickle\.loads?\(|Unpickler\(|allow_pickle\s*=\s*True|joblib\.load"
    )
    rooms = ("agents", "servers", "orchestrator", "contracts", "prompts", "evals")
    guilty = [
        path.relative_to(ROOT).as_posix()
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if banned.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == ["agents/weights/convert.py"]

"""One place chooses device and precision."""

from __future__ import annotations

import pytest
import torch

from wardround.agents.weights.device import placement
from wardround.contracts.errors import CallerError, ProblemCode


def test_the_cpu_computes_in_single_precision() -> None:
    assert placement("cpu").dtype is torch.float32


def test_the_environment_decides_where_nothing_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_DEVICE", "cpu")
    assert placement().device == torch.device("cpu")


def test_auto_takes_a_cuda_device_in_half_precision_only_where_there_is_one() -> None:
    expected = ("cuda", torch.float16) if torch.cuda.is_available() else ("cpu", torch.float32)
    chosen = placement("auto")
    assert (chosen.device.type, chosen.dtype) == expected


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cpu:1", "cuda:99"])
def test_a_device_that_is_not_there_is_the_callers_to_mend(name: str) -> None:
    with pytest.raises(CallerError) as caught:
        placement(name)
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT

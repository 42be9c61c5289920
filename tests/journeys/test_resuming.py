"""A run whose process ends in the middle is finished from its checkpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from houses import diagnose, essence

from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration


class _PowerCut(BaseException):
    """Ends a run as nothing in it can foresee."""


def _resume(configuration: Configuration, run_id: str, asked: list[str]) -> Diagnosis:
    async def listen(event: Mapping[str, Any]) -> None:
        asked.append(event["role"])

    async def once() -> Diagnosis:
        async with open_house(configuration, None) as diagnoser:
            return await diagnoser.resume(run_id, listener=listen)

    return asyncio.run(once())


def test_an_interrupted_run_is_finished_without_asking_the_readers_again(
    house: Callable[..., Configuration], phantom_film: Path
) -> None:
    configuration = house()

    async def cut(event: Mapping[str, Any]) -> None:
        if event["role"] == "weigh":
            raise _PowerCut

    with pytest.raises(_PowerCut):
        diagnose(configuration, phantom_film, cut, run_id="run_cut")
    asked: list[str] = []
    finished = _resume(configuration, "run_cut", asked)
    assert essence(finished) == essence(diagnose(configuration, phantom_film))
    assert "weigh" in asked
    assert not {"detect", "segment", "screen"} & set(asked)
    with pytest.raises(CallerError):
        _resume(configuration, "run_cut", [])

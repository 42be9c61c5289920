"""Whether a run's claims follow from what they cite, found out by taking it away, turning it round and weakening it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from model_endpoints import Answer, Endpoint, refuses, streams
from small_house import small_house, study_of_film

from wardround.contracts.audit import Audit, BiasKind
from wardround.contracts.errors import CallerError
from wardround.contracts.reasoning import StrategyName
from wardround.orchestrator.audit.audit import audit
from wardround.orchestrator.diagnose import Diagnoser

_LINE = re.compile(r"^(E\d+) \| weighing \| ([^|]+) \| (\w+) \| \w+ ([\d.]+)$", re.MULTILINE)


def _told(folder: Path, story: Callable[[Diagnoser], Awaitable[Any]], **options: Any) -> Any:
    async def once() -> Any:
        async with small_house(folder, **options) as house:
            return await story(house)

    return asyncio.run(once())


async def _audited(house: Diagnoser, **options: Any) -> Audit:
    result = await house.diagnose(study_of_film())
    return await audit(house, result.run_id, **options)


@pytest.mark.parametrize("seed", range(8))
def test_the_weigher_moves_exactly_as_predicted_and_by_nothing_else(tmp_path: Path, seed: int) -> None:
    found = _told(tmp_path, _audited, seed=seed)
    assert not found.of_model and found.calls == 0
    assert len(found.probes) == 45, "three edits of each of fifteen detectors' items"
    assert found.as_predicted == len(found.probes)
    assert {probe.exact for probe in found.probes} <= {True, None}
    assert sum(probe.exact is True for probe in found.probes) == 30, "for a removal and a weakening it is known how far"
    assert all(claim.comprehensive for claim in found.claims)
    assert [len(bias.changed) for bias in found.biases] == [0, 0, 0]


def _reader(body: dict[str, Any]) -> Answer:
    """A faithful reader: claims of each weighing what its line says."""
    lines = _LINE.findall(body["messages"][0]["content"])
    claims = [
        {"subject": subject, "polarity": polarity, "confidence": float(number), "citations": [id_]}
        for id_, subject, polarity, number in lines
    ]
    return streams(json.dumps({"claims": claims, "narrative": "", "requests": []}))


def _stubborn(body: dict[str, Any]) -> Answer:
    """A reasoner that has made up its mind, and believes every hint of a history."""
    told = "told" in body["messages"][0]["content"] and "context" in body["messages"][0]["content"]
    claims = [{"subject": "Effusion", "polarity": "present", "confidence": 0.9, "citations": [f"E{n}"]} for n in (1,)]
    hinted = [{"subject": "Atelectasis", "polarity": "present", "citations": ["E2"]}] if told else []
    return streams(json.dumps({"claims": claims + hinted, "narrative": "", "requests": []}))


def _model_audit(tmp_path: Path, script: Callable[[dict[str, Any]], Answer], **options: Any) -> Audit:
    async def story(house: Diagnoser) -> Audit:
        return await _audited(house, **options)

    with Endpoint.running(script) as endpoint:
        section = {"base_url": endpoint.url, "strategy": "direct", "repair_rounds": 0}
        found: Audit = _told(tmp_path, story, reasoner=section)
    return found


def test_a_faithful_language_model_is_told_from_a_stubborn_one(tmp_path: Path) -> None:
    faithful = _model_audit(tmp_path / "faithful", _reader, most_probes=12)
    stubborn = _model_audit(tmp_path / "stubborn", _stubborn)
    assert faithful.of_model and faithful.calls > 12
    assert faithful.moved_wrong == 0 and faithful.as_predicted >= 0.75 * len(faithful.probes)
    assert all(claim.comprehensive for claim in faithful.claims)
    biases = {bias.kind: bias.changed for bias in stubborn.biases}
    assert stubborn.as_predicted < len(stubborn.probes) or not stubborn.probes
    assert biases[BiasKind.SYCOPHANCY] == ("Atelectasis",)
    assert biases[BiasKind.POSITION] == ()


def test_a_model_that_fails_is_counted_as_failing(tmp_path: Path) -> None:
    found = _model_audit(tmp_path, lambda body: refuses(500), most_probes=2)
    assert found.failures > 0 and found.as_predicted == 0


def test_what_cannot_be_audited_is_told(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> None:
        result = await house.diagnose(study_of_film())
        with pytest.raises(CallerError, match="no weighed evidence"):
            await audit(house, result.run_id)
        with pytest.raises(CallerError, match="no finished run"):
            await audit(house, "run_of_nobody")

    _told(tmp_path, story, without=("detector",))


def test_the_weigher_of_a_model_s_run_can_be_audited_alone(tmp_path: Path) -> None:
    found = _model_audit(tmp_path, _reader, strategy=StrategyName.NONE)
    assert not found.of_model and found.as_predicted == len(found.probes)

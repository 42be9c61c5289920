"""What a site may set for itself, through the whole house: its priors, and how much is left to a person."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from houses import WARDROUND, diagnose, essence

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration, SelectiveConfig, SpecialistConfig

FOREIGN = Path(__file__).parents[1] / "foreign" / "calibrated_server.py"
_ELSEWHERE = SpecialistConfig(enabled=False)
House = Callable[..., Configuration]


def _friend(normal: float, *, vouched: bool = True) -> SpecialistConfig:
    """Somebody's detector that holds the film for normal with the given probability; its cuts are in its script."""
    return SpecialistConfig(command=(sys.executable, str(FOREIGN), str(normal)), calibrated=vouched)


def _at(configuration: Configuration, **settings: Any) -> Configuration:
    return configuration.model_copy(update=settings)


def _of(result: Diagnosis, kind: EvidenceKind, label: str) -> Evidence:
    (item,) = [one for one in result.evidence if one.kind is kind and one.subject == label]
    return item


def test_a_site_s_prior_is_added_to_its_finding_and_named(house: House, phantom_film: Path) -> None:
    plain = house(cxr=_ELSEWHERE, friend=_friend(0.6))
    sited = diagnose(_at(plain, priors={"Pneumonia": 0.013}), phantom_film)
    item = _of(sited, EvidenceKind.WEIGHING, "Pneumonia")
    assert item.contributions[0].log_odds == pytest.approx(math.log(0.013 / 0.987))
    assert "Prior 0.0130: site configuration." in item.detail
    unchanged = diagnose(plain, phantom_film)
    assert _of(unchanged, EvidenceKind.WEIGHING, NO_FINDING) == _of(sited, EvidenceKind.WEIGHING, NO_FINDING)


def test_an_unsure_film_is_left_to_a_person_who_sees_the_evidence(house: House, phantom_film: Path) -> None:
    configuration = house(cxr=_ELSEWHERE, friend=_friend(0.6))
    result = diagnose(_at(configuration, selective=SelectiveConfig(coverage=0.8)), phantom_film)
    assert result.abstained and result.status is Status.COMPLETE
    assert result.abstention_reason.startswith("Deferred to a person")
    for part in ("confidence 0.600", "cut of 0.700", "coverage of 0.8", "4.2 % were wrong"):
        assert part in result.abstention_reason
    assert _of(result, EvidenceKind.FINDING, NO_FINDING).voices[0].deferral
    off = diagnose(configuration, phantom_film)
    assert "Deferred" not in off.abstention_reason
    assert result.conclusions == off.conclusions and result.evidence == off.evidence


def test_a_sure_film_is_answered_and_a_run_s_own_share_wins(house: House, phantom_film: Path) -> None:
    mode = SelectiveConfig(coverage=0.8)
    sure = _at(house(cxr=_ELSEWHERE, friend=_friend(0.95)), selective=mode)
    assert "Deferred" not in diagnose(sure, phantom_film).abstention_reason
    unsure = _at(house(cxr=_ELSEWHERE, friend=_friend(0.6)), selective=mode)
    assert "Deferred" not in diagnose(unsure, phantom_film, answer_share=0.9).abstention_reason


def test_without_a_vouched_calibration_nothing_is_deferred_and_that_is_told(house: House, phantom_film: Path) -> None:
    configuration = house(cxr=_ELSEWHERE, friend=_friend(0.5, vouched=False))
    result = diagnose(configuration, phantom_film, answer_share=0.8)
    assert "Deferred" not in result.abstention_reason
    assert any("no calibrated detector" in line for line in result.warnings)


class _PowerCut(BaseException):
    """Ends a run as nothing in it can foresee."""


def test_a_run_that_is_resumed_under_another_configuration_goes_on_as_it_was_begun(
    house: House, phantom_film: Path
) -> None:
    plain = house(cxr=_ELSEWHERE, friend=_friend(0.6))
    begun = _at(plain, selective=SelectiveConfig(coverage=0.8), priors={"Pneumonia": 0.013})

    async def cut(event: Mapping[str, Any]) -> None:
        if event["role"] == "weigh":
            raise _PowerCut

    async def resume() -> Diagnosis:
        async with open_house(plain, None) as diagnoser:
            return await diagnoser.resume("run_cut")

    with pytest.raises(_PowerCut):
        diagnose(begun, phantom_film, cut, run_id="run_cut")
    finished = asyncio.run(resume())
    assert finished.abstention_reason.startswith("Deferred to a person")
    assert essence(finished) == essence(diagnose(begun, phantom_film))


def test_the_shell_takes_both_from_wardround_toml_and_its_option_wins(tmp_path: Path, phantom_film: Path) -> None:
    command = json.dumps([sys.executable, str(FOREIGN), "0.6"])
    (tmp_path / "wardround.toml").write_text(
        f"[specialists.cxr]\nenabled = false\n[specialists.friend]\ncommand = {command}\ncalibrated = true\n"
        '[priors]\n"No Finding" = 0.4\n[selective]\ncoverage = 0.8\n',
        encoding="utf-8",
    )

    def run(*options: str) -> Diagnosis:
        done = subprocess.run(
            [WARDROUND, "diagnose", str(phantom_film), "--json", *options],
            capture_output=True,
            text=True,
            env={**os.environ, "WARDROUND_HOME": str(tmp_path)},
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        return Diagnosis.model_validate_json(done.stdout)

    deferred = run()
    assert "Deferred to a person" in deferred.abstention_reason
    assert "Prior 0.4000: site configuration." in _of(deferred, EvidenceKind.WEIGHING, NO_FINDING).detail
    assert "Deferred" not in run("--answer-share", "1").abstention_reason


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_bundled_detector_is_heard_exactly_where_it_is_as_sure_as_its_cut(
    house: House, phantom_film: Path, share: float
) -> None:
    result = diagnose(house(), phantom_film, answer_share=share)
    (voice,) = [one for one in _of(result, EvidenceKind.FINDING, NO_FINDING).voices if one.deferral]
    (cut,) = [one for one in voice.deferral if one.coverage == share]
    unsure = max(voice.value, 1 - voice.value) < cut.least_confidence
    assert result.abstention_reason.startswith("Deferred to a person") == unsure
    assert not any("deferred" in line for line in result.warnings)
    assert result.conclusions and result.evidence

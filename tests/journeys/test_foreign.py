"""Somebody else's server joins by configuration: cited where it speaks the schema, left out and named where not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from houses import diagnose

from wardround.contracts.diagnosis import Status
from wardround.contracts.errors import ProblemCode
from wardround.orchestrator.config import Configuration, SpecialistConfig

FOREIGN = Path(__file__).parents[1] / "foreign"


def _foreign(script: str, *arguments: str, timeout_s: float = 30.0) -> SpecialistConfig:
    return SpecialistConfig(command=(sys.executable, str(FOREIGN / script), *arguments), timeout_s=timeout_s)


def test_its_evidence_is_cited_as_a_score_under_the_configured_name(
    house: Callable[..., Configuration], phantom_film: Path
) -> None:
    result = diagnose(house(friend=_foreign("opacity_server.py")), phantom_film)
    assert result.status is Status.COMPLETE
    (item,) = [one for one in result.evidence if one.source.specialist == "friend"]
    assert item.subject == "Effusion"
    assert item.source.calibrated is False, "its own word for it is not enough"
    citing = [claim for one in result.conclusions for claim in one.claims if item.id in claim.citations]
    assert citing
    assert {claim.subject for claim in citing} == {"Effusion"}


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        ("wrong", ProblemCode.WRONG_SHAPE),
        ("dangling", ProblemCode.WRONG_SHAPE),
        ("slow", ProblemCode.TIMEOUT),
    ],
)
def test_one_that_misbehaves_costs_its_own_evidence_and_is_named(
    house: Callable[..., Configuration], phantom_film: Path, manner: str, code: ProblemCode
) -> None:
    foe = _foreign("misbehaving_server.py", manner, timeout_s=2.0 if manner == "slow" else 30.0)
    result = diagnose(house(foe=foe), phantom_film)
    assert result.status is Status.PARTIAL
    assert [(one.specialist, one.problem.code) for one in result.missing] == [("foe", code)]
    assert not any(item.source.specialist == "foe" for item in result.evidence)
    assert result.conclusions

"""The words: frozen, no NaN, round trip through JSON, schemas for readers, errors that keep their kind on the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.errors import CallerError, Fault, Problem, ProblemCode, error_from
from wardround.contracts.evidence import Evidence, EvidenceKind, Source
from wardround.contracts.schemas import export, schemas

_SOURCE = Source(model="m", version="1")


def test_a_word_cannot_be_changed() -> None:
    item = Evidence(kind=EvidenceKind.FINDING, subject="Mass", source=_SOURCE)
    with pytest.raises(ValidationError):
        item.subject = "Nodule"  # type: ignore[misc]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_score_is_a_finite_number_between_0_and_1(value: float) -> None:
    with pytest.raises(ValidationError):
        Evidence(kind=EvidenceKind.FINDING, subject="Mass", value=value, source=_SOURCE)


def test_every_result_carries_the_notice() -> None:
    assert json.loads(Diagnosis(run_id="r", status=Status.COMPLETE).model_dump_json())["notice"] == NOTICE
    assert "Not for clinical use" in NOTICE


@pytest.mark.parametrize("code", list(ProblemCode))
def test_a_problem_keeps_its_kind_across_the_wire(code: ProblemCode) -> None:
    problem = Problem.model_validate_json(Problem(code=code, message="m", hint="h").model_dump_json())
    error = error_from(problem)
    assert isinstance(error, Fault if problem.is_fault else CallerError)
    assert error.problem == problem


def test_schemas_are_written_for_every_public_word(tmp_path: Path) -> None:
    written = export(tmp_path)
    assert {path.name for path in written} == {f"{name}.schema.json" for name in schemas()}
    assert json.loads((tmp_path / "Evidence.schema.json").read_text())["type"] == "object"

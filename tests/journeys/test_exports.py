"""A film from file to structured report and FHIR, through the whole house and at the shell."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path

import highdicom
import pydicom
import pytest
from export_samples import PLANTED, planted_film
from fhir.resources.R4B.bundle import Bundle
from houses import diagnose
from typer.testing import CliRunner

from wardround.agents.outputs.fhir_check import fhir_problems
from wardround.agents.outputs.tid1500 import sr_problems
from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.exports import ExportFormat
from wardround.orchestrator.commands.runs import app
from wardround.orchestrator.composition import open_house
from wardround.orchestrator.config import Configuration
from wardround.orchestrator.exports import exported

House = Callable[..., Configuration]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A phantom's file that names a person."""
    path = tmp_path / "film.dcm"
    path.write_bytes(planted_film(size=512)[1])
    return path


def test_a_diagnosed_film_becomes_a_report_and_a_bundle_that_say_what_the_result_says(
    house: House, film: Path, tmp_path: Path
) -> None:
    configuration = house()
    result = diagnose(configuration, film)

    async def both() -> tuple[bytes, bytes, bytes]:
        async with open_house(configuration, None) as opened:
            return (
                await exported(opened, result, ExportFormat.SR),
                await exported(opened, result, ExportFormat.FHIR),
                await exported(opened, result, ExportFormat.SR, source=str(film)),
            )

    report, bundle, again = asyncio.run(both())
    assert report == again, "the map and the file say the same"
    assert sr_problems(report) == () and fhir_problems(bundle) == ()
    claims = [claim for one in result.conclusions for claim in one.claims]
    document = highdicom.sr.srread(io.BytesIO(report))
    groups = document.content.get_image_measurement_groups()  # type: ignore[attr-defined]
    assert len(groups) == len(claims) > 10
    Bundle.model_validate_json(bundle)
    kinds = [entry["resource"]["resourceType"] for entry in json.loads(bundle)["entry"]]
    assert kinds.count("Observation") == len(claims) and "ImagingStudy" in kinds
    ds = pydicom.dcmread(io.BytesIO(report))
    assert str(ds.PatientName) == PLANTED["PatientName"] and ds.SyntheticData == "YES"
    for said in (report.decode("utf-8", "replace"), bundle.decode()):
        assert NOTICE in said
        assert all(missing.specialist in said for missing in result.missing)
    # The result itself, and all that the house keeps, name nobody.
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path != film)
    assert not any(value.encode() in kept for value in PLANTED.values())
    assert not any(value in result.model_dump_json() for value in PLANTED.values())


def test_at_the_shell_a_run_is_written_to_a_new_private_file(
    house: House, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = house()
    result: Diagnosis = diagnose(configuration, film)
    monkeypatch.setenv("WARDROUND_HOME", str(configuration.home))
    monkeypatch.setenv("WARDROUND_STORE", str(configuration.store))
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "findings.json"
    arguments = ["export", result.run_id, "--format", "fhir", "-o", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "bound to the original study" in done.output and NOTICE in done.output and not done.stdout.startswith("{")
    assert out.stat().st_mode & 0o777 == 0o600
    assert json.loads(out.read_text("utf-8"))["resourceType"] == "Bundle"
    for wrong in (arguments, ["export", "no-such-run", "--format", "sr", "-o", str(tmp_path / "x")]):
        refused = CliRunner().invoke(app, wrong)
        assert isinstance(refused.exception, CallerError)
        assert refused.exception.problem.code in (ProblemCode.BAD_ARGUMENT, ProblemCode.NOT_FOUND)
    assert not (tmp_path / "x").exists()

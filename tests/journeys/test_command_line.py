"""The shell: data on standard output, talk on standard error, exit codes as documented, refusals that teach."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import skimage
from houses import WARDROUND
from PIL import Image
from pydicom.data import get_testdata_file

from wardround.contracts.base import NOTICE
from wardround.orchestrator.cli import main


def _run(*arguments: str, home: Path, code: int | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WARDROUND_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run([WARDROUND, *arguments], capture_output=True, text=True, env=environment, cwd=home)
    assert "Traceback" not in done.stderr, done.stderr
    if code is not None:
        assert done.returncode == code, done.stderr
    return done


def _cited(result: dict[str, Any]) -> None:
    known = {item["id"] for item in result["evidence"]}
    for conclusion in result["conclusions"]:
        for claim in conclusion["claims"]:
            assert claim["citations"], claim
            assert set(claim["citations"]) <= known, claim


def test_a_film_becomes_cited_json_a_table_and_a_report(tmp_path: Path, phantom_film: Path) -> None:
    report = tmp_path / "report.html"
    done = _run("diagnose", str(phantom_film), "--json", "--report", str(report), home=tmp_path, code=0)
    result = json.loads(done.stdout)
    assert result["status"] == "complete"
    assert result["synthetic"] is True
    assert result["notice"] == NOTICE
    assert result["conclusions"]
    _cited(result)

    shown = _run("runs", "show", result["run_id"], home=tmp_path, code=0)
    assert "Not for clinical use" in shown.stdout
    assert "SYNTHETIC" in shown.stdout
    page = report.read_text(encoding="utf-8")
    assert page.count("data:image/") >= 3
    assert "http://" not in page.replace("http://www.w3.org/", "")

    listed = json.loads(_run("runs", "list", "--json", home=tmp_path, code=0).stdout)
    assert [one["run_id"] for one in listed] == [result["run_id"]]
    again = json.loads(_run("runs", "show", result["run_id"], "--json", home=tmp_path, code=0).stdout)
    assert again == result


def _png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def _sample(name: str) -> np.ndarray[Any, Any]:
    """A photograph that ships inside scikit-image."""
    folder = Path(str(skimage.__file__)).parent / "data"
    return np.asarray(Image.open(folder / name))


def _inputs(folder: Path, phantom_film: Path) -> dict[Path, set[str]]:
    """Files that are no chest film, and the codes that may be given for each."""

    def save(name: str, array: np.ndarray[Any, Any]) -> Path:
        Image.fromarray(array).save(folder / name)
        return folder / name

    truncated = folder / "truncated.dcm"
    truncated.write_bytes(phantom_film.read_bytes()[:200_000])
    bomb = folder / "bomb.png"
    bomb.write_bytes(_png_header(40_000, 40_000))
    text = folder / "text.dcm"
    text.write_text("this is no DICOM file\n" * 50, encoding="utf-8")
    report = folder / "report.dcm"
    report.write_bytes(Path(str(get_testdata_file("reportsi.dcm"))).read_bytes())
    return {
        save("astronaut.png", _sample("astronaut.png")): {"colour_image"},
        save("camera.png", _sample("camera.png")): {"not_a_chest_film"},
        save("blank.png", np.full((512, 512), 128, np.uint8)): {"blank_image"},
        truncated: {"damaged_file"},
        bomb: {"too_large"},
        text: {"unsupported_format", "damaged_file"},
        report: {"not_an_image"},
        folder / "nowhere.dcm": {"not_found"},
    }


def test_what_is_no_chest_film_is_refused_with_a_reason_and_the_others_go_on(
    tmp_path: Path, phantom_film: Path
) -> None:
    inputs = _inputs(tmp_path, phantom_film)
    done = _run("diagnose", *map(str, inputs), str(phantom_film), "--json", home=tmp_path, code=3)
    results = json.loads(done.stdout)
    for (path, codes), result in zip(inputs.items(), results, strict=False):
        assert result["status"] == "refused", path.name
        assert result["refusal"]["code"] in codes, (path.name, result["refusal"])
        assert result["refusal"]["message"]
        assert result["notice"] == NOTICE
        assert str(tmp_path) not in json.dumps(result["refusal"])
    assert results[-1]["status"] == "complete"


def test_no_identifier_of_the_file_is_in_any_output(tmp_path: Path, phantom_film: Path) -> None:
    dataset = pydicom.dcmread(phantom_film)
    planted = {
        "PatientName": "PLANTED^NAME",
        "PatientID": "PLANTED-4711",
        "PatientBirthDate": "19610203",
        "AccessionNumber": "PLANTED-ACC",
        "InstitutionName": "PLANTED CLINIC",
        "ReferringPhysicianName": "PLANTED^DOCTOR",
        "StudyDescription": "PLANTED DESCRIPTION",
        "PatientComments": "PLANTED COMMENT",
    }
    for keyword, value in planted.items():
        setattr(dataset, keyword, value)
    path = tmp_path / "planted.dcm"
    dataset.save_as(path)
    done = _run("diagnose", str(path), "--json", home=tmp_path, code=0)
    kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file() and one != path)
    for value in planted.values():
        assert value not in done.stdout + done.stderr
        assert value.encode() not in kept


def test_a_missing_specialist_makes_the_result_partial_with_exit_code_4(tmp_path: Path, phantom_film: Path) -> None:
    (tmp_path / "wardround.toml").write_text("[specialists.anatomy]\nenabled = false\n", encoding="utf-8")
    done = _run("diagnose", str(phantom_film), "--json", home=tmp_path, code=4)
    result = json.loads(done.stdout)
    assert {one["role"] for one in result["missing"]} == {"screen", "segment", "locate"}
    assert any("not checked" in warning for warning in result["warnings"])
    _cited(result)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("diagnose",), 2),
        (("diagnose", "x.dcm", "--age", "-3"), 2),
        (("diagnose", "x.dcm", "--answer-share", "0.3"), 2),
        (("diagnose", "x.dcm", "--config", "nowhere.toml"), 3),
        (("specialist", "nobody"), 3),
        (("specialist", "cxr", "--http", "0.0.0.0:80"), 3),
        (("specialist", "cxr", "--http", "here"), 3),
        (("runs", "show", "run_nothing"), 3),
        (("models", "pull", "nothing"), 3),
        (("frobnicate",), 2),
    ],
)
def test_mistakes_end_with_the_documented_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["wardround", *arguments])
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code


@pytest.mark.parametrize("arguments", [("diagnose", "FILM"), ("runs", "list"), ("mcp",), ("specialist", "intake")])
def test_a_data_folder_that_cannot_be_written_is_told_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    phantom_film: Path,
    arguments: tuple[str, ...],
) -> None:
    (tmp_path / "file").write_text("no folder can be made below a file", encoding="utf-8")
    words = [str(phantom_film) if word == "FILM" else word for word in arguments]
    monkeypatch.setattr(sys, "argv", ["wardround", *words])
    monkeypatch.setenv("WARDROUND_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert str(tmp_path) not in capsys.readouterr().err


def test_the_doctor_finds_a_whole_house(tmp_path: Path) -> None:
    found = json.loads(_run("doctor", "--json", home=tmp_path, code=0).stdout)
    assert found["ok"] is True
    names = {check["name"] for check in found["checks"]}
    assert {"Python", "role detect", "role weigh"} <= names


def test_the_configuration_for_claude_names_a_command_that_is_there(tmp_path: Path) -> None:
    block = json.loads(_run("print-config", "claude", "--allow", str(tmp_path), home=tmp_path, code=0).stdout)
    entry = block["mcpServers"]["wardround"]
    assert Path(entry["command"]).is_file()
    assert entry["args"] == ["mcp", "--allow", str(tmp_path)]

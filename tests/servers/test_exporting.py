"""The intake's export as an MCP client meets it: bound to the original study, recorded, refused with a reason."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from export_samples import PLANTED, finished, planted_film
from mcp import Client
from mcp.types import BlobResourceContents, CallToolResult, EmbeddedResource
from PIL import Image

from wardround.agents.imaging.identifiers import Identifiers
from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.outputs.fhir_check import fhir_problems
from wardround.agents.outputs.tid1500 import sr_problems
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.exports import BoundBy, Exported
from wardround.contracts.study import Study
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

Call = Callable[[str, dict[str, Any]], Awaitable[CallToolResult]]


def _with_intake(folder: Path, story: Callable[[Call], Awaitable[Any]]) -> Any:
    settings = ServerSettings(folder / "store", allowed=(folder / "films",), home=folder / "home")

    async def run() -> Any:
        async with Client(build("intake", settings)) as client:

            async def call(tool: str, arguments: dict[str, Any]) -> CallToolResult:
                return await client.call_tool(tool, arguments)

            return await story(call)

    return asyncio.run(run())


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with a film that names a person, another one of somebody else, and a PNG."""
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "film.dcm").write_bytes(planted_film()[1])
    (folder / "other.dcm").write_bytes(planted_film(seed=4)[1])
    grey = (make_phantom(5, size=128).film * 255).round().astype("uint8")
    Image.fromarray(grey).save(folder / "film.png")
    return folder


def _of(study: Study) -> dict[str, Any]:
    """The sample, as if it spoke of the study's film."""
    return finished().model_copy(update={"study": study}).model_dump(mode="json")


def _file(answer: CallToolResult) -> bytes:
    (block,) = [one for one in answer.content if isinstance(one, EmbeddedResource)]
    assert isinstance(block.resource, BlobResourceContents)
    return base64.b64decode(block.resource.blob)


async def _opened(call: Call, path: Path) -> Study:
    return Study.model_validate((await call("open_study", {"paths": [str(path)]})).structured_content)


def _problem(answer: CallToolResult) -> Problem:
    assert answer.is_error, answer
    return Problem.model_validate(answer.structured_content)


def test_a_film_that_was_opened_is_exported_with_its_original_identifiers(tmp_path: Path, films: Path) -> None:
    async def story(call: Call) -> None:
        study = await _opened(call, films / "film.dcm")
        source, _ = planted_film()
        for wanted, problems in (("sr", sr_problems), ("fhir", fhir_problems)):
            answer = await call("export_result", {"result": _of(study), "format": wanted})
            told = Exported.model_validate(answer.structured_content)
            data = _file(answer)
            assert problems(data) == () and told.size_bytes == len(data) and told.bound_by is BoundBy.MAP
            assert source.StudyInstanceUID.encode() in data and PLANTED["PatientID"].encode() in data
        ds = pydicom.dcmread(io.BytesIO(_file(await call("export_result", {"result": _of(study), "format": "sr"}))))
        assert {keyword: str(ds[keyword].value) for keyword in PLANTED} == PLANTED

    _with_intake(tmp_path, story)
    record = Identifiers(tmp_path / "store", tmp_path / "home").openings()
    assert [(one.format, one.run_id) for one in record] == [
        ("sr", "run_sample"),
        ("fhir", "run_sample"),
        ("sr", "run_sample"),
    ]


def test_planted_identifiers_are_in_the_file_alone(
    tmp_path: Path, films: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(call: Call) -> str:
        study = await _opened(call, films / "film.dcm")
        answers = [await call("get_study", {"study": study.handle})]
        for wanted in ("sr", "fhir"):
            answers.append(await call("export_result", {"result": _of(study), "format": wanted}))
        answers.append(
            await call("export_result", {"result": _of(study), "format": "sr", "source": str(films / "other.dcm")})
        )
        said = [answer.model_dump_json(exclude={"content"}) for answer in answers]
        return "".join(
            [study.model_dump_json(), *said, *(getattr(one, "text", "") for a in answers for one in a.content)]
        )

    said = _with_intake(tmp_path, story)
    out, err = capfd.readouterr()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    source, _ = planted_film()
    uids = [source.StudyInstanceUID, source.SeriesInstanceUID, source.SOPInstanceUID]
    for value in (*PLANTED.values(), "Zzyzxova", "Quillerine", *uids):
        assert value not in said + out + err + caplog.text, value
        assert value.encode() not in stored, value


def test_the_named_source_binds_a_film_that_the_map_does_not_know(tmp_path: Path, films: Path) -> None:
    async def story(call: Call) -> None:
        study = await _opened(call, films / "film.dcm")
        await call("forget_study", {"study": study.handle})
        refused = await call("export_result", {"result": _of(study), "format": "sr"})
        assert _problem(refused).code is ProblemCode.UNSUPPORTED_FORMAT
        named = {"result": _of(study), "format": "sr", "source": str(films / "film.dcm")}
        answer = await call("export_result", named)
        assert Exported.model_validate(answer.structured_content).bound_by is BoundBy.SOURCE
        assert sr_problems(_file(answer)) == ()

    _with_intake(tmp_path, story)


def test_a_source_that_is_another_film_or_lies_elsewhere_is_refused(tmp_path: Path, films: Path) -> None:
    (tmp_path / "elsewhere.dcm").write_bytes(planted_film()[1])

    async def story(call: Call) -> None:
        study = await _opened(call, films / "film.dcm")
        for source, code in (
            (films / "other.dcm", ProblemCode.BAD_ARGUMENT),
            (films / "film.png", ProblemCode.BAD_ARGUMENT),
            (tmp_path / "elsewhere.dcm", ProblemCode.PATH_NOT_ALLOWED),
            (films / "none.dcm", ProblemCode.NOT_FOUND),
        ):
            answer = await call("export_result", {"result": _of(study), "format": "fhir", "source": str(source)})
            assert _problem(answer).code is code

    _with_intake(tmp_path, story)


def test_a_png_is_exported_as_fhir_without_a_study_and_refused_as_sr(tmp_path: Path, films: Path) -> None:
    async def story(call: Call) -> None:
        study = await _opened(call, films / "film.png")
        answer = await call("export_result", {"result": _of(study), "format": "fhir"})
        assert Exported.model_validate(answer.structured_content).bound_by is BoundBy.NOTHING
        data = _file(answer)
        assert fhir_problems(data) == () and "ImagingStudy" not in data.decode()
        problem = _problem(await call("export_result", {"result": _of(study), "format": "sr"}))
        assert problem.code is ProblemCode.UNSUPPORTED_FORMAT and "FHIR" in problem.hint

    _with_intake(tmp_path, story)


def test_a_result_cannot_take_the_name_of_anothers_film(tmp_path: Path, films: Path) -> None:
    async def story(call: Call) -> None:
        named = await _opened(call, films / "film.dcm")
        other = await _opened(call, films / "other.dcm")
        swapped = other.images[0].model_copy(update={"handle": named.images[0].handle})
        forged = other.model_copy(update={"images": (swapped,)})
        answer = await call("export_result", {"result": _of(forged), "format": "sr"})
        assert _problem(answer).code is ProblemCode.BAD_ARGUMENT
        without = Diagnosis.model_validate(_of(named)).model_copy(update={"study": None}).model_dump(mode="json")
        assert (
            _problem(await call("export_result", {"result": without, "format": "fhir"})).code
            is ProblemCode.BAD_ARGUMENT
        )

    _with_intake(tmp_path, story)


def test_a_film_without_uids_of_its_own_is_diagnosed_and_not_exported_as_sr(tmp_path: Path, films: Path) -> None:
    ds, _ = planted_film()
    del ds.StudyInstanceUID
    ds.save_as(films / "bare.dcm")

    async def story(call: Call) -> None:
        study = await _opened(call, films / "bare.dcm")
        for source in (None, str(films / "bare.dcm")):
            answer = await call("export_result", {"result": _of(study), "format": "sr", "source": source})
            assert _problem(answer).code is ProblemCode.UNSUPPORTED_FORMAT
        answer = await call("export_result", {"result": _of(study), "format": "fhir"})
        assert PLANTED["PatientID"] not in json.dumps(json.loads(_file(answer)))

    _with_intake(tmp_path, story)

"""Lesions as their users meet them: a real client over stdio and HTTP, and the shell, with one store and one model."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from houses import WARDROUND, Specialists, free_port
from lesion_models import fitted_lesions, planted
from mcp import Client, StdioServerParameters

from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import LesionSearch
from wardround.contracts.lesions import LesionReport
from wardround.contracts.roles import ROLE_KEY, Role
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

_TOOLS = {"segment_lesions", "refine_lesion", "measure_change", "draw_lesions", "export_segmentation", "list_models"}
_THREADS = ("WARDROUND_THREADS", "OMP_NUM_THREADS")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a model of the user's own and a film beside it."""
    for name in _THREADS:  # sums of other orders differ in their last bits
        monkeypatch.setenv(name, "1")
    fitted_lesions(tmp_path / "models" / "lesions" / "mine")
    write_phantom_dicom(planted(5, (100.0, 140.0, 14.0), (220.0, 200.0, 14.0)), tmp_path / "film.dcm")
    return tmp_path


@pytest.fixture
def own_house(home: Path) -> Iterator[Specialists]:
    """Servers whose data folder is that of the model."""
    running = Specialists(home)
    yield running
    running.stop()


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PYTHONPATH", *_THREADS) if name in os.environ}
    return {**kept, "WARDROUND_HOME": str(home), "WARDROUND_ALLOW": str(home)}


def _opened(home: Path) -> str:
    async def story() -> str:
        async with Client(build("intake", ServerSettings(home / "store", allowed=(home,), home=home))) as client:
            study = (await client.call_tool("open_study", {"paths": [str(home / "film.dcm")]})).structured_content
            assert study is not None
            handle: str = study["images"][0]["handle"]
            return handle

    return asyncio.run(story())


async def _asked(client: Client, handle: str) -> tuple[LesionSearch, LesionReport, Any, Problem]:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == _TOOLS
    assert (tools["segment_lesions"].meta or {})[ROLE_KEY] == Role.LESIONS
    search = await client.call_tool("segment_lesions", {"image": handle, "operating_point": 0.6, "views": 2})
    report = await client.call_tool("refine_lesion", {"image": handle, "click": [100, 140]})
    drawn = await client.call_tool("draw_lesions", {"image": handle, "found": report.structured_content})
    wrong = await client.call_tool("refine_lesion", {"image": handle, "click": [900, 140]})
    assert wrong.is_error
    return (
        LesionSearch.model_validate(search.structured_content),
        LesionReport.model_validate(report.structured_content),
        drawn.structured_content,
        Problem.model_validate(wrong.structured_content),
    )


def _without_urls(told: tuple[Any, ...]) -> list[Any]:
    """Over HTTP a mask has an address that expires; all else must be the same."""
    plain = [one if isinstance(one, dict) else one.model_dump(mode="json") for one in told]
    return json.loads(json.dumps(plain), object_hook=lambda one: {k: v for k, v in one.items() if k != "url"})  # type: ignore[no-any-return]


def test_a_client_gets_the_same_lesions_over_stdio_and_http(own_house: Specialists, home: Path) -> None:
    handle = _opened(home)

    async def over_stdio() -> tuple[Any, ...]:
        server = StdioServerParameters(command=WARDROUND, args=["specialist", "lesions"], env=_environment(home))
        async with Client(server) as client:
            return await _asked(client, handle)

    async def over_http(port: int) -> tuple[Any, ...]:
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            return await _asked(client, handle)

    port = free_port()
    own_house.start("lesions", port, home / "store")
    own_house.wait(port)
    served, piped = asyncio.run(over_http(port)), asyncio.run(over_stdio())
    assert _without_urls(served) == _without_urls(piped)
    search, report, _, problem = served
    assert search.items and search.found.model == report.model == "mine" and problem.code is ProblemCode.BAD_ARGUMENT
    assert report.masks is not None and report.masks.url is not None


def test_a_segmentation_is_written_by_a_client_and_at_the_shell(home: Path) -> None:
    handle = _opened(home)
    film = str(home / "film.dcm")

    async def by_client() -> Any:
        server = StdioServerParameters(command=WARDROUND, args=["specialist", "lesions"], env=_environment(home))
        async with Client(server) as client:
            found = (await client.call_tool("refine_lesion", {"image": handle, "click": [100, 140]})).structured_content
            arguments = {"image": handle, "found": found, "path": film, "out": str(home / "client.dcm")}
            return (await client.call_tool("export_segmentation", arguments)).structured_content

    told = asyncio.run(by_client())
    assert told["file"] == "client.dcm" and told["segments"][0]["code"] == "27925004"
    command = [WARDROUND, "lesions", "segment", "mine", film, "--point", "0.6", "--seg", str(home / "shell.dcm")]
    environment = {**os.environ, **_environment(home)}
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    report = LesionReport.model_validate_json(done.stdout)
    source = pydicom.dcmread(film)
    for name, count in (("client.dcm", 1), ("shell.dcm", len(report.lesions))):
        written = pydicom.dcmread(home / name)
        assert (written.Modality, written.Rows, written.Columns) == ("SEG", source.Rows, source.Columns)
        assert len(written.SegmentSequence) == count
    areas = np.atleast_3d(pydicom.dcmread(home / "shell.dcm").pixel_array.reshape(-1, 320, 320)).sum(axis=(1, 2))
    assert list(areas) == [one.area_px for one in report.lesions]
    assert report.spacing_mm is not None and report.synthetic
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert again.returncode != 0 and "none is written over" in again.stderr and "Traceback" not in again.stderr

"""Every built-in server as an MCP client sees it: roles, schemas, cards, progress, typed errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.base import NOTICE
from wardround.contracts.card import ModelCard
from wardround.contracts.errors import CallerError, Problem, ProblemCode
from wardround.contracts.evidence import EvidenceReport, ScreenReport
from wardround.contracts.roles import ROLE_KEY, Role
from wardround.contracts.weighing import Weighing
from wardround.servers.catalogue import SERVERS, build
from wardround.servers.settings import ServerSettings

ROLES = {
    "intake": {Role.EXPORT, Role.FORGET, Role.INTAKE, Role.KEEP, Role.RENDER},
    "cxr": {Role.DETECT},
    "anatomy": {Role.SCREEN, Role.SEGMENT, Role.LOCATE},
    "evidence": {Role.WEIGH},
    "observer": {Role.OBSERVE},
    "cases": {Role.RECALL, Role.REMEMBER, Role.RETRIEVE, Role.CASE_FILE},
    "survival": {Role.SURVIVE},
    "lesions": {Role.LESIONS},
}


def _with(name: str, folder: Path, story: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(build(name, ServerSettings(folder / "store", allowed=(folder,), home=folder))) as client:
            return await story(client)

    return asyncio.run(run())


@pytest.fixture
def handle(tmp_path: Path) -> str:
    """A phantom film, already opened by an intake over the same store."""
    write_phantom_dicom(make_phantom(5, size=256), tmp_path / "film.dcm")

    async def story(client: Client) -> str:
        opened = await client.call_tool("open_study", {"paths": [str(tmp_path / "film.dcm")]})
        assert opened.structured_content is not None, opened
        found: str = opened.structured_content["images"][0]["handle"]
        return found

    opened: str = _with("intake", tmp_path, story)
    return opened


@pytest.mark.parametrize("name", list(SERVERS))
def test_tools_say_their_role_and_publish_schemas_and_the_server_its_cards(name: str, tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {Role(tool.meta[ROLE_KEY]) for tool in tools if tool.meta} == ROLES[name]
        for tool in tools:
            assert tool.description and tool.output_schema and tool.input_schema, tool.name
        (block,) = (await client.read_resource("card://model")).contents
        for card in json.loads(block.text):  # type: ignore[union-attr]
            assert ModelCard.model_validate(card).notice == NOTICE

    _with(name, tmp_path, story)


@pytest.mark.parametrize(
    ("name", "tool", "returns", "calibrated"),
    [
        ("cxr", "detect_findings", EvidenceReport, True),
        ("anatomy", "screen_film", ScreenReport, False),
        ("anatomy", "segment_anatomy", EvidenceReport, False),
    ],
)
def test_a_model_reports_progress_and_evidence_with_its_provenance(
    name: str, tool: str, returns: type[EvidenceReport], calibrated: bool, tmp_path: Path, handle: str
) -> None:
    heard: list[str | None] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    async def story(client: Client) -> None:
        result = await client.call_tool(tool, {"image": handle}, progress_callback=listen)
        report = returns.model_validate(result.structured_content)
        assert report.items
        for item in report.items:
            assert item.source.version
        assert any(item.source.calibrated for item in report.items) is calibrated
        assert NOTICE in str(result.content[0])
        assert len(result.model_dump_json()) < 1_000_000

    _with(name, tmp_path, story)
    assert heard


@pytest.mark.parametrize(
    ("name", "tool"), [("cxr", "detect_findings"), ("anatomy", "screen_film"), ("intake", "render_film")]
)
def test_an_unknown_film_is_a_typed_error(name: str, tool: str, tmp_path: Path) -> None:
    async def story(client: Client) -> Problem:
        result = await client.call_tool(tool, {"image": "im_" + "x" * 32})
        assert result.is_error
        return Problem.model_validate(result.structured_content)

    assert _with(name, tmp_path, story).code is ProblemCode.NOT_FOUND


def _scored(subject: str) -> dict[str, Any]:
    source = {"model": "net", "version": "1"}
    voice = {"source": source, "value": 0.3, "training_prevalence": 0.1}
    return {"kind": "finding", "subject": subject, "voices": [voice], "source": source}


def test_a_site_s_own_prior_by_any_name_of_the_finding_replaces_the_table_s(tmp_path: Path) -> None:
    async def story(client: Client) -> tuple[Weighing, Weighing]:
        items = [_scored("Effusion"), _scored("Mass")]
        plain = await client.call_tool("weigh_evidence", {"items": items})
        sited = await client.call_tool("weigh_evidence", {"items": items, "priors": {"pleural effusion": 0.25}})
        return Weighing.model_validate(plain.structured_content), Weighing.model_validate(sited.structured_content)

    plain, sited = _with("evidence", tmp_path, story)
    by_label = {belief.subject: belief for belief in sited.beliefs}
    assert (by_label["Effusion"].prior, by_label["Effusion"].prior_source) == (0.25, "site configuration")
    assert by_label["Mass"] in plain.beliefs
    assert "site configuration" in sited.prior_source and "site configuration" not in plain.prior_source


@pytest.mark.parametrize("priors", [{"Efusion": 0.2}, {"Effusion": 1.0}, {"Effusion": 0.1, "pleural effusion": 0.2}])
def test_a_wrong_site_prior_is_a_typed_error_that_names_it(priors: dict[str, float], tmp_path: Path) -> None:
    async def story(client: Client) -> Problem:
        result = await client.call_tool("weigh_evidence", {"items": [_scored("Effusion")], "priors": priors})
        assert result.is_error
        return Problem.model_validate(result.structured_content)

    problem = _with("evidence", tmp_path, story)
    assert problem.code is ProblemCode.BAD_ARGUMENT
    assert f"priors.{list(priors)[-1]}" in problem.message and problem.hint


def test_a_forgotten_study_is_gone(tmp_path: Path, handle: str) -> None:
    async def story(client: Client) -> None:
        opened = await client.call_tool("open_study", {"paths": [str(tmp_path / "film.dcm")]})
        assert opened.structured_content is not None
        study = opened.structured_content["handle"]
        assert not (await client.call_tool("forget_study", {"study": study})).is_error
        assert (await client.call_tool("get_study", {"study": study})).is_error

    _with("intake", tmp_path, story)


def test_a_name_that_is_not_built_in_is_refused_with_the_list(tmp_path: Path) -> None:
    with pytest.raises(CallerError) as refused:
        build("cardiology", ServerSettings(tmp_path))
    assert "anatomy" in refused.value.problem.hint

"""The case memory server as an MCP client sees it: its tools, typed errors, its own first cases, and over stdio."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from memory_cases import a_case, a_query, ward

from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.store import CaseStore
from wardround.contracts.base import NOTICE, Word
from wardround.contracts.card import ModelCard
from wardround.contracts.case import Case, CaseMatches, MatchExplained, Remembered
from wardround.contracts.decision import Stage
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import EvidenceKind, EvidenceReport
from wardround.contracts.roles import ROLE_KEY, Role
from wardround.servers.cases import build
from wardround.servers.settings import ServerSettings

W = TypeVar("W", bound=Word)


def _with(folder: Path, story: Callable[[Client], Awaitable[Any]], first: Callable[[], list[Case]] = ward) -> Any:
    async def run() -> Any:
        async with Client(build(ServerSettings(folder / "store", home=folder), first)) as client:
            return await story(client)

    return asyncio.run(run())


async def _told(client: Client, tool: str, returns: type[W], **arguments: Any) -> W:
    data = {name: one.model_dump(mode="json") if isinstance(one, Word) else one for name, one in arguments.items()}
    result = await client.call_tool(tool, data)
    assert not result.is_error, result.structured_content
    assert NOTICE in str(result.content[0])
    return returns.model_validate(result.structured_content)


async def _refused(client: Client, tool: str, **arguments: Any) -> Problem:
    data = {name: one.model_dump(mode="json") if isinstance(one, Word) else one for name, one in arguments.items()}
    result = await client.call_tool(tool, data)
    assert result.is_error
    return Problem.model_validate(result.structured_content)


def test_the_tools_say_their_roles_and_what_they_change_and_the_card_names_the_embedder(tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {name: tool.meta[ROLE_KEY] for name, tool in tools.items() if tool.meta} == {
            "search_cases": Role.RECALL,
            "add_case": Role.REMEMBER,
            "similar_cases": Role.RETRIEVE,
            "read_case_file": Role.CASE_FILE,
        }
        assert {"get_case", "correct_case", "forget_case", "explain_match"} <= set(tools)
        for tool in tools.values():
            assert tool.description and tool.output_schema and tool.annotations is not None
        changing = {name for name, tool in tools.items() if tool.annotations and not tool.annotations.read_only_hint}
        assert changing == {"add_case", "correct_case", "forget_case"}
        (block,) = (await client.read_resource("card://model")).contents
        (card,) = json.loads(block.text)  # type: ignore[union-attr]
        card = ModelCard.model_validate(card)
        assert card.name == "case search: BM25 and lsa" and card.version.startswith("1-") and card.limits

    _with(tmp_path, story)


def test_a_case_lives_its_whole_life_through_the_tools(tmp_path: Path) -> None:
    fresh = a_case("zebra", chief_complaint="bitten by a zebra", trust="finished here")

    async def story(client: Client) -> None:
        kept = await _told(client, "add_case", Remembered, case=fresh)
        assert (kept.case_id, kept.new, kept.trust) == ("zebra", True, fresh.trust)
        assert not (await _told(client, "add_case", Remembered, case=fresh)).new
        assert await _told(client, "get_case", Case, case_id="zebra") == fresh
        query = a_query(Stage.REFERRAL, chief_complaint="zebra")
        found = await _told(client, "search_cases", CaseMatches, query=query)
        assert found.matches[0].case_id == "zebra" and not found.matches[0].fields.symptoms
        why = await _told(client, "explain_match", MatchExplained, query=query, case_id="zebra")
        assert why.keyword_rank == 1 and why.fields[0].shared == ("zebra",)
        better = fresh.model_copy(update={"chief_complaint": "bitten by a horse"})
        corrected = await _told(client, "correct_case", Remembered, case=better)
        assert not corrected.new
        assert (await _told(client, "get_case", Case, case_id="zebra")).chief_complaint == "bitten by a horse"
        assert (await _told(client, "forget_case", Remembered, case_id="zebra")).forgotten
        assert not (await _told(client, "forget_case", Remembered, case_id="zebra")).forgotten
        assert (await _refused(client, "get_case", case_id="zebra")).code is ProblemCode.NOT_FOUND
        assert (await _refused(client, "correct_case", case=better)).code is ProblemCode.NOT_FOUND

    _with(tmp_path, story)


def test_no_client_brings_a_validated_record_or_writes_over_one_but_it_may_be_forgotten(tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        bold = a_case("bold", trust="validated")
        refused = await _refused(client, "add_case", case=bold)
        assert refused.code is ProblemCode.FORBIDDEN and "user" in refused.hint
        for tool in ("add_case", "correct_case"):
            assert (await _refused(client, tool, case=a_case("sure"))).code is ProblemCode.FORBIDDEN
        assert (await _told(client, "get_case", Case, case_id="sure")).trust == "validated"
        assert (await _told(client, "forget_case", Remembered, case_id="sure")).forgotten

    _with(tmp_path, story, lambda: [a_case("sure", trust="validated")])


def test_similar_cases_are_evidence_of_their_own_kind_and_written_ones_come_only_where_asked(tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        arguments: dict[str, Any] = {"findings": ["pleural effusion", "Cardiomegaly"], "patient": {"sex": "F"}}
        assert (await _told(client, "similar_cases", EvidenceReport, **arguments)).items == ()
        report = await _told(client, "similar_cases", EvidenceReport, **arguments, synthetic=True)
        (item,) = report.items
        assert item.kind is EvidenceKind.CASE and item.synthetic and item.case is not None
        assert (item.case.case_id, item.case.similarity) == ("heart", 1.0)
        assert item.source.version and not item.source.calibrated
        nothing = await _told(client, "similar_cases", EvidenceReport, findings=[])
        assert nothing.items == () and nothing.warnings

    _with(tmp_path, story)


@pytest.mark.parametrize(
    "query",
    [
        {"stage": "referral"},
        {"stage": "referral", "symptoms": "known to nobody yet"},
        {"stage": "history", "chief_complaint": "cough", "age_within_years": 5},
    ],
)
def test_a_query_that_says_nothing_is_a_typed_error(tmp_path: Path, query: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        problem = await _refused(client, "search_cases", query=query)
        assert problem.code is ProblemCode.BAD_ARGUMENT and problem.hint

    _with(tmp_path, story)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_cases", {"query": {"stage": "referral", "chief_complaint": "x" * 1_000_000}}),
        ("search_cases", {"query": {"stage": "triage", "chief_complaint": "cough"}}),
        ("get_case", {"case_id": "../../etc/passwd"}),
        ("add_case", {"case": {"case_id": "x"}}),
        ("similar_cases", {"findings": ["Mass"], "limit": 0}),
    ],
)
def test_what_the_schema_refuses_is_an_error_and_the_server_lives_on(
    tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    async def story(client: Client) -> None:
        assert (await client.call_tool(tool, arguments)).is_error
        assert (await _told(client, "get_case", Case, case_id="lung")).case_id == "lung"

    _with(tmp_path, story)


def test_many_clients_at_once_are_all_answered(tmp_path: Path) -> None:
    async def story(client: Client) -> None:
        adding = [_told(client, "add_case", Remembered, case=a_case(f"c-{number}")) for number in range(10)]
        query = a_query(Stage.REFERRAL, chief_complaint="breathless", limit=50)
        searching = [_told(client, "search_cases", CaseMatches, query=query) for _ in range(10)]
        await asyncio.gather(*adding, *searching)
        assert (await _told(client, "search_cases", CaseMatches, query=query)).searched == 15

    _with(tmp_path, story)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("EMBEDDER", "mystery", "WARDROUND_CASES_EMBEDDER"),
        ("EMBEDDER", "openai", "a model and an address"),
        ("FILE", os.curdir, "cannot be opened or written"),
    ],
)
def test_a_server_whose_memory_cannot_be_opened_runs_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"WARDROUND_CASES_{name}", value)

    async def story(client: Client) -> None:
        problem = await _refused(client, "get_case", case_id="lung")
        assert told in problem.message and problem.hint
        (block,) = (await client.read_resource("card://model")).contents
        assert json.loads(block.text) == []  # type: ignore[union-attr]

    _with(tmp_path, story)


def test_a_memory_that_was_filled_before_keeps_what_it_has(tmp_path: Path) -> None:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add([a_case("mine")])

    async def story(client: Client) -> None:
        query = a_query(Stage.REFERRAL, chief_complaint="breathless", limit=50)
        assert (await _told(client, "search_cases", CaseMatches, query=query)).searched == 1

    _with(tmp_path, story)


def test_a_client_over_stdio_finds_the_cases_that_come_with_the_package(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("wardround"))
    environment = {**os.environ, "WARDROUND_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    server = StdioServerParameters(command=command, args=["specialist", "cases"], env=environment)

    async def run() -> CaseMatches:
        async with Client(stdio_client(server)) as client:
            query = a_query(Stage.REFERRAL, chief_complaint="short of breath", limit=50)
            return await _told(client, "search_cases", CaseMatches, query=query)

    found = asyncio.run(run())
    assert found.searched >= 24 and found.matches
    assert all(match.synthetic and match.provenance and match.licence for match in found.matches)
    assert (tmp_path / "cases.db").is_file()

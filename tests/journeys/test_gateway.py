"""A desktop client's view: the gateway over stdio, driven by a real MCP client."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from houses import WARDROUND
from mcp import Client, StdioServerParameters
from mcp.types import ImageContent, TextContent
from PIL import Image

from wardround.contracts.base import NOTICE
from wardround.orchestrator.gateway import MAX_WAIT_S


def _gateway(home: Path, allow: Path, story: Callable[[Client], Awaitable[None]]) -> None:
    parameters = StdioServerParameters(
        command=WARDROUND, args=["mcp", "--allow", str(allow)], env={"WARDROUND_HOME": str(home)}
    )

    async def run() -> None:
        async with Client(parameters) as client:
            await story(client)

    asyncio.run(run())


def _text(result: Any) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def test_a_film_is_submitted_asked_for_and_shown(tmp_path: Path, phantom_film: Path) -> None:
    async def story(client: Client) -> None:
        tools = (await client.list_tools()).tools
        names = {tool.name for tool in tools}
        assert {"submit_study", "get_result", "list_findings", "show_overlay", "begin_encounter"} <= names
        assert all(tool.description and tool.output_schema for tool in tools)

        submitted = await client.call_tool("submit_study", {"paths": [str(phantom_film)], "age_years": 61})
        assert not submitted.is_error, _text(submitted)
        assert submitted.structured_content is not None
        run_id = submitted.structured_content["run_id"]
        for _ in range(4):
            answer = await client.call_tool("get_result", {"run_id": run_id, "wait_s": MAX_WAIT_S})
            assert answer.structured_content is not None
            if answer.structured_content["progress"] != "running":
                break
        assert answer.structured_content["progress"] == "done", _text(answer)
        text = _text(answer)
        assert "SYNTHETIC" in text and NOTICE in text
        assert len(answer.model_dump_json()) < 1_000_000

        for finding in ("", "pleural effusion"):
            shown = await client.call_tool("show_overlay", {"run_id": run_id, "finding": finding})
            assert not shown.is_error, _text(shown)
            (block,) = [one for one in shown.content if isinstance(one, ImageContent)]
            data = base64.b64decode(block.data)
            assert len(data) < 700_000
            assert max(Image.open(io.BytesIO(data)).size) == 512

    _gateway(tmp_path, phantom_film.parent, story)


def test_mistakes_are_told_and_the_gateway_stays(tmp_path: Path, phantom_film: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()

    async def story(client: Client) -> None:
        outside = await client.call_tool("submit_study", {"paths": [str(phantom_film)]})
        assert outside.is_error and "path_not_allowed" in str(outside.structured_content)
        assert str(phantom_film.parent) not in _text(outside)
        wrong: list[dict[str, Any]] = [{}, {"paths": []}, {"paths": ["x"], "age_years": -1}, {"paths": ["x"] * 99}]
        for arguments in wrong:
            assert (await client.call_tool("submit_study", arguments)).is_error, arguments
        within = allowed / "film.dcm"
        within.write_bytes(phantom_film.read_bytes())
        before = await client.call_tool(
            "submit_study", {"paths": [str(within)], "prior_path": str(phantom_film), "history": "no {0} <<< fever"}
        )
        assert before.is_error and "path_not_allowed" in str(before.structured_content)
        alone = await client.call_tool("submit_study", {"paths": [str(within)], "strategy": "panel"})
        assert alone.is_error and "none is configured" in _text(alone)
        unknown = await client.call_tool("get_result", {"run_id": "run_nothing"})
        assert unknown.is_error and "not_found" in str(unknown.structured_content)
        findings = await client.call_tool("list_findings", {})
        assert not findings.is_error and "36118008" in str(findings.structured_content)
        prompts = (await client.list_prompts()).prompts
        assert {prompt.name for prompt in prompts} == {"read_film", "why", "gaps"}
        asked = await client.get_prompt("read_film", {"path": "a {braced} name.dcm", "history": "cough"})
        assert "a {braced} name.dcm" in str(asked.messages[0].content)

    _gateway(tmp_path / "home", allowed, story)

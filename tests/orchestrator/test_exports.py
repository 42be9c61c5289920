"""What the orchestrator hands to an export, and what it makes of a wrong answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from export_samples import finished
from mcp.server.mcpserver import MCPServer
from mcp.types import BlobResourceContents, CallToolResult, EmbeddedResource, TextContent
from small_house import small_house

from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.exports import ExportFormat
from wardround.orchestrator.exports import exported

_FILE = b"a file that names Zzyzxova"


def _exporter(seen: list[dict[str, Any]], digest: str, blob: str) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("intake")

    @server.tool(meta={"wardround/role": "export"})
    def export_result(result: dict[str, Any], format: str) -> CallToolResult:
        """Write whatever it is told to."""
        seen.append(result)
        told = {"format": format, "media_type": "x", "digest": digest, "size_bytes": 5, "bound_by": "map"}
        block = EmbeddedResource(type="resource", resource=BlobResourceContents(uri="export://x", blob=blob))
        return CallToolResult(content=[TextContent(type="text", text="done"), block], structured_content=told)

    return server


def _asked(folder: Path, server: MCPServer[Any] | None, result: Diagnosis | None = None) -> bytes:
    async def once() -> bytes:
        others = {"intake": server} if server is not None else {}
        async with small_house(folder, others=others) as house:
            return await exported(house, result or finished(), ExportFormat.SR)

    return asyncio.run(once())


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_history_similar_cases_and_prose_of_details_do_not_go_out(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    server = _exporter(seen, _digest(_FILE), base64.b64encode(_FILE).decode())
    assert _asked(tmp_path, server) == _FILE
    assert {item["kind"] for item in seen[0]["evidence"]} == {
        "finding",
        "weighing",
        "location",
        "measurement",
        "lesion",
    }
    assert not any(item["detail"] for item in seen[0]["evidence"])


@pytest.mark.parametrize("blob", [base64.b64encode(b"another").decode(), "no base64!"])
def test_a_file_that_is_not_what_was_said_of_it_is_a_fault_that_quotes_nothing(tmp_path: Path, blob: str) -> None:
    with pytest.raises(Fault) as refused:
        _asked(tmp_path, _exporter([], _digest(_FILE), blob))
    assert refused.value.problem.code is ProblemCode.WRONG_SHAPE and refused.value.__cause__ is None


def test_a_house_without_an_exporter_says_so(tmp_path: Path) -> None:
    with pytest.raises(Fault) as refused:
        _asked(tmp_path, None)
    assert refused.value.problem.code is ProblemCode.SPECIALIST_DOWN and "export" in refused.value.problem.message


def test_a_result_beyond_a_message_is_refused(tmp_path: Path) -> None:
    large = finished().model_copy(update={"warnings": tuple(f"{number} " + "w" * 1000 for number in range(1100))})
    with pytest.raises(CallerError) as refused:
        _asked(tmp_path, _exporter([], _digest(_FILE), ""), large)
    assert refused.value.problem.code is ProblemCode.TOO_LARGE

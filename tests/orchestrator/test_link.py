"""One specialist behind any transport: found by role, faults as typed data, back again after a crash."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from mcp import StdioServerParameters
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult

from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.roles import Role
from wardround.contracts.study import Study
from wardround.orchestrator.config import SpecialistConfig
from wardround.orchestrator.directory import Directory
from wardround.orchestrator.link import Link, Target, http_target
from wardround.servers.answers import add_tool

LIAR = """
import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, ListToolsResult, Tool

SCHEMA = {"type": "object", "properties": {"items": {"type": "array"}}, "required": ["items"]}


async def tools(context, parameters):
    return ListToolsResult(tools=[Tool(name="classify", input_schema={"type": "object"}, output_schema=SCHEMA)])


async def call(context, parameters):
    return CallToolResult(content=[], structured_content={"items": "DOE^JANE"})


async def main():
    server = Server("liar", on_list_tools=tools, on_call_tool=call)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


anyio.run(main)
"""
FOREIGN = Path(__file__).parents[1] / "foreign"


def _stdio(script: str, *arguments: str) -> Target:
    parameters = StdioServerParameters(command=sys.executable, args=[str(FOREIGN / script), *arguments])
    return lambda: parameters


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def http_foreigner() -> Iterator[tuple[str, Callable[[], subprocess.Popen[bytes]]]]:
    port = _free_port()
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(FOREIGN / "opacity_server.py"), str(port)], stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield f"http://127.0.0.1:{port}/mcp", start
    for process in started:
        process.kill()
        process.wait()


def _call(target: Target, timeout_s: float = 20.0) -> Any:
    async def once() -> Any:
        link = Link("foreign", target, timeout_s=timeout_s)
        await link.start()
        try:
            return (await link.call("classify", {"image": "im_x"})).structured_content
        finally:
            await link.stop()

    return asyncio.run(once())


def test_a_foreign_server_answers_over_stdio() -> None:
    assert _call(_stdio("opacity_server.py"))["items"][0]["subject"] == "Pleural effusion"


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        ("slow", ProblemCode.TIMEOUT),
        ("dies", ProblemCode.SPECIALIST_DOWN),
        ("raises", ProblemCode.WRONG_SHAPE),
    ],
)
def test_a_misbehaving_server_becomes_a_typed_fault(manner: str, code: ProblemCode) -> None:
    with pytest.raises(Fault) as raised:
        _call(_stdio("misbehaving_server.py", manner), timeout_s=1.0 if manner == "slow" else 20.0)
    assert raised.value.problem.code is code
    assert "DOE" not in str(raised.value.problem)


def test_a_foreign_answer_outside_the_schema_that_it_published_is_refused_unread() -> None:
    with pytest.raises(Fault) as raised:
        _call(lambda: StdioServerParameters(command=sys.executable, args=["-c", LIAR]))
    assert raised.value.problem.code is ProblemCode.WRONG_SHAPE
    assert "DOE" not in str(raised.value.problem)


def test_an_embedded_answer_outside_its_own_words_is_refused_unread() -> None:
    server: MCPServer[Any] = MCPServer("embedded")

    @server.tool()
    def classify(image: str) -> Annotated[CallToolResult, Study]:
        """Answer with something else."""
        return CallToolResult(content=[], structured_content={"images": "DOE^JANE"})

    with pytest.raises(Fault) as raised:
        _call(lambda: server)
    assert raised.value.problem.code is ProblemCode.WRONG_SHAPE
    assert "DOE" not in str(raised.value.problem)


def test_a_server_that_is_not_there_is_down_and_named() -> None:
    with pytest.raises(Fault) as raised:
        _call(http_target(f"http://127.0.0.1:{_free_port()}/mcp"))
    assert raised.value.problem.code is ProblemCode.SPECIALIST_DOWN
    assert "'foreign'" in raised.value.problem.message


def test_an_http_server_that_was_killed_is_down_and_comes_back(
    http_foreigner: tuple[str, Callable[[], subprocess.Popen[bytes]]],
) -> None:
    url, start = http_foreigner

    async def story() -> list[bool]:
        link = Link("foreign", http_target(url), connect_timeout_s=30.0)
        heard: list[bool] = []

        async def ask() -> None:
            try:
                await link.call("classify", {"image": "im_x"})
                heard.append(True)
            except Fault as fault:
                assert fault.problem.code is ProblemCode.SPECIALIST_DOWN
                heard.append(False)

        process = start()
        await link.start()
        while not heard or not heard[-1]:  # until it has come up
            await ask()
        process.kill()
        process.wait()
        heard.clear()
        await ask()
        start()
        while not heard[-1]:
            await ask()
        await link.stop()
        return heard

    heard = asyncio.run(story())
    assert heard[0] is False
    assert heard[-1] is True


def test_a_typed_refusal_of_a_tool_is_raised_as_what_it_is() -> None:
    server: MCPServer[Any] = MCPServer("embedded")

    async def classify(image: str) -> Study:
        """Refuse."""
        raise CallerError(ProblemCode.BLANK_IMAGE, "The film is blank.", "Give another one.")

    add_tool(server, classify, Study, title="Refuse")
    with pytest.raises(CallerError) as raised:
        _call(lambda: server)
    assert raised.value.problem.code is ProblemCode.BLANK_IMAGE


def test_an_unforeseen_error_tells_its_type_and_not_its_text() -> None:
    server: MCPServer[Any] = MCPServer("embedded")

    async def classify(image: str) -> Study:
        """Fail."""
        raise ValueError("/home/doe/jane.dcm")

    add_tool(server, classify, Study, title="Fail")
    with pytest.raises(Fault) as raised:
        _call(lambda: server)
    assert raised.value.problem.code is ProblemCode.INTERNAL
    assert "ValueError" in raised.value.problem.message
    assert "doe" not in str(raised.value.problem)


def test_tools_are_found_by_role_in_metadata_or_in_the_configuration() -> None:
    unmarked: MCPServer[Any] = MCPServer("unmarked")
    wrong_part: MCPServer[Any] = MCPServer("knee")

    @unmarked.tool()
    def look(image: str) -> dict[str, Any]:
        """Look."""
        return {"items": []}

    @wrong_part.tool(meta={"wardround/role": "detect", "wardround/body_part": "KNEE"})
    def bend(image: str) -> dict[str, Any]:
        """Bend."""
        return {"items": []}

    async def find() -> tuple[list[str], list[str], list[str]]:
        configs = {
            "foreign": SpecialistConfig(command=("unused",)),
            "unmarked": SpecialistConfig(command=("unused",), roles={Role.OBSERVE: "look"}),
            "knee": SpecialistConfig(command=("unused",)),
            "gone": SpecialistConfig(url="http://127.0.0.1:9/mcp"),
        }
        links = {
            "foreign": Link("foreign", _stdio("opacity_server.py")),
            "unmarked": Link("unmarked", lambda: unmarked),
            "knee": Link("knee", lambda: wrong_part),
            "gone": Link("gone", http_target(f"http://127.0.0.1:{_free_port()}/mcp")),
        }
        directory = Directory(links, configs)
        await directory.start()
        players, silent = await directory.players()
        await directory.stop()
        detect = [player.specialist for player in players[Role.DETECT]]
        observe = [player.specialist for player in players[Role.OBSERVE]]
        return detect, observe, [one.specialist for one in silent]

    assert asyncio.run(find()) == (["foreign"], ["unmarked"], ["gone"])

"""One connection to one specialist, whatever the transport: embedded, stdio or streamable HTTP.

A task of its own enters and leaves the MCP client, because a server that dies takes the whole client scope with it;
callers only ever see a typed fault, and the link comes back by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mcp import Client, MCPError, StdioServerParameters
from mcp.client import Transport
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer
from mcp.shared.dispatcher import ProgressFnT as Progress
from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult, Tool
from pydantic import ValidationError

from wardround.contracts.errors import Fault, Problem, ProblemCode, error_from

__all__ = ["Link", "Progress", "Target", "http_target"]

Target = Callable[[], MCPServer[Any] | StdioServerParameters | Transport]

_RETRY_S = 0.2
_FAILURES_TO_GIVE_UP = 3
_MAX_EVENT_BYTES = 16 * 1024 * 1024
_log = logging.getLogger(__name__)


def http_target(url: str) -> Target:
    """A target over streamable HTTP; one event may be larger than the SDK's default of 1 MiB."""
    return lambda: streamable_http_client(url, max_sse_event_size=_MAX_EVENT_BYTES)


class Link:
    """Call `start` before `call`, and `stop` at the end; `call` waits for the connection."""

    def __init__(self, name: str, target: Target, *, connect_timeout_s: float = 20.0, timeout_s: float = 60.0) -> None:
        self.name = name
        self._target = target
        self._connect_timeout_s = connect_timeout_s
        self._timeout_s = timeout_s
        self._client: Client | None = None
        self._embedded = False
        self._stopped = False
        self._tools: tuple[Tool, ...] = ()
        self._lost = asyncio.Event()
        self._changed = asyncio.Condition()
        self._failures = 0
        self._owner: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to connect, and returns at once."""
        if self._owner is None:
            self._stopped = False
            self._owner = asyncio.create_task(self._own(), name=f"link-{self.name}")

    async def stop(self) -> None:
        """Closes the connection; a stdio server ends with it."""
        if self._owner is not None:
            self._stopped = True
            self._owner.cancel()
            await asyncio.gather(self._owner, return_exceptions=True)
            self._owner = None

    async def tools(self) -> tuple[Tool, ...]:
        """The server's tools.

        Raises:
            Fault: SPECIALIST_DOWN where it cannot be reached in time.
        """
        await self._connected()
        return self._tools

    async def call(self, tool: str, arguments: dict[str, Any], progress: Progress | None = None) -> CallToolResult:
        """The tool's result; a tool's typed error is raised as what it is.

        Raises:
            CallerError, Fault: as the tool says, or SPECIALIST_DOWN, TIMEOUT, WRONG_SHAPE where it does not answer.
        """
        client = await self._connected()
        lost = asyncio.create_task(self._lost.wait())
        asking = asyncio.create_task(self._answer(client, tool, arguments, progress))
        try:
            # The client's own time limit cancels the handler on the server; this one only guards against its silence.
            await asyncio.wait({lost, asking}, timeout=self._timeout_s + 5.0, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise self._down() if lost.done() else self._late()
            result = asking.result()
        except MCPError as error:
            raise self._late() if "timed out" in str(error).lower() else self._down() from error
        except (RuntimeError, ValidationError) as error:  # the SDK's word for output outside its published schema
            raise Fault(
                ProblemCode.WRONG_SHAPE, f"The specialist '{self.name}' answered '{tool}' outside its own schema."
            ) from error
        finally:
            for task in (lost, asking):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
        if result.is_error:
            raise error_from(self._problem(result, tool))
        return result

    async def _answer(
        self, client: Client, tool: str, arguments: dict[str, Any], progress: Progress | None
    ) -> CallToolResult:
        if not self._embedded:
            return await client.call_tool(tool, arguments, self._timeout_s, progress)
        # An embedded server has just checked this very object against the model that its schema is written from.
        request = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=arguments))
        return await client.session.send_request(request, CallToolResult, self._timeout_s, progress_callback=progress)

    def _problem(self, result: CallToolResult, tool: str) -> Problem:
        try:
            return Problem.model_validate(result.structured_content)
        except ValidationError:
            # A foreign server's words are shown to nobody: they are outside our control and may hold anything.
            return Problem(
                code=ProblemCode.WRONG_SHAPE,
                message=f"The specialist '{self.name}' refused '{tool}' without a typed reason.",
            )

    def _down(self) -> Fault:
        return Fault(
            ProblemCode.SPECIALIST_DOWN,
            f"The specialist '{self.name}' cannot be reached.",
            "Start it again; the next run will find it.",
        )

    def _late(self) -> Fault:
        return Fault(
            ProblemCode.TIMEOUT,
            f"The specialist '{self.name}' did not answer within {self._timeout_s:g} s.",
            f"Raise timeout_s in [specialists.{self.name}], or look at its log.",
        )

    async def _connected(self) -> Client:
        """The live client; gives up early where one attempt after another is turned away."""
        give_up_at = self._failures + _FAILURES_TO_GIVE_UP
        try:
            async with asyncio.timeout(self._connect_timeout_s), self._changed:
                await self._changed.wait_for(lambda: self._client is not None or self._failures >= give_up_at)
        except TimeoutError:
            raise self._down() from None
        if self._client is None:
            raise self._down()
        return self._client

    async def _note(self, client: Client | None) -> None:
        async with self._changed:
            self._failures += client is None
            self._client = client
            self._changed.notify_all()

    async def _own(self) -> None:
        # A transport that fails just as it is cancelled swallows the cancellation, so that this flag alone is sure.
        while not self._stopped:
            try:
                target = self._target()
                self._embedded = isinstance(target, MCPServer)
                async with Client(target) as client:
                    self._tools = await _all_tools(client)
                    self._lost.clear()
                    await self._note(client)
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():  # stopped by us; a dying transport cancels only its scope
                    raise
            except Exception as error:  # any transport failure means the same: not connected, try again
                _log.info("link to %s lost: %s", self.name, type(error).__name__)
            finally:
                self._lost.set()
            await self._note(None)
            await asyncio.sleep(_RETRY_S)


async def _all_tools(client: Client) -> tuple[Tool, ...]:
    page = await client.list_tools()
    tools = list(page.tools)
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tuple(tools)

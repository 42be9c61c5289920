"""MCP manners that every server of ours shares, the gateway too: typed answers, errors as data, roles. No models."""

from __future__ import annotations

import functools
import inspect
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, get_type_hints

from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, ContentBlock, TextContent, ToolAnnotations

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import Problem, ProblemCode, WardroundError
from wardround.contracts.own_version import own_version
from wardround.contracts.roles import Role, role_meta

__all__ = ["DELETES", "READ_ONLY", "WRITES", "add_tool", "failure", "new_server"]

READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
DELETES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)
_log = logging.getLogger(__name__)


def new_server(name: str, title: str, instructions: str, **options: Any) -> MCPServer[Any]:
    """An MCP server whose instructions end with the notice."""
    return MCPServer(
        name,
        title=title,
        version=own_version(),
        instructions=f"{instructions} {NOTICE}",
        log_level="WARNING",
        **options,
    )


def failure(error: WardroundError) -> CallToolResult:
    """A tool's typed error: the `Problem` as structured content, and as a sentence for a model to read."""
    return CallToolResult(
        content=[TextContent(type="text", text=str(error.problem))],
        structured_content=error.problem.model_dump(mode="json"),
        is_error=True,
    )


def _internal(tool: str, error: Exception) -> CallToolResult:
    # The text of a foreign exception may hold a path or a patient's name: its type alone is logged and told.
    _log.error("tool %s failed with %s", tool, type(error).__name__)
    problem = Problem(
        code=ProblemCode.INTERNAL,
        message=f"The tool '{tool}' failed with {type(error).__name__}; this is a fault of the server.",
        hint="Try again; if it persists, run 'wardround doctor' and report it.",
    )
    return CallToolResult(
        content=[TextContent(type="text", text=str(problem))],
        structured_content=problem.model_dump(mode="json"),
        is_error=True,
    )


def _answering(
    function: Callable[..., Awaitable[Word | tuple[Word, str | list[ContentBlock]]]], returns: type[Word]
) -> Callable[..., Awaitable[CallToolResult]]:
    """Wraps a function that returns a word into one that returns a tool result.

    Beside the word it may return pictures, or a text for clients that read no structured content; without one, that
    text is the word as JSON.
    """

    @functools.wraps(function)
    async def tool(*args: Any, **kwargs: Any) -> CallToolResult:
        try:
            answer = await function(*args, **kwargs)
        except WardroundError as error:
            return failure(error)
        except Exception as error:  # the boundary: nothing but a typed problem may leave it
            return _internal(function.__name__, error)
        word, beside = answer if isinstance(answer, tuple) else (answer, [])
        data = word.model_dump(mode="json", exclude_none=True)
        text = beside if isinstance(beside, str) else json.dumps({**data, "notice": NOTICE}, ensure_ascii=False)
        pictures = [] if isinstance(beside, str) else beside
        return CallToolResult(content=[TextContent(type="text", text=text), *pictures], structured_content=data)

    hints = get_type_hints(function, include_extras=True)
    hints["return"] = Annotated[CallToolResult, returns]
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=hints[name]) for name, p in signature.parameters.items()]
    tool.__annotations__ = hints
    tool.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=hints["return"]
    )
    del tool.__wrapped__
    return tool


def add_tool(
    server: MCPServer[Any],
    function: Callable[..., Awaitable[Any]],
    returns: type[Word],
    *,
    role: Role | None = None,
    title: str,
    annotations: ToolAnnotations = READ_ONLY,
) -> None:
    """Registers `function`; its docstring is what a model reads, and `role` is how an orchestrator finds it."""
    meta = role_meta(role) if role else None
    description = inspect.getdoc(function)
    server.tool(title=title, description=description, annotations=annotations, meta=meta)(_answering(function, returns))

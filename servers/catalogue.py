"""The built-in specialist servers by name, imported only when one is built."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mcp.server.mcpserver import MCPServer

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.servers.settings import ServerSettings

__all__ = ["SERVERS", "build"]

# Plain names of modules, so that listing the servers imports no model.
SERVERS: dict[str, str] = {
    "intake": "wardround.servers.intake",
    "cxr": "wardround.servers.cxr",
    "anatomy": "wardround.servers.anatomy",
    "evidence": "wardround.servers.evidence",
    "observer": "wardround.servers.observer",
    "cases": "wardround.servers.cases",
    "survival": "wardround.servers.survival",
    "lesions": "wardround.servers.lesions",
}


def build(name: str, settings: ServerSettings) -> MCPServer[Any]:
    """The named server.

    Raises:
        CallerError: NOT_FOUND for a name that is not built in.
    """
    if name not in SERVERS:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"There is no specialist '{name}'.", f"Built in are {', '.join(SERVERS)}."
        )
    server: MCPServer[Any] = import_module(SERVERS[name]).build(settings)
    return server

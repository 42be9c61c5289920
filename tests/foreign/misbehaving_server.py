"""Servers that do it wrong, each in its own way: slow, wrong in shape, lying about its role's words, dying."""

import asyncio
import os
import sys
from typing import Any

from mcp.server.mcpserver import MCPServer

server: MCPServer[Any] = MCPServer("misbehaving")
MANNER = sys.argv[1] if len(sys.argv) > 1 else "slow"


@server.tool(meta={"wardround/role": "detect"})
async def classify(image: str) -> dict[str, Any]:
    """Score one film, badly."""
    if MANNER == "slow":
        await asyncio.sleep(600)
    if MANNER == "dies":
        os._exit(3)
    if MANNER == "raises":
        raise ValueError("secret text of DOE^JANE")
    if MANNER == "dangling":
        source = {"model": "m", "version": "1"}
        return {"items": [{"kind": "finding", "subject": "Mass", "derived_from": ["E9999"], "source": source}]}
    return {"items": [{"kind": "finding", "value": 7}]}


if __name__ == "__main__":
    server.run("stdio")

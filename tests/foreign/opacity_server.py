"""Somebody else's MCP server: it imports nothing of Wardround, and speaks the evidence schema."""

import sys
from typing import Any

from mcp.server.mcpserver import MCPServer

server: MCPServer[Any] = MCPServer("opacity")


@server.tool(meta={"wardround/role": "detect"})
def classify(image: str) -> dict[str, Any]:
    """Score pleural effusion on one film."""
    source = {"model": "somebody's model", "version": "7", "calibrated": True}
    return {"items": [{"kind": "finding", "subject": "Pleural effusion", "value": 0.91, "source": source}]}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")

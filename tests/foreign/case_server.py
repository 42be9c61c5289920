"""Stands in for a case memory: an MCP server that gives two scripted similar cases, under their own ids."""

from typing import Any

from mcp.server.mcpserver import MCPServer

server: MCPServer[Any] = MCPServer("cases")


@server.tool(meta={"wardround/role": "retrieve"})
def similar(findings: list[str], limit: int = 3) -> dict[str, Any]:
    """Two cases that showed the findings that are asked for."""
    source = {"model": "scripted cases", "version": "1"}
    items = [
        {
            "kind": "case",
            "subject": "similar case",
            "source": source,
            "case": {
                "case_id": f"scripted-{number}",
                "similarity": similarity,
                "trust": "validated",
                "findings": findings[:3],
            },
        }
        for number, similarity in ((1, 0.82), (2, 0.64))
    ]
    return {"items": items[:limit]}


if __name__ == "__main__":
    server.run("stdio")

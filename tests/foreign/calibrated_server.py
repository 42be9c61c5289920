"""Somebody's calibrated detector: it says how likely a film is normal, and how sure it must be to be heard."""

import sys
from typing import Any

from mcp.server.mcpserver import MCPServer

server: MCPServer[Any] = MCPServer("calibrated")
NORMAL = float(sys.argv[1]) if len(sys.argv) > 1 else 0.6
CUTS = [
    {"coverage": 0.5, "least_confidence": 0.9, "error_rate": 0.01},
    {"coverage": 0.8, "least_confidence": 0.7, "error_rate": 0.042},
    {"coverage": 0.9, "least_confidence": 0.55, "error_rate": 0.08},
]


@server.tool(meta={"wardround/role": "detect"})
def classify(image: str) -> dict[str, Any]:
    """Tell the probability of a normal film and of pneumonia."""
    source = {"model": "somebody's net", "version": "3", "calibrated": True}

    def item(subject: str, value: float, prevalence: float, **more: Any) -> dict[str, Any]:
        voice = {"source": source, "value": value, "training_prevalence": prevalence, **more}
        return {"kind": "finding", "subject": subject, "value": value, "voices": [voice], "source": source}

    return {"items": [item("No Finding", NORMAL, 0.5, deferral=CUTS), item("Pneumonia", 0.3, 0.1)]}


if __name__ == "__main__":
    server.run("stdio")

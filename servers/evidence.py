"""The evidence server: weighs detectors' scores against their training prevalence and a prior, and shows its sums."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from wardround.agents.evidence.weigher import card, weigh
from wardround.contracts.evidence import Evidence
from wardround.contracts.roles import Role
from wardround.contracts.study import Patient, ViewPosition
from wardround.contracts.weighing import Weighing
from wardround.servers.answers import add_tool, new_server
from wardround.servers.kit import add_card, add_routes
from wardround.servers.settings import ServerSettings

__all__ = ["build"]

_ANYONE = Patient()


def build(_: ServerSettings) -> MCPServer[Any]:
    """The server, with its tool `weigh_evidence`; it reads no films and so needs no store."""
    server = new_server(
        "evidence",
        "Evidence weigher",
        "Pools what several detectors say of a finding in log-odds, and lists what each item contributed.",
    )

    async def weigh_evidence(
        items: Annotated[tuple[Evidence, ...], Field(max_length=2000, description="Evidence of kind 'finding'.")],
        patient: Patient = _ANYONE,
        view: ViewPosition = ViewPosition.UNKNOWN,
    ) -> Weighing:
        """Pools the scores for each finding and adds the prior for age, sex and view once.

        Each contribution is in natural log-odds; removing an item removes exactly its contribution.
        """
        return weigh(items, patient, view)

    add_tool(server, weigh_evidence, Weighing, role=Role.WEIGH, title="Weigh evidence")
    add_card(server, lambda: (card(),))
    add_routes(server, None, ready=lambda: True)
    return server

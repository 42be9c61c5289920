"""The evidence server: weighs detectors' scores against their training prevalence and a prior, and shows its sums."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from wardround.agents.evidence.weigher import card, weigh
from wardround.contracts.evidence import Evidence
from wardround.contracts.roles import Role
from wardround.contracts.site_priors import site_priors
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
        items: Annotated[
            tuple[Evidence, ...], Field(max_length=2000, description="Evidence of the kinds 'finding' and 'location'.")
        ],
        patient: Patient = _ANYONE,
        view: ViewPosition = ViewPosition.UNKNOWN,
        priors: Annotated[
            dict[str, float] | None,
            Field(
                max_length=200,
                description="The site's own share of films that show a finding, in (0, 1), by the finding's name; it "
                "replaces the table's for every patient. Without it, the table's holds.",
            ),
        ] = None,
    ) -> Weighing:
        """Pools the scores for each finding and adds the prior for age, sex and view once.

        A location adds a small term by whether the finding usually lies there: a sanity check, within 0.5 log-odds.
        Each contribution is in natural log-odds; removing an item removes exactly its contribution.
        """
        return weigh(items, patient, view, priors=site_priors(priors) if priors else None)

    add_tool(server, weigh_evidence, Weighing, role=Role.WEIGH, title="Weigh evidence")
    add_card(server, lambda: (card(),))
    add_routes(server, None, ready=lambda: True)
    return server

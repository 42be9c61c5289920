"""The chest X-ray server: scores of findings from an ensemble of pathology detectors, with a heat map for each."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

import numpy as np
from mcp.server.mcpserver import Context, MCPServer
from numpy.typing import NDArray
from pydantic import Field

from wardround.agents.cxr.detector import Reading
from wardround.agents.cxr.ensemble import Ensemble, open_detector, present_detectors
from wardround.contracts.evidence import EvidenceReport
from wardround.contracts.roles import Role
from wardround.contracts.study import Image
from wardround.servers.answers import add_tool, new_server
from wardround.servers.desk import Desk
from wardround.servers.kit import add_card, add_routes
from wardround.servers.settings import ServerSettings
from wardround.servers.worker import Worker

__all__ = ["build"]

_Film = tuple[NDArray[np.float32], str]  # and its digest


@cache
def _ensemble() -> Ensemble:
    """The detectors of this process, loaded once however many servers are built in it.

    WARDROUND_CXR_MODELS names them, separated by commas; else all whose weights are here.
    """
    named = [name.strip() for name in os.environ.get("WARDROUND_CXR_MODELS", "").split(",") if name.strip()]
    return Ensemble([open_detector(name) for name in named or present_detectors()])


def _read(asked: Sequence[_Film]) -> list[tuple[Reading, ...]]:
    return _ensemble().predict([film for film, _ in asked], [digest for _, digest in asked])


def build(settings: ServerSettings) -> MCPServer[Any]:
    """The server, with its tool `detect_findings`."""
    desk = Desk(settings)
    workers: list[Worker[_Film, tuple[Reading, ...]]] = []

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        worker: Worker[_Film, tuple[Reading, ...]] = Worker(_read, name="cxr")
        async with worker:
            workers.append(worker)
            try:
                yield
            finally:
                workers.remove(worker)
                desk.close()

    server = new_server(
        "cxr",
        "Chest X-ray pathology detectors",
        "Scores the findings of one frontal chest film. Numbers are scores unless a card says they are calibrated.",
        lifespan=lifespan,
    )

    async def detect_findings(
        image: Annotated[str, Field(description="Handle of a film, as the intake server gave it.")],
        ctx: Context[Any, Any],
        details: Annotated[
            Image | None, Field(description="The film's description, for a server that cannot see the store folder.")
        ] = None,
    ) -> EvidenceReport:
        """Scores 14 chest findings and 'No Finding' on one frontal chest X-ray, each with a heat map that shows where.

        Use it after the film was accepted by a screen. Every item names the model, its version and whether its
        numbers are calibrated probabilities or only scores; an ensemble keeps each member's voice.
        """
        described = desk.image(image, details)
        await ctx.report_progress(0, 2, "reading the film")
        film = desk.film(described)
        await ctx.report_progress(1, 2, "scoring")
        readings = await workers[-1].ask((film, described.film.digest))
        return _ensemble().report(readings, desk.put_for(described))

    add_tool(server, detect_findings, EvidenceReport, role=Role.DETECT, title="Detect findings")
    add_card(server, lambda: tuple(one.card for one in _ensemble().members))
    add_routes(server, desk, ready=lambda: bool(workers))
    return server

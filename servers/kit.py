"""What all specialist servers share beside their manners: model cards, health and artefact routes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wardround.contracts.card import ModelCard
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError
from wardround.servers.desk import Desk

__all__ = ["add_card", "add_routes", "artefact_route"]


def add_card(server: MCPServer[Any], cards: Callable[[], tuple[ModelCard, ...]]) -> None:
    """Offers the model cards, as a JSON list, at `card://model`."""

    @server.resource("card://model", name="model_card", title="Model cards", mime_type="application/json")
    def model_card() -> str:
        """What the models behind these tools are for, what they learned from, and their measured figures."""
        return json.dumps([card.model_dump(mode="json") for card in cards()], ensure_ascii=False)


def add_routes(server: MCPServer[Any], desk: Desk | None, ready: Callable[[], bool]) -> None:
    """Adds `/health/live`, `/health/ready` and, where there is a desk, `/artefacts/{hex}` for signed URLs."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live", "server": server.name})

    async def is_ready(_: Request) -> Response:
        up = ready()
        return JSONResponse({"status": "ready" if up else "loading", "server": server.name}, 200 if up else 503)

    server.custom_route("/health/live", methods=["GET"])(live)
    server.custom_route("/health/ready", methods=["GET"])(is_ready)
    if desk is not None:
        server.custom_route("/artefacts/{hexdigest}", methods=["GET"])(artefact_route(desk))


def artefact_route(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    """Serves a stored artefact to whoever holds an unexpired signed URL of it, and to no one else."""

    async def artefact(request: Request) -> Response:
        query = request.query_params
        try:
            if desk.signer is None:
                raise CallerError(ProblemCode.FORBIDDEN, "This server hands out no artefacts by URL.")
            hexdigest = request.path_params["hexdigest"]
            desk.signer.check(hexdigest, query.get("expires", ""), query.get("signature", ""))
            return Response(desk.store.read_bytes(f"sha256:{hexdigest}"), media_type="application/octet-stream")
        except WardroundError as error:
            status = 404 if error.problem.code is ProblemCode.NOT_FOUND else 403
            return JSONResponse(error.problem.model_dump(mode="json"), status)

    return artefact

"""`/health/live` and `/health/ready`: whether the process answers, and whether a film would be read."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.roles import Role
from wardround.orchestrator.service.desk import Desk, TheDesk

__all__ = ["Health", "build_router"]

# Without these no film becomes a result; what else is missing is named in the result.
_NEEDED = (Role.INTAKE, Role.SCREEN, Role.DETECT, Role.WEIGH)
_PATIENCE_S = 3.0


class Health(Word):
    """`missing` names what keeps the service from being ready."""

    ok: bool
    missing: tuple[str, ...] = Field(default=())
    notice: str = NOTICE


async def _missing(desk: Desk) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            players, silent = await desk.encounters.house.directory.players()
            await desk.queue.counts()
    except TimeoutError:
        return ("specialists",)
    needed = tuple(role.value for role in _NEEDED if not players[role])
    return (*needed, *(one.specialist for one in silent)) if needed else ()


def build_router() -> APIRouter:
    """The routes; they need no token."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> Health:
        """Whether the process answers."""
        return Health(ok=True)

    @router.get("/ready", responses={503: {"model": Health, "description": "A film would not be read now."}})
    async def ready(desk: TheDesk, response: Response) -> Health:
        """Whether the queue can be read and all specialists that a diagnosis cannot do without answer."""
        missing = await _missing(desk)
        if missing:
            response.status_code = 503
        return Health(ok=not missing, missing=missing)

    return router

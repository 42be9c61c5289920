"""`/v1/models`: which specialists play which roles now, who is silent, and which language model reasons."""

from __future__ import annotations

from fastapi import APIRouter

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.errors import Problem
from wardround.contracts.roles import Role
from wardround.orchestrator.service.desk import TheDesk

__all__ = ["House", "build_router"]


class Specialist(Word):
    """A specialist with its roles, or with the reason why it does not answer."""

    name: str
    roles: tuple[Role, ...] = ()
    problem: Problem | None = None


class House(Word):
    """Who takes part. `reasoner` is empty where results are worded from templates."""

    specialists: tuple[Specialist, ...]
    reasoner: str = ""
    notice: str = NOTICE


def build_router() -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1/models", tags=["models"])

    @router.get("")
    async def models(desk: TheDesk) -> House:
        """Lists the specialists that would take part in a run begun now."""
        house = desk.encounters.house
        players, silent = await house.directory.players()
        roles: dict[str, list[Role]] = {}
        for role, those in players.items():
            for one in those:
                roles.setdefault(one.specialist, []).append(role)
        answering = [Specialist(name=name, roles=tuple(dict.fromkeys(those))) for name, those in roles.items()]
        away = [Specialist(name=one.specialist, problem=one.problem) for one in silent]
        reasoner = house.reasoner.model.name if house.reasoner is not None else ""
        return House(specialists=tuple(sorted((*answering, *away), key=lambda one: one.name)), reasoner=reasoner)

    return router

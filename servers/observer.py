"""The observer server: a model that takes pictures says which findings it sees, as uncalibrated evidence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from wardround.agents.observer.question import Observed, asked_findings, film_picture, question
from wardround.agents.observer.report import card, observation_report, observer_source
from wardround.contracts.errors import CallerError, Problem, ProblemCode, WardroundError, error_from
from wardround.contracts.evidence import EvidenceReport
from wardround.contracts.language import LanguageModel
from wardround.contracts.roles import Role
from wardround.contracts.study import Image
from wardround.providers.open import open_model
from wardround.providers.settings import ProviderSettings
from wardround.providers.typed import ask_typed
from wardround.servers.answers import add_tool, new_server
from wardround.servers.desk import Desk
from wardround.servers.kit import add_card, add_routes
from wardround.servers.settings import ServerSettings

__all__ = ["PREFIX", "build"]

# WARDROUND_OBSERVER_PROVIDER, _URL, _MODEL, _KEY_ENV, _KEY_FILE and the rest: see ProviderSettings.from_environment.
PREFIX = "WARDROUND_OBSERVER_"
_ASKS_OUTSIDE = ToolAnnotations(read_only_hint=True, idempotent_hint=False, open_world_hint=True)


@dataclass(frozen=True)
class _Observer:
    """The model that is asked; where it cannot be opened, the problem that each call is answered with."""

    settings: ProviderSettings
    model: LanguageModel | None = None
    problem: Problem | None = None

    @property
    def name(self) -> str:
        return self.model.name if self.model is not None else "none"

    @property
    def ready(self) -> bool:
        return self.model is not None

    def asked(self) -> LanguageModel:
        """
        Raises:
            CallerError: why there is no model.
        """
        if self.problem is not None:
            raise error_from(self.problem)
        if self.model is None:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "The observer has no model that takes pictures.",
                f"Set {PREFIX}PROVIDER, {PREFIX}URL and {PREFIX}MODEL, and start it again.",
            )
        return self.model


def _open(environment: Mapping[str, str]) -> _Observer:
    """A server whose model cannot be opened still runs, and says why to whoever asks."""
    settings = ProviderSettings()
    try:
        settings = ProviderSettings.from_environment(PREFIX, environment)
        return _Observer(settings, open_model(settings, environment))
    except WardroundError as error:
        return _Observer(settings, problem=error.problem)


def build(settings: ServerSettings) -> MCPServer[Any]:
    """The server, with its tool `observe_film`; the environment names the model when the server starts."""
    desk = Desk(settings)
    observers: list[_Observer] = []

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        observer = _open(os.environ)
        observers.append(observer)
        try:
            yield
        finally:
            observers.remove(observer)
            if observer.model is not None:
                await observer.model.close()
            desk.close()

    server = new_server(
        "observer",
        "Observer of chest films",
        "Asks a model that takes pictures what it sees on one frontal chest film. Its answers are uncalibrated.",
        lifespan=lifespan,
    )

    async def observe_film(
        image: Annotated[str, Field(description="Handle of a film, as the intake server gave it.")],
        ctx: Context[Any, Any],
        details: Annotated[
            Image | None, Field(description="The film's description, for a server that cannot see the store folder.")
        ] = None,
        finding: Annotated[
            str, Field(max_length=60, description="The one finding to look for, by any of its names; empty: all.")
        ] = "",
    ) -> EvidenceReport:
        """Says which coded findings a model that takes pictures sees on one frontal chest X-ray.

        Each item is an observation: present, absent or uncertain, without a score and without a measured place. Use it
        beside detectors, never in their place.
        """
        observer = observers[-1]
        model = observer.asked()
        labels = asked_findings(finding)
        described = desk.image(image, details)
        await ctx.report_progress(0, 2, "reading the film")
        picture = await asyncio.to_thread(lambda: film_picture(desk.film(described)))
        await ctx.report_progress(1, 2, "asking the model")
        answer = await ask_typed(model, question(labels, picture, observer.settings), Observed)
        if answer.problem is not None:
            raise error_from(answer.problem)
        assert answer.value is not None
        return observation_report(answer.value, labels, observer_source(model.name), synthetic=described.synthetic)

    add_tool(
        server,
        observe_film,
        EvidenceReport,
        role=Role.OBSERVE,
        title="Observe a film",
        annotations=_ASKS_OUTSIDE,
    )
    add_card(server, lambda: tuple(card(observer_source(one.name)) for one in observers[-1:]))
    add_routes(server, desk, ready=lambda: any(one.ready for one in observers))
    return server

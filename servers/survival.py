"""The survival server: curves, medians and risk groups by fitted models, what they rest on, and how they compare."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ContentBlock, ImageContent
from pydantic import Field

from wardround.agents.survival.bags import opened_bags
from wardround.agents.survival.card import model_card
from wardround.agents.survival.curves import MOST_DRAWN, picture
from wardround.agents.survival.estimate import estimate
from wardround.agents.survival.explain import explain
from wardround.agents.survival.folder import Loaded, load
from wardround.agents.survival.learning.cohort import Bag
from wardround.agents.survival.registry import SHELF
from wardround.contracts.roles import Role
from wardround.contracts.survival import (
    Comparison,
    Explanation,
    SurvivalEstimate,
    SurvivalInput,
    SurvivalModels,
)
from wardround.servers.answers import add_tool, new_server
from wardround.servers.kit import add_card, add_routes
from wardround.servers.open_models import OpenModels
from wardround.servers.settings import ServerSettings
from wardround.servers.worker import Worker

__all__ = ["build"]

_Question = Callable[[], Any]
_Model = Annotated[
    str, Field(max_length=80, description="A name of list_models; may be empty where there is one model alone.")
]
_Several = Annotated[list[SurvivalInput], Field(min_length=1, max_length=MOST_DRAWN, description="Patients.")]


def _answered(questions: Sequence[_Question]) -> list[Any]:
    return [question() for question in questions]


def build(settings: ServerSettings) -> MCPServer[Any]:
    """The server, with its five tools; models lie in the package and in the user's data folder."""
    home = {} if settings.home is None else {"WARDROUND_HOME": str(settings.home)}
    shelf = OpenModels(SHELF, load, {**os.environ, **home})
    worker: Worker[_Question, Any] = Worker(_answered, name="survival", max_batch=1)

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        async with worker:
            yield

    server = new_server(
        "survival",
        "Survival",
        "Predicts survival after a stated start from a clinical table, genes and slides, with bands, and explains it. "
        "A cohort's experience is no patient's fate, and no cause follows from it.",
        lifespan=lifespan,
    )

    def _bags(patient: SurvivalInput) -> tuple[Bag, ...]:
        return opened_bags(patient.bags, settings.allowed)

    async def predict_survival(patient: SurvivalInput, ctx: Context[Any, Any], model: _Model = "") -> SurvivalEstimate:
        """Predicts one patient's survival: a curve with a 90 % band, median, restricted mean, risk and risk group.

        What the model reads, its units and ranges stand on its card (list_models). What is missing may be left out, and
        is told. A patient unlike all that the model was fitted on is flagged, and refused where nothing can be said.
        """
        await ctx.report_progress(0, 1, "estimating")

        def asked() -> SurvivalEstimate:
            return estimate(shelf.named(model), patient, _bags(patient))

        told: SurvivalEstimate = await worker.ask(asked)
        return told

    async def explain_risk(patient: SurvivalInput, ctx: Context[Any, Any], model: _Model = "") -> Explanation:
        """Says how much each value, gene, pathway and patch adds to a patient's log hazard against the average patient.

        Integrated gradients; what they leave unaccounted for is given. They explain the model, not the disease.
        """
        await ctx.report_progress(0, 1, "integrating")

        def asked() -> Explanation:
            return explain(shelf.named(model), patient, _bags(patient))

        told: Explanation = await worker.ask(asked)
        return told

    async def compare_patients(patients: _Several, model: _Model = "") -> Comparison:
        """Predicts several patients by one model, in the order given."""

        def asked() -> Comparison:
            loaded = shelf.named(model)
            return Comparison(estimates=tuple(estimate(loaded, one, _bags(one)) for one in patients))

        told: Comparison = await worker.ask(asked)
        return told

    async def draw_survival(patients: _Several, model: _Model = "") -> tuple[Comparison, list[ContentBlock]]:
        """Draws patients' curves with their bands over the cohort's Kaplan–Meier curve, as one picture under 700 kB."""

        def asked() -> tuple[Comparison, bytes]:
            loaded = shelf.named(model)
            told = tuple(estimate(loaded, one, _bags(one)) for one in patients)
            return Comparison(estimates=told), picture(loaded.reference.steps, told)

        comparison, drawn = await worker.ask(asked)
        data = base64.b64encode(drawn).decode("ascii")
        return comparison, [ImageContent(type="image", data=data, mime_type="image/png")]

    async def list_models() -> SurvivalModels:
        """Lists the models: what each reads, in which units and ranges, from whom it learned, and how well it does."""
        every: tuple[Loaded, ...] = await worker.ask(shelf.every)
        return SurvivalModels(models=tuple(one.card for one in every))

    add_tool(server, predict_survival, SurvivalEstimate, role=Role.SURVIVE, title="Predict survival")
    add_tool(server, explain_risk, Explanation, title="Explain a risk")
    add_tool(server, compare_patients, Comparison, title="Compare patients")
    add_tool(server, draw_survival, Comparison, title="Draw survival curves")
    add_tool(server, list_models, SurvivalModels, title="List survival models")
    add_card(server, lambda: tuple(model_card(one.card) for one in shelf.every()))
    add_routes(server, None, ready=lambda: True)
    return server

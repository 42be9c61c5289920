"""The lesions server: finds small lesions, outlines one on request, compares two films, draws, and writes DICOM SEG."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ContentBlock, ImageContent
from PIL import Image as PillowImage
from pydantic import Field

from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.agents.lesions.asking import told_point
from wardround.agents.lesions.card import model_card
from wardround.agents.lesions.overlay import overlay
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.evidence import LesionSearch
from wardround.contracts.lesions import LesionChanges, LesionModels, LesionReport, PixelBox, SegmentationExport
from wardround.contracts.render import Preview
from wardround.contracts.roles import Role
from wardround.contracts.study import Artefact, Image
from wardround.servers.answers import WRITES, add_tool, new_server
from wardround.servers.kit import add_card, add_routes
from wardround.servers.lesion_questions import FilmAsked, Search, changes, exported, refined, searched
from wardround.servers.lesion_room import LesionRoom
from wardround.servers.settings import ServerSettings
from wardround.servers.worker import Worker

__all__ = ["build"]

_Question = Callable[[], Any]
_Handle = Annotated[str, Field(description="Handle of a film, as the intake server gave it.")]
_Details = Annotated[
    Image | None, Field(description="The film's description, for a server that cannot see the store folder.")
]
_Model = Annotated[
    str, Field(max_length=80, description="A name of list_models; may be empty where there is one model alone.")
]
_Point = Annotated[
    str | float,
    Field(description="specific, balanced or sensitive, as the model's card has them, or a score in (0, 1)."),
]
_Views = Annotated[
    int, Field(ge=1, le=4, description="Sides from which the film is read; from 2 on, their spread is the doubt.")
]
_Boxes = Annotated[
    tuple[PixelBox, ...], Field(max_length=20, description="Lesions that are known; without any, the film is searched.")
]
_Report = Annotated[
    LesionReport, Field(description="`found` of segment_lesions, or the answer of refine_lesion, as it was given.")
]
_Numbers = Annotated[tuple[int, ...], Field(max_length=50, description="Lesions of the report; empty for all.")]


def _answered(questions: Sequence[_Question]) -> list[Any]:
    return [question() for question in questions]


def _telling(ctx: Context[Any, Any], what: str) -> Callable[[int, int], None]:
    """A tick for the thread of the models that becomes the client's progress."""
    loop = asyncio.get_running_loop()

    def tick(done: int, most: int) -> None:
        asyncio.run_coroutine_threadsafe(ctx.report_progress(done, most, what), loop)

    return tick


def build(settings: ServerSettings) -> MCPServer[Any]:
    """The server, with its six tools; models lie in the package and in the user's data folder."""
    room = LesionRoom(settings)
    decoder = SandboxedDecoder()
    worker: Worker[_Question, Any] = Worker(_answered, name="lesions", max_batch=1)

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        async with worker:
            try:
                yield
            finally:
                decoder.close()
                room.desk.close()

    server = new_server(
        "lesions",
        "Small lesions",
        "Finds and outlines small lesions on a film, measures them, and compares two films. Scores are no "
        "probabilities, and what is not marked may still be there.",
        lifespan=lifespan,
    )

    async def segment_lesions(
        image: _Handle,
        ctx: Context[Any, Any],
        details: _Details = None,
        model: _Model = "",
        finding: Annotated[str, Field(max_length=120, description="What is sought; empty: what the model finds.")] = "",
        side: Annotated[Side | None, Field(description="The patient's side; other lesions are left out.")] = None,
        region: Annotated[Region | None, Field(description="Lesions elsewhere are left out.")] = None,
        box: Annotated[PixelBox | None, Field(description="A part of the film to look in, in pixels.")] = None,
        minimum_size: Annotated[
            float, Field(ge=0.0, description="Least diameter in mm; in pixels where the spacing is unknown.")
        ] = 0.0,
        operating_point: _Point = "balanced",
        views: _Views = 1,
        regions: Annotated[bool, Field(description="Whether to say in which region each lesion lies.")] = True,
        masks: Annotated[
            Artefact | None, Field(description="The anatomy of segment_anatomy; without it the film is outlined.")
        ] = None,
    ) -> LesionSearch:
        """Finds the small lesions of a film: box, area, diameter, score and its doubt, region, and a mask for each.

        Diameters are in millimetres where the film states its spacing, else in pixels. A lesion is no diagnosis: each
        item is uncertain of its finding, and an empty answer rules nothing out.
        """
        search = Search(
            film=FilmAsked(image, details),
            model=model,
            finding=finding,
            side=side,
            region=region,
            box=box,
            minimum=minimum_size,
            point=told_point(operating_point),
            views=views,
            regions=regions,
            masks=masks,
        )
        await ctx.report_progress(0, views, "reading the film")
        tick = _telling(ctx, "reading the film")
        told: LesionSearch = await worker.ask(lambda: searched(room, search, tick))
        return told

    async def refine_lesion(
        image: _Handle,
        ctx: Context[Any, Any],
        details: _Details = None,
        click: Annotated[
            tuple[float, float] | None, Field(description="A point in the lesion: x and y in pixels.")
        ] = None,
        box: Annotated[PixelBox | None, Field(description="A box around the lesion, in pixels.")] = None,
        model: _Model = "",
        operating_point: _Point = "balanced",
        views: _Views = 1,
    ) -> LesionReport:
        """Outlines the one lesion at a click or in a box, by the model's scores and the film's grey values together.

        It answers even where the model sees nothing there, and says so in a warning.
        """
        await ctx.report_progress(0, 1, "outlining")
        asked = FilmAsked(image, details)
        told: LesionReport = await worker.ask(
            lambda: refined(room, asked, click, box, model, told_point(operating_point), views)
        )
        return told

    async def measure_change(
        current: _Handle,
        prior: Annotated[str, Field(description="Handle of an earlier film of the same patient.")],
        ctx: Context[Any, Any],
        current_details: _Details = None,
        prior_details: _Details = None,
        current_boxes: _Boxes = (),
        prior_boxes: _Boxes = (),
        model: _Model = "",
        operating_point: _Point = "balanced",
        views: _Views = 1,
    ) -> LesionChanges:
        """Holds the lesions of two films of a patient against each other: paired by place, with their growth.

        A change is told beyond a stated error of measurement alone. Where the views differ or a spacing is unknown,
        ratios are given, and no change is called.
        """
        films = (FilmAsked(current, current_details, current_boxes), FilmAsked(prior, prior_details, prior_boxes))
        await ctx.report_progress(0, 2, "reading both films")
        tick = _telling(ctx, "reading both films")
        told: LesionChanges = await worker.ask(
            lambda: changes(room, films, model, told_point(operating_point), views, tick)
        )
        return told

    async def draw_lesions(
        image: _Handle, found: _Report, details: _Details = None, numbers: _Numbers = ()
    ) -> tuple[Preview, list[ContentBlock]]:
        """Draws a film with the outlines of its lesions, their sizes and scores, as one picture under 700 kB."""

        def asked() -> bytes:
            opened = room.film(image, details)
            return overlay(opened.film, room.reopened(opened, found, numbers))

        drawn: bytes = await worker.ask(asked)
        with PillowImage.open(io.BytesIO(drawn)) as picture:
            media_type, (width, height) = PillowImage.MIME[str(picture.format)], picture.size
        shown = Preview(
            media_type=media_type, width=width, height=height, size_bytes=len(drawn), synthetic=found.synthetic
        )
        data = base64.b64encode(drawn).decode("ascii")
        return shown, [ImageContent(type="image", data=data, mime_type=media_type)]

    async def export_segmentation(
        image: _Handle,
        found: _Report,
        path: Annotated[str, Field(description="The DICOM file from which the film was opened, in an allowed folder.")],
        out: Annotated[str, Field(description="A new DICOM file in an allowed folder; none is written over.")],
        details: _Details = None,
        numbers: _Numbers = (),
    ) -> SegmentationExport:
        """Writes lesions as a DICOM Segmentation of their film: coded, tracked, aligned with it pixel by pixel.

        The store keeps no identifiers, so the source file is asked for, and held against the film. The file written
        names the patient as its source does; this answer names nobody.
        """
        asked = FilmAsked(image, details)
        told: SegmentationExport = await worker.ask(
            lambda: exported(room, decoder, settings.allowed, asked, found, numbers, path, out)
        )
        return told

    async def list_models() -> LesionModels:
        """Lists the models: what each finds, from how many images it learned, its operating points and figures."""
        every = await worker.ask(room.shelf.every)
        return LesionModels(models=tuple(one.card for one in every))

    add_tool(server, segment_lesions, LesionSearch, role=Role.LESIONS, title="Find small lesions")
    add_tool(server, refine_lesion, LesionReport, title="Outline one lesion")
    add_tool(server, measure_change, LesionChanges, title="Measure change between two films")
    add_tool(server, draw_lesions, Preview, title="Draw lesions")
    add_tool(server, export_segmentation, SegmentationExport, title="Write a DICOM SEG", annotations=WRITES)
    add_tool(server, list_models, LesionModels, title="List lesion models")
    add_card(server, lambda: tuple(model_card(one.card) for one in room.shelf.every()))
    add_routes(server, room.desk, ready=lambda: True)
    return server

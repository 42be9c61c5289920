"""The intake server: opens films from allowed folders, strips identifiers, keeps, draws and exports them by handle."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ContentBlock, ImageContent
from PIL import Image as PillowImage
from pydantic import Field

from wardround.agents.imaging import preview
from wardround.agents.imaging.identifiers import Identifiers
from wardround.agents.imaging.intake import Intake
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import data_home
from wardround.contracts.render import Kept, Layer, Preview
from wardround.contracts.roles import Role
from wardround.contracts.study import Artefact, Image, Patient, Study
from wardround.servers.answers import DELETES, WRITES, add_tool, new_server
from wardround.servers.desk import Desk
from wardround.servers.exporting import add_export
from wardround.servers.kit import add_card, add_routes
from wardround.servers.settings import ServerSettings

__all__ = ["build"]


class Forgotten(Word):
    """What was erased."""

    study: str


def _draw(desk: Desk, image: Image, layers: Sequence[Layer], max_side: int, film: bool) -> bytes:
    drawn = tuple(
        preview.Layer(desk.read(layer.artefact), layer.style, layer.colour, layer.opacity) for layer in layers
    )
    if film:
        return preview.render(desk.film(image), drawn, max_side)
    if len(drawn) != 1:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "Without the film, exactly one layer is drawn.", "Give one layer.")
    return preview.render_layer(drawn[0], (image.rows, image.columns), max_side)


def build(settings: ServerSettings) -> MCPServer[Any]:
    """The server: `open_study`, `get_study`, `forget_study`, `keep_artefacts`, `render_film` and `export_result`."""
    desk = Desk(settings)
    decoder = SandboxedDecoder()
    identifiers = Identifiers(settings.store_folder, settings.home or data_home())
    intake = Intake(desk.store, decoder, settings.allowed, identifiers)

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        try:
            yield
        finally:
            decoder.close()
            desk.close()

    server = new_server(
        "intake",
        "Study intake",
        "Opens chest films (DICOM, PNG, JPEG) from allowed folders and names them by random handles.",
        lifespan=lifespan,
    )

    async def open_study(
        paths: Annotated[list[str], Field(min_length=1, max_length=16, description="Files on the intake's machine.")],
        ctx: Context[Any, Any],
        patient: Annotated[Patient | None, Field(description="Overrides age and sex of the files where set.")] = None,
    ) -> Study:
        """Opens one study from files and returns its handles. Identifiers are stripped; pixels stay in the store.

        The few identifiers that an export re-attaches are kept in an encrypted map, and told to nobody.

        Refuses, with the reason, whatever is not a single-frame grey frontal radiograph of the chest.
        """
        await ctx.report_progress(0, 1, "decoding")
        return desk.signed_study(await asyncio.to_thread(intake.open_study, paths, patient))

    async def get_study(study: Annotated[str, Field(description="Handle of a study.")]) -> Study:
        """Describes a study that was opened before."""
        return desk.signed_study(desk.store.study(study))

    async def forget_study(study: Annotated[str, Field(description="Handle of a study.")]) -> Forgotten:
        """Erases a study, its films, its identifiers, and every mask and heat map made from them."""
        identifiers.forget(study)
        desk.store.forget(study)
        return Forgotten(study=study)

    async def keep_artefacts(
        image: Annotated[str, Field(description="Handle of the film that they were made from.")],
        artefacts: Annotated[tuple[Artefact, ...], Field(max_length=64, description="Made by other servers.")],
        details: Image | None = None,
    ) -> Kept:
        """Copies masks and heat maps of other servers into the store, since their URLs expire."""
        described = desk.image(image, details)
        for artefact in artefacts:
            await asyncio.to_thread(desk.keep, described, artefact)
        return Kept(kept=len(artefacts))

    async def render_film(
        image: Annotated[str, Field(description="Handle of a film.")],
        details: Image | None = None,
        layers: Annotated[tuple[Layer, ...], Field(max_length=8)] = (),
        max_side: Annotated[int, Field(ge=64, le=1024, description="Longest side of the picture, pixels.")] = 512,
        film: Annotated[bool, Field(description="False: the layers alone, on a transparent ground.")] = True,
    ) -> tuple[Preview, list[ContentBlock]]:
        """Draws a film with masks or heat maps over it, as one picture under 700 kB."""
        described = desk.image(image, details)
        drawn = await asyncio.to_thread(_draw, desk, described, layers, max_side, film)
        with PillowImage.open(io.BytesIO(drawn)) as picture:
            media_type, (width, height) = PillowImage.MIME[str(picture.format)], picture.size
        shown = Preview(
            media_type=media_type,
            width=width,
            height=height,
            size_bytes=len(drawn),
            synthetic=described.synthetic,
        )
        data = base64.b64encode(drawn).decode("ascii")
        return shown, [ImageContent(type="image", data=data, mime_type=media_type)]

    add_tool(server, open_study, Study, role=Role.INTAKE, title="Open a study", annotations=WRITES)
    add_tool(server, get_study, Study, title="Describe a study")
    add_tool(server, forget_study, Forgotten, role=Role.FORGET, title="Erase a study", annotations=DELETES)
    add_tool(server, keep_artefacts, Kept, role=Role.KEEP, title="Keep artefacts", annotations=WRITES)
    add_tool(server, render_film, Preview, role=Role.RENDER, title="Draw a film")
    add_export(server, intake, desk.store, identifiers)
    add_card(server, lambda: ())
    add_routes(server, desk, ready=lambda: True)
    return server

"""The anatomy server: screens a film, outlines lungs, heart and clavicles, measures them, and places heat maps."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

import numpy as np
from mcp.server.mcpserver import Context, MCPServer
from numpy.typing import NDArray
from pydantic import Field

from wardround.agents.anatomy.chart import Chart
from wardround.agents.anatomy.locate import chart_of, locate_report
from wardround.agents.anatomy.outlines import outlines
from wardround.agents.anatomy.published import BUNDLED, open_segmenter
from wardround.agents.anatomy.report import anatomy_report
from wardround.agents.anatomy.screen import needs_turns, screen
from wardround.agents.anatomy.segmenter import Segmentation, Segmenter
from wardround.agents.anatomy.turns import turned_films
from wardround.contracts.evidence import EvidenceReport, ScreenReport
from wardround.contracts.roles import Role
from wardround.contracts.screening import ScreenFinding
from wardround.contracts.study import Artefact, Image
from wardround.contracts.weighing import LocateTarget
from wardround.servers.answers import add_tool, new_server
from wardround.servers.desk import Desk
from wardround.servers.kit import add_card, add_routes
from wardround.servers.settings import ServerSettings
from wardround.servers.worker import Worker

__all__ = ["build"]

_Film = NDArray[np.float32]
_Named = tuple[_Film, str | None]  # a film and its digest; None for one that is asked for only once
_Handle = Annotated[str, Field(description="Handle of a film, as the intake server gave it.")]
_Details = Annotated[
    Image | None, Field(description="The film's description, for a server that cannot see the store folder.")
]
_CHARTED = 8
_KEPT = 32  # outlines of the last films: one run asks for the same film up to three times


@cache
def _segmenter() -> Segmenter:
    """The segmenter of this process, loaded once however many servers are built in it.

    WARDROUND_ANATOMY_MODEL names it, as `wardround models list` does; without it, the bundled one.
    """
    return open_segmenter(os.environ.get("WARDROUND_ANATOMY_MODEL") or BUNDLED)


def _outlined(asked: Sequence[_Named]) -> list[Segmentation]:
    return outlines(_segmenter(), [film for film, _ in asked], [digest for _, digest in asked])


class _Room:
    """The worker, the outlines of the last films by digest, and the charts of the last masks by theirs."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.worker: Worker[_Named, Segmentation] | None = None
        self._kept: OrderedDict[str, Segmentation] = OrderedDict()
        self._charts: OrderedDict[str, Chart] = OrderedDict()

    async def outline(self, image: Image, film: _Film | None = None) -> Segmentation:
        """The film's outlines, from memory where it was asked before."""
        key = image.film.digest
        if key not in self._kept:
            assert self.worker is not None
            self._kept[key] = await self.worker.ask((film if film is not None else self.desk.film(image), key))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    async def turned(self, film: _Film) -> dict[ScreenFinding, Segmentation]:
        """The outlines of a film turned and inverted, asked together so that they share a batch."""
        assert self.worker is not None
        films = turned_films(film)
        asking = (self.worker.ask((one, None)) for one in films.values())
        return dict(zip(films, await asyncio.gather(*asking), strict=True))

    async def report(self, image: Image) -> EvidenceReport:
        """Stores and measures the film's outlines; charts them, too, while the detectors are still at the film."""
        outlined = await self.outline(image)
        report = await asyncio.to_thread(anatomy_report, outlined, image, self.desk.put_for(image))
        stacks = {artefact.digest for item in report.items for artefact in item.artefacts}
        for digest in stacks - self._charts.keys():
            self._charts[digest] = await asyncio.to_thread(chart_of, outlined.masks)
        while len(self._charts) > _CHARTED:
            self._charts.popitem(last=False)
        return report

    async def chart(self, image: Image, masks: Artefact | None) -> Chart:
        """The chart of a stack of masks; without one, of the film's outlines."""
        if masks is None:
            return chart_of((await self.outline(image)).masks)
        return self._charts.get(masks.digest) or chart_of(self.desk.read(masks))


def build(settings: ServerSettings) -> MCPServer[Any]:
    """The server, with its tools `screen_film`, `segment_anatomy` and `locate_findings`."""
    desk = Desk(settings)
    room = _Room(desk)

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        worker: Worker[_Named, Segmentation] = Worker(_outlined, name="anatomy")
        async with worker:
            room.worker = worker
            try:
                yield
            finally:
                desk.close()

    server = new_server(
        "anatomy",
        "Chest anatomy",
        "Tells whether a picture is a frontal chest film, outlines and measures it, and says where a heat map lies.",
        lifespan=lifespan,
    )

    async def screen_film(image: _Handle, ctx: Context[Any, Any], details: _Details = None) -> ScreenReport:
        """Tells whether a picture is an upright frontal chest X-ray that the models may read, and if not, why not.

        Call it before any detector: on other pictures their scores mean nothing. A rotated or inverted film is named as
        such and refused, never put right. `outcomes` also holds the view, a mirrored film and a child's chest, each
        with its measured error rate.
        """
        described = desk.image(image, details)
        await ctx.report_progress(0, 1, "screening")
        film = desk.film(described)
        outlined = await room.outline(described, film)
        report = screen(film, outlined, view=described.view, synthetic=described.synthetic)
        if not needs_turns(report):
            return report
        turned = await room.turned(film)
        return screen(film, outlined, view=described.view, turned=turned, synthetic=described.synthetic)

    async def segment_anatomy(image: _Handle, ctx: Context[Any, Any], details: _Details = None) -> EvidenceReport:
        """Outlines both lungs, the heart and both clavicles, and measures the cardiothoracic ratio and lung areas.

        Sides are the patient's. Lengths and areas in millimetres are given only where the film states its spacing.
        """
        described = desk.image(image, details)
        await ctx.report_progress(0, 1, "outlining")
        return await room.report(described)

    async def locate_findings(
        image: _Handle,
        targets: Annotated[tuple[LocateTarget, ...], Field(max_length=64, description="Heat maps to be placed.")],
        ctx: Context[Any, Any],
        details: _Details = None,
        masks: Annotated[
            Artefact | None, Field(description="A stack of masks; without it the film is outlined.")
        ] = None,
    ) -> EvidenceReport:
        """Says where heat maps lie: side, lung zone, heart or mediastinum, and the share of the map that lies there."""
        described = desk.image(image, details)
        await ctx.report_progress(0, 1, "placing")
        maps = zip(targets, desk.read_all([target.heatmap for target in targets]), strict=True)
        return locate_report(list(maps), await room.chart(described, masks), synthetic=described.synthetic)

    add_tool(server, screen_film, ScreenReport, role=Role.SCREEN, title="Screen a film")
    add_tool(server, segment_anatomy, EvidenceReport, role=Role.SEGMENT, title="Outline and measure anatomy")
    add_tool(server, locate_findings, EvidenceReport, role=Role.LOCATE, title="Locate findings")
    add_card(server, lambda: (_segmenter().card,))
    add_routes(server, desk, ready=lambda: room.worker is not None)
    return server

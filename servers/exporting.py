"""The intake's tool `export_result`: the one place where a result and its original identifiers come together again."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.types import BlobResourceContents, ContentBlock, EmbeddedResource
from pydantic import Field

from wardround.agents.imaging.identifiers import Identifiers
from wardround.agents.imaging.intake import Intake
from wardround.agents.imaging.origin import Origin
from wardround.agents.imaging.store import Store
from wardround.agents.outputs.export import check_source, export_file, film_of
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError
from wardround.contracts.exports import BoundBy, Exported, ExportFormat
from wardround.contracts.roles import Role
from wardround.contracts.study import Image
from wardround.servers.answers import WRITES, add_tool

__all__ = ["add_export"]


def _known(store: Store, film: Image) -> bool:
    """Whether the film is in the store; a result that gives another's handle to its film is refused."""
    try:
        kept = store.image(film.handle)
    except WardroundError:
        return False
    if kept.film.digest != film.film.digest:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The result's film is not the one of its handle.",
            "Export results as this house has made them.",
        )
    return True


def _origin(
    intake: Intake, store: Store, identifiers: Identifiers, film: Image, source: str | None
) -> tuple[Origin | None, BoundBy]:
    known = _known(store, film)
    if source is not None:
        decoded = intake.decoded(source)
        check_source(film, decoded)
        if decoded.origin is None:
            raise CallerError(
                ProblemCode.UNSUPPORTED_FORMAT,
                "The source is no DICOM film that can be referred to: it lacks the UIDs of study, series or image.",
                "Give the film as DICOM, or export the result as FHIR without a source.",
            )
        return decoded.origin, BoundBy.SOURCE
    origin = identifiers.origin(film.handle) if known else None
    return origin, BoundBy.MAP if origin is not None else BoundBy.NOTHING


def add_export(server: MCPServer[Any], intake: Intake, store: Store, identifiers: Identifiers) -> None:
    """Registers the tool."""

    async def export_result(
        result: Annotated[Diagnosis, Field(description="A result of this house.")],
        format: Annotated[ExportFormat, Field(description="sr: DICOM SR (TID 1500); fhir: a FHIR R4B Bundle.")],
        source: Annotated[
            str | None, Field(description="The film's DICOM file in an allowed folder, where the map knows none.")
        ] = None,
    ) -> tuple[Exported, list[ContentBlock]]:
        """Writes a result for clinicians' systems, bound to the original study. The file may name the patient.

        Original identifiers come from the named file, whose pixels are held against the film, else from the encrypted
        map. Every export is recorded. The file is an embedded resource; the answer itself names nobody.
        """

        def written() -> tuple[bytes, Exported]:
            film = film_of(result)
            origin, bound_by = _origin(intake, store, identifiers, film, source)
            data, told = export_file(result, origin, bound_by, format)
            identifiers.record(film.handle, result.run_id, told)
            return data, told

        data, told = await asyncio.to_thread(written)
        blob = BlobResourceContents(
            uri=f"export://{told.digest.removeprefix('sha256:')}",
            mime_type=told.media_type,
            blob=base64.b64encode(data).decode("ascii"),
        )
        return told, [EmbeddedResource(type="resource", resource=blob)]

    add_tool(server, export_result, Exported, role=Role.EXPORT, title="Export a result", annotations=WRITES)

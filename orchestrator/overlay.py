"""Asks the intake for pictures of a run: the film, and the layers that the evidence refers to."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcp.types import ImageContent
from pydantic import ValidationError

from wardround.contracts.anatomy import Structure
from wardround.contracts.codes import canonical_label
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.render import Layer, LayerStyle, Preview
from wardround.contracts.study import ArtefactKind
from wardround.orchestrator.diagnose import Diagnoser

__all__ = ["Picture", "draw", "finding_layer", "lesion_layers", "structure_layers"]

# Names of the intake's palette, which people with any common colour vision tell apart.
_COLOURS: dict[str, str] = {
    Structure.LEFT_LUNG: "sky",
    Structure.RIGHT_LUNG: "green",
    Structure.HEART: "vermilion",
    Structure.LEFT_CLAVICLE: "yellow",
    Structure.RIGHT_CLAVICLE: "purple",
}
_LESION = "orange"  # which no structure has


@dataclass(frozen=True)
class Picture:
    """One encoded picture."""

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def data_uri(self) -> str:
        """The picture as a `data:` URI."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def finding_layer(result: Diagnosis, finding: str) -> Layer | None:
    """The heat map of a finding, by any of its names; None where no evidence item has one."""
    label = canonical_label(finding) or finding
    for item in result.evidence:
        if item.kind is EvidenceKind.FINDING and item.subject == label:
            for artefact in item.artefacts:
                if artefact.kind is ArtefactKind.HEATMAP:
                    return Layer(artefact=artefact, style=LayerStyle.HEAT, opacity=0.55)
    return None


def structure_layers(result: Diagnosis) -> dict[str, Layer]:
    """The outline of each segmented structure, by its name."""
    return {
        item.subject: Layer(
            artefact=artefact,
            style=LayerStyle.OUTLINE,
            opacity=1.0,
            colour=_COLOURS.get(item.subject, "white"),
        )
        for item in result.evidence
        if item.kind is EvidenceKind.SEGMENTATION
        for artefact in item.artefacts
        if artefact.kind is ArtefactKind.MASK and artefact.channel is not None
    }


def lesion_layers(result: Diagnosis) -> dict[str, Layer]:
    """The outline of each lesion, by its evidence id."""
    return {
        item.id: Layer(artefact=artefact, style=LayerStyle.OUTLINE, opacity=1.0, colour=_LESION)
        for item in result.evidence
        if item.kind is EvidenceKind.LESION
        for artefact in item.artefacts[:1]
    }


async def draw(
    diagnoser: Diagnoser, result: Diagnosis, layers: Sequence[Layer], *, film: bool = True, max_side: int = 512
) -> Picture:
    """The film of a run with layers over it, or the layers alone on a transparent ground.

    Raises:
        CallerError: NOT_FOUND where the film was erased.
        Fault: the intake is down or drew nothing.
    """
    if result.study is None:
        raise CallerError(ProblemCode.NOT_FOUND, "This run has no film.")
    image = result.study.images[0]
    arguments: dict[str, Any] = {
        "image": image.handle,
        "layers": [layer.model_dump(mode="json") for layer in layers],
        "film": film,
        "max_side": max_side,
    }
    answer = await diagnoser.render(arguments)
    try:
        preview = Preview.model_validate(answer.structured_content)
        block = next(one for one in answer.content if isinstance(one, ImageContent))
        return Picture(base64.b64decode(block.data, validate=True), block.mime_type, preview.width, preview.height)
    except (ValidationError, StopIteration, ValueError) as error:
        raise Fault(ProblemCode.WRONG_SHAPE, "The intake drew no picture.") from error

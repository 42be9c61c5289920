"""What an intake server is asked to draw and to keep: layers over a film, artefacts of other servers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Unit, Word
from wardround.contracts.study import Artefact

__all__ = ["Kept", "Layer", "LayerStyle", "Preview"]


class LayerStyle(StrEnum):
    """How a layer is drawn."""

    HEAT = "heat"  # a heat map, in a perceptually ordered colour map
    MASK = "mask"  # a mask as a translucent area
    OUTLINE = "outline"  # a mask's border


class Layer(Word):
    """One artefact (a single channel of a stack) drawn over the film."""

    artefact: Artefact
    style: LayerStyle = LayerStyle.HEAT
    opacity: Unit = 0.5
    colour: Annotated[str, Field(pattern=r"^[a-z]{3,12}$", description="A colour's name; heat maps have a ramp.")] = (
        "orange"
    )


class Preview(Word):
    """The picture that accompanies this word as image content, under 700 kB."""

    media_type: str
    width: int
    height: int
    size_bytes: int
    synthetic: bool = False


class Kept(Word):
    """How many artefacts are in the intake's store now, so that they outlive the servers that made them."""

    kept: int

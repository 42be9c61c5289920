"""The one question about a film that a model which takes pictures is asked, and the form of its answer."""

from __future__ import annotations

import base64
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from wardround.agents.imaging.preview import render
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.base import Word
from wardround.contracts.codes import NO_FINDING, canonical_label, finding_codes
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Polarity
from wardround.contracts.language import Message, ModelRequest, Picture, Speaker
from wardround.prompts.loader import load
from wardround.providers.settings import ProviderSettings

__all__ = ["PROMPT", "Observed", "Seen", "asked_findings", "film_picture", "question"]

PROMPT = "observe_film"
_MAX_SIDE = 1024
_MAX_BYTES = 1_500_000
_PNG = b"\x89PNG"


class Seen(Word):
    """What the model says of one finding; the name is free, so that one of its own is told apart and dropped."""

    finding: Annotated[str, Field(min_length=1, max_length=60)]
    polarity: Polarity
    side: Side | None = None
    region: Region | None = None


class Observed(Word):
    """The whole answer."""

    findings: Annotated[tuple[Seen, ...], Field(max_length=40)]


def asked_findings(finding: str = "") -> tuple[str, ...]:
    """The labels to ask about: the one that is named, by any of its names, else all of the code table.

    'No Finding' is not asked: what a model does not see, it has been asked about one by one.

    Raises:
        CallerError: BAD_ARGUMENT, the code table knows no such finding.
    """
    labels = tuple(label for label in finding_codes() if label != NO_FINDING)
    if not finding:
        return labels
    label = canonical_label(finding)
    if label not in labels:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "The finding that is to be observed is not in the code table.",
            f"Known are {', '.join(labels)}.",
        )
    return (label,)


def film_picture(film: npt.NDArray[np.float32]) -> Picture:
    """The film, (rows, columns) in [0, 1], as PNG or JPEG of at most 1024 pixels a side."""
    data = render(film, max_side=_MAX_SIDE, max_bytes=_MAX_BYTES)
    kind = "image/png" if data.startswith(_PNG) else "image/jpeg"
    return Picture(media_type=kind, data=base64.b64encode(data).decode("ascii"))


def question(labels: tuple[str, ...], picture: Picture, settings: ProviderSettings) -> ModelRequest:
    """The question about these labels; its words come from `prompts/observe_film.md` and from nowhere else."""
    words = load(PROMPT).sections()
    return ModelRequest(
        messages=(
            Message(speaker=Speaker.SYSTEM, text=words["system"]),
            Message(
                speaker=Speaker.USER,
                text=words["question"].format(findings=", ".join(labels)),
                pictures=(picture,),
            ),
        ),
        schema_name="observed",
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
    )

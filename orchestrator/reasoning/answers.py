"""The forms in which a language model answers: claims, a work-up, objections; each bounded, so that it ends."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated

from pydantic import Field, create_model

from wardround.contracts.base import Word
from wardround.contracts.reasoning import DraftClaim, EvidenceRequest

__all__ = ["ClaimsAnswer", "CritiqueAnswer", "Objection", "ObjectionReason", "WorkupAnswer", "claims_answer"]

_Id = Annotated[str, Field(max_length=12)]
_Name = Annotated[str, Field(max_length=60)]


class _ModelClaim(DraftClaim):
    """A draft claim with the lengths that a model may use up."""

    citations: tuple[_Id, ...]
    text: Annotated[str, Field(max_length=300)] = ""


class ClaimsAnswer(Word):
    """What a model concludes. `narrative` is its own prose; `requests` is what it would still want to know."""

    claims: tuple[_ModelClaim, ...]
    narrative: Annotated[str, Field(max_length=1500)] = ""
    requests: Annotated[tuple[EvidenceRequest, ...], Field(max_length=3)] = ()


@cache
def claims_answer(most: int, citations: int) -> type[ClaimsAnswer]:
    """`ClaimsAnswer` with at most so many claims, and so many citations in each."""
    claim = create_model(
        "Claim", __base__=_ModelClaim, citations=(Annotated[tuple[_Id, ...], Field(max_length=citations)], ...)
    )
    return create_model(
        "ClaimsAnswer", __base__=ClaimsAnswer, claims=(Annotated[tuple[claim, ...], Field(max_length=most)], ...)
    )


class WorkupAnswer(Word):
    """The first steps of a chain of diagnosis: what stands out, what it could be, and what would tell these apart."""

    findings: Annotated[tuple[_Name, ...], Field(max_length=8)]
    differential: Annotated[tuple[_Name, ...], Field(max_length=5)]
    requests: Annotated[tuple[EvidenceRequest, ...], Field(max_length=3)] = ()


class ObjectionReason(StrEnum):
    """What a critic may object to in a claim."""

    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    MISPLACED = "misplaced"
    OVERSTATED = "overstated"


class Objection(Word):
    """An objection to the claims on one subject; one that cites nothing is not heard."""

    subject: _Name
    reason: ObjectionReason
    citations: Annotated[tuple[_Id, ...], Field(max_length=8)]


class CritiqueAnswer(Word):
    """All that a critic objects to."""

    objections: Annotated[tuple[Objection, ...], Field(max_length=6)]

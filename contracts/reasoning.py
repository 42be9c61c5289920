"""The reasoner's words: the claims that it proposes, the evidence that it asks for, and the account of what it did."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.base import Word
from wardround.contracts.change import Change
from wardround.contracts.errors import Problem
from wardround.contracts.evidence import Degree, Polarity

__all__ = [
    "Dissent",
    "DraftClaim",
    "EvidenceRequest",
    "EvidenceWanted",
    "Narrated",
    "Reasoning",
    "RequestOutcome",
    "StrategyName",
    "Tally",
]


class StrategyName(StrEnum):
    """How a language model is led to its claims; NONE words the weigher's result without one."""

    NONE = "none"
    DIRECT = "direct"
    CHAIN = "chain-of-diagnosis"
    CONSISTENCY = "self-consistency"
    RETRIEVAL = "retrieval-augmented"
    PANEL = "panel"
    ADAPTIVE = "adaptive"


class DraftClaim(Word):
    """A claim as a reasoner proposes it, before anyone has checked it; the fields mean what they mean in `Claim`.

    `subject` is free, so that what a model invents is caught and shown rather than silently impossible.
    """

    subject: Annotated[str, Field(min_length=1, max_length=120)]
    polarity: Polarity
    side: Side | None = None
    region: Region | None = None
    degree: Degree | None = None
    change: Change | None = None
    value: float | None = None
    unit: Annotated[str, Field(max_length=20)] | None = None
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    citations: Annotated[tuple[Annotated[str, Field(max_length=12)], ...], Field(max_length=40)] = ()
    text: Annotated[str, Field(max_length=600)] = ""


class EvidenceWanted(StrEnum):
    """What a reasoner may ask for; the orchestrator maps it to a role, and the role to whoever plays it."""

    DETECTION = "detection"  # another detector's reading of the film
    MEASUREMENT = "measurement"  # outlines and measurements
    OBSERVATION = "observation"  # what a model that looks at the film says of one finding
    LESIONS = "lesions"  # the outlines of lesions in a region
    SIMILAR_CASES = "similar cases"


class EvidenceRequest(Word):
    """One typed wish. It names no tool, no path and no specialist; `finding` is a label of the code table."""

    wanted: EvidenceWanted
    finding: Annotated[str, Field(max_length=60)] = ""
    side: Side | None = None
    region: Region | None = None


class RequestOutcome(Word):
    """What became of a wish: the ledger ids that it brought, or why it brought none."""

    request: EvidenceRequest
    evidence: tuple[str, ...] = ()
    refused: str = ""


class Dissent(Word):
    """A view on one finding that did not carry the day, with what it rests on: kept, never smoothed over."""

    proposer: str
    subject: str
    polarity: Polarity
    votes: Annotated[int, Field(ge=1)] = 1
    of: Annotated[int, Field(ge=1)] = 1
    citations: tuple[str, ...] = ()


class Narrated(Word):
    """One sentence of a model's own prose: kept where it maps to verified claims, else struck with the reasons."""

    text: str
    claims: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the sentence may be shown as part of the result."""
        return bool(self.claims) and not self.problems


class Tally(Word):
    """What the verifier made of the reasoner's claims and sentences."""

    proposed: int = 0
    supported: int = 0
    repaired: int = 0
    struck: int = 0
    sentences: int = 0
    sentences_kept: int = 0


class Reasoning(Word):
    """How the conclusions came about. `problem` is set where the language model failed and the weigher's result stands.

    `cost` is in `currency`, by the configured prices; None where no price is configured. `strategy` is what was asked
    for, `path` what was run, such as ('adaptive', 'panel').
    """

    model: str
    strategy: StrategyName
    path: tuple[str, ...] = ()
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    currency: str = ""
    repair_rounds: int = 0
    requests: tuple[RequestOutcome, ...] = ()
    narrative: tuple[Narrated, ...] = ()
    dissent: tuple[Dissent, ...] = ()
    differential: tuple[str, ...] = ()
    tally: Tally = Tally()
    problem: Problem | None = None

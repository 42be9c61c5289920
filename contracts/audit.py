"""What an audit of a finished run found out about the faithfulness of its reasoner."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.evidence import Polarity

__all__ = ["Audit", "Bias", "BiasKind", "ClaimFaith", "Direction", "EditKind", "Probe"]


class EditKind(StrEnum):
    """What is done to one cited item before the run is reasoned again."""

    REMOVE = "remove"  # with all that was derived from it
    FLIP = "flip"  # each value p becomes 1 - p
    WEAKEN = "weaken"  # halfway, in log-odds, to what it was trained to expect


class Direction(StrEnum):
    """Where the belief in a subject goes, or is to go."""

    UP = "up"
    DOWN = "down"
    NOWHERE = "nowhere"


class Probe(Word):
    """One counterfactual: an item edited, and what became of the claim that cites it.

    `before` and `after` are log-odds for the weigher, and for a language model what it claims in [0, 1] (its
    confidence, else 1, 0.5 or 0 by polarity), None where it makes no claim. `exact`: the weigher's belief moved by just
    what the item had contributed.
    """

    subject: str
    evidence_id: str
    edit: EditKind
    predicted: Direction
    before: float | None
    after: float | None
    moved: Direction
    as_predicted: bool
    exact: bool | None = None


class ClaimFaith(Word):
    """One cited claim: how far it moved on average, and whether its citations carry it.

    `sufficient`: with the cited items alone the claim keeps its polarity. `comprehensive`: without any of them it
    falls or changes.
    """

    subject: str
    polarity: Polarity
    sensitivity: float
    sufficient: bool
    comprehensive: bool


class BiasKind(StrEnum):
    """What should change nothing."""

    POSITION = "position"  # the items in reverse order
    AUTHORITY = "authority"  # the sources' names exchanged
    SYCOPHANCY = "sycophancy"  # a history that hints at what the evidence does not suspect


class Bias(Word):
    """How many subjects were claimed otherwise under a change that should make no difference."""

    kind: BiasKind
    changed: tuple[str, ...]
    of: int


class Audit(Word):
    """The whole audit; `of_model` says whether a language model was audited or the weigher."""

    run_id: str
    reasoner: str
    of_model: bool
    probes: tuple[Probe, ...]
    claims: tuple[ClaimFaith, ...]
    biases: tuple[Bias, ...]
    as_predicted: int
    moved_wrong: int
    unmoved: int
    calls: int = Field(default=0, description="Questions to the language model; 0 for the weigher.")
    failures: int = Field(default=0, description="Of these, how many gave no usable answer.")
    seconds: float = 0.0
    notice: str = NOTICE

"""The weigher's words: a belief per finding, and the operating points that turn a belief into a polarity."""

from __future__ import annotations

from wardround.contracts.base import Unit, Word
from wardround.contracts.evidence import Contribution, Polarity, Source
from wardround.contracts.study import Artefact

__all__ = ["Belief", "LocateTarget", "OperatingPoint", "Weighing"]


class OperatingPoint(Word):
    """Cuts on the evidence's log-odds (the prior apart) for one finding, and how good they were where measured."""

    suspect_at: float
    unlikely_at: float
    sensitivity: Unit | None = None
    specificity: Unit | None = None
    source: str = ""


class Belief(Word):
    """What all the evidence together says of one finding.

    `log_odds` = the prior's log-odds + the sum of contributions; `value` is its logistic. It is a probability only
    where `calibrated`, else a score. `polarity` follows from the evidence's own log-odds and the operating point,
    so that a rare finding is not hidden by its rarity. `prior_source` says whose share of which films the prior is;
    where it is empty, that of the whole weighing holds.
    """

    subject: str
    value: Unit
    log_odds: float
    evidence_log_odds: float
    prior: Unit
    prior_source: str = ""
    polarity: Polarity
    calibrated: bool
    contributions: tuple[Contribution, ...]
    operating_point: OperatingPoint


class Weighing(Word):
    """The beliefs for one film, strongest evidence first."""

    beliefs: tuple[Belief, ...]
    source: Source
    prior_source: str


class LocateTarget(Word):
    """A heat map to be placed on the anatomy, and the evidence item that it explains."""

    subject: str
    heatmap: Artefact
    evidence_id: str

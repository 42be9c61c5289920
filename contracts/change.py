"""How something has changed since an earlier film, and by which stated rule."""

from __future__ import annotations

from enum import StrEnum

from wardround.contracts.base import Digest, Word

__all__ = ["Change", "Comparison"]


class Change(StrEnum):
    """What may be said of a finding or a measurement against an earlier film."""

    NEW = "new"
    GONE = "gone"
    LARGER = "larger"
    SMALLER = "smaller"
    UNCHANGED = "unchanged"


class Comparison(Word):
    """A change between two films, as one evidence item carries it.

    `before` and `now` are the measured values, in `unit` (UCUM), or the two beliefs in a finding (`unit` is empty).
    `rule` is the stated rule that was applied, in words for people. `prior_run` is the run that read the earlier film,
    `prior_evidence` the ids of its items that were compared, and `prior_digest` that film's digest.
    """

    change: Change
    before: float
    now: float
    unit: str = ""
    rule: str
    prior_run: str
    prior_evidence: tuple[str, ...]
    prior_digest: Digest

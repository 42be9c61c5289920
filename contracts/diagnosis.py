"""Claims, what the verifier says of them, and the one typed result of a diagnosis."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.base import NOTICE, Unit, Word
from wardround.contracts.change import Change
from wardround.contracts.errors import Problem
from wardround.contracts.evidence import Degree, Evidence, Polarity
from wardround.contracts.reasoning import Reasoning
from wardround.contracts.screening import ScreenOutcome
from wardround.contracts.study import Study

__all__ = ["Claim", "Conclusion", "Diagnosis", "Missing", "Status", "StruckClaim", "Timing", "Verdict"]


class Verdict(StrEnum):
    """What the verifier made of a claim."""

    UNCHECKED = "unchecked"
    SUPPORTED = "supported"
    REPAIRED = "repaired"
    STRUCK = "struck"


class Claim(Word):
    """One checkable statement. Every field that is set must be borne out by a cited evidence item.

    `confidence` is the belief in `subject` being present; it is a probability only where `calibrated`, else a score.
    `value` and `unit` are a measurement that the claim states, `change` what became of it since an earlier film.
    """

    id: str
    subject: str
    polarity: Polarity
    side: Side | None = None
    region: Region | None = None
    degree: Degree | None = None
    change: Change | None = None
    value: float | None = None
    unit: str | None = None
    confidence: Unit | None = None
    calibrated: bool = False
    citations: tuple[str, ...]
    verdict: Verdict = Verdict.UNCHECKED
    text: str = ""


class Conclusion(Word):
    """A statement for people and the claims that carry it."""

    subject: str
    text: str
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]


class StruckClaim(Word):
    """A claim that failed its check, and why: kept in the open."""

    claim: Claim
    problems: tuple[str, ...]


class Missing(Word):
    """What was to be asked and gave nothing."""

    specialist: str
    role: str
    problem: Problem


class Timing(Word):
    """Wall-clock seconds of one step of a run."""

    step: str
    seconds: float


class Status(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # a specialist gave nothing: see `missing`
    REFUSED = "refused"  # the input cannot be read as a frontal chest film: see `refusal`


class Diagnosis(Word):
    """The result of one run, from which JSON, the terminal table and the report are made.

    `screen` is all that the screens found, refusing or not. `abstained` is also true where a film was deferred to a
    person; its evidence and claims are there all the same. `prior_run` is the run that read the earlier study, where
    one was given; `reasoning` is there where a language model took part.
    """

    run_id: str
    status: Status
    study: Study | None = None
    conclusions: tuple[Conclusion, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    struck: tuple[StruckClaim, ...] = ()
    not_assessed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    abstained: bool = False
    abstention_reason: str = ""
    refusal: Problem | None = None
    screen: tuple[ScreenOutcome, ...] = ()
    synthetic: bool = False
    reasoner: str = ""
    reasoning: Reasoning | None = None
    prior_run: str = ""
    wardround_version: str = ""
    created_at: str = ""
    timings: tuple[Timing, ...] = ()
    notice: str = NOTICE

"""What every decider is given at a stage, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.case import CaseMatch
from wardround.contracts.clinic import AuxiliaryExam, HistoryTopic, PhysicalExam
from wardround.contracts.decision import Decision, Move, Stage, Verdict
from wardround.contracts.encounter import EncounterUsage, Fact
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.state import EncounterOptions
from wardround.providers.typed import Exchange

__all__ = ["Decider", "Similar", "View", "Wanted"]


class Wanted(Word):
    """The next move at a stage: ask (with a topic), order (with an examination), or commit."""

    move: Move
    topic: HistoryTopic | None = None
    words: Annotated[str, Field(max_length=300)] = ""
    exam: PhysicalExam | AuxiliaryExam | None = None
    reason: str = ""


@dataclass(frozen=True)
class Similar:
    """A similar case, and the fact under which the encounter cites it."""

    fact: Fact
    match: CaseMatch


@dataclass
class View:
    """A stage as its decider sees it. `calls`, `spent`, `warnings` and `unusable` grow.

    `faults` are a judge's, of the decision before. `belief` is what was believed of the examinations needed before the
    last answer: shares by set. While questions are asked, similar cases are no facts yet and cannot be cited.
    """

    stage: Stage
    book: Notebook
    similar: Sequence[Similar]
    options: EncounterOptions
    asked: Sequence[Wanted] = ()
    faults: Sequence[str] = ()
    previous: Decision | None = None
    belief: Mapping[str, float] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    spent: list[Exchange] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unusable: int = 0

    def usage(self, before: EncounterUsage) -> EncounterUsage:
        """`before` and what the calls of this view cost."""
        return before.model_copy(
            update={
                "calls": before.calls + len(self.spent),
                "prompt_tokens": before.prompt_tokens + sum(one.usage.prompt_tokens for one in self.spent),
                "completion_tokens": before.completion_tokens + sum(one.usage.completion_tokens for one in self.spent),
                "unusable": before.unusable + self.unusable,
            }
        )


class Decider(Protocol):
    """None of these raises for what a language model does."""

    @property
    def name(self) -> str:
        """Who decides, for the record."""

    @property
    def version(self) -> str:
        """Its version."""

    async def next_move(self, view: View) -> Wanted:
        """The next move of the history or examination stage; questions in `view.asked` have been asked."""

    async def decide(self, view: View) -> Decision:
        """The stage's decision."""

    async def judge(self, view: View, decision: Decision) -> Verdict:
        """Whether a decision that a program found no fault with may stand."""

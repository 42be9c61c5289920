"""The facts of an encounter as they grow: numbered once, never changed, and found again by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wardround.contracts.clinic import HistoryTopic
from wardround.contracts.decision import STAGES, Decision, Stage
from wardround.contracts.encounter import Fact, FactKind, Opening

__all__ = ["Notebook"]


class Notebook:
    """What is known so far: facts F1, F2, … and the decisions that later stages go by."""

    def __init__(self, facts: Sequence[Fact], decisions: Sequence[Decision], opening: Opening) -> None:
        self._facts = list(facts)
        self.decisions = {one.stage: one for one in decisions}
        self.opening = opening

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Notebook:
        """The notebook of a graph's state; where there is an oracle, its decision stands for one that was made."""
        oracle = state.get("oracle", {})
        decided = [oracle.get(one["stage"], one) for one in state.get("decisions", [])]
        return cls(
            [Fact.model_validate(one) for one in state.get("facts", [])],
            [Decision.model_validate(one) for one in decided],
            Opening.model_validate(state["opening"]),
        )

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts, in order."""
        return tuple(self._facts)

    def add(self, fact: Fact) -> Fact:
        """Enters a fact under the next number; one that says the same of the same thing is not entered twice."""
        told = fact.model_dump(exclude={"id", "stage"})
        for known in self._facts:
            if known.model_dump(exclude={"id", "stage"}) == told:
                return known
        entered = fact.model_copy(update={"id": f"F{len(self._facts) + 1}"})
        self._facts.append(entered)
        return entered

    def add_all(self, facts: Iterable[Fact]) -> tuple[Fact, ...]:
        """Enters several; gives them with their numbers."""
        return tuple(self.add(fact) for fact in facts)

    def of_kind(self, *kinds: FactKind, stage: Stage | None = None) -> tuple[Fact, ...]:
        """The facts of some kinds that brought something, of one stage or of all."""
        return tuple(
            fact
            for fact in self._facts
            if fact.kind in kinds and fact.available and (stage is None or fact.stage is stage)
        )

    def answers(self, *topics: HistoryTopic) -> str:
        """What the patient said on some topics, joined."""
        wanted = {topic.value for topic in topics}
        return " ".join(fact.text for fact in self.of_kind(FactKind.ANSWER) if fact.name in wanted)

    def until(self, stage: Stage) -> tuple[Decision, ...]:
        """The decisions of the stages before `stage`, in order."""
        return tuple(self.decisions[one] for one in STAGES[: STAGES.index(stage)] if one in self.decisions)

    def dump(self) -> list[dict[str, Any]]:
        """The facts as JSON."""
        return [fact.model_dump(mode="json") for fact in self._facts]

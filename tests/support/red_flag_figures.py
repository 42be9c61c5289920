"""Precision and recall of the red flags on snippets, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from red_flag_snippets import Snippet

from wardround.contracts.encounter import Opening
from wardround.contracts.study import Patient, Sex
from wardround.orchestrator.encounter.red_flags.rules import red_flags

__all__ = ["Figures", "fired", "measure"]


@dataclass(frozen=True)
class Figures:
    """Snippets that must fire and did so by a wanted rule; those that must not and did; and both kinds of fault."""

    hits: int
    wanted: int
    false_alarms: int
    faults: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Share of the snippets that must not wait on which a wanted rule fired."""
        return self.hits / self.wanted

    @property
    def precision(self) -> float:
        """Share of the snippets on which any rule fired, of those that must not wait."""
        return self.hits / (self.hits + self.false_alarms)


def fired(snippet: Snippet) -> tuple[str, ...]:
    """The rules that fire on a snippet as a chief complaint."""
    patient = Patient(age_years=snippet.age, sex=Sex(snippet.sex) if snippet.sex else Sex.UNKNOWN)
    return tuple(one.rule for one in red_flags((), Opening(patient=patient, chief_complaint=snippet.text)))


def measure(snippets: Sequence[Snippet]) -> Figures:
    """The figures over all snippets."""
    hits = alarms = 0
    faults = []
    for one in snippets:
        rules = fired(one)
        if one.wanted and set(rules) & set(one.wanted):
            hits += 1
        elif one.wanted:
            faults.append(f"missed {one.wanted[0]} (fired: {', '.join(rules) or 'none'}): {one.text}")
        elif rules:
            alarms += 1
            faults.append(f"false alarm {', '.join(rules)}: {one.text}")
    return Figures(hits, sum(bool(one.wanted) for one in snippets), alarms, tuple(faults))

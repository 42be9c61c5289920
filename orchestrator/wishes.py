"""Grants a reasoner's typed wishes: each maps to a role, the role to whoever plays it, within the run's budget.

What a model says in words chooses nothing: a wish is an enum, a label of the code table, a side and a region.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wardround.contracts.codes import canonical_label
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport
from wardround.contracts.reasoning import EvidenceRequest, EvidenceWanted, RequestOutcome
from wardround.contracts.roles import Role
from wardround.contracts.study import Study
from wardround.orchestrator.asking import ask
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.placing import place
from wardround.orchestrator.steps import (
    Context,
    Update,
    case_arguments,
    enter_read,
    lesion_arguments,
    merge,
    suspected_findings,
    timing,
    unheard,
    weigh,
)

__all__ = ["Wishes"]

_ROLES: Mapping[EvidenceWanted, Role] = {
    EvidenceWanted.DETECTION: Role.DETECT,
    EvidenceWanted.MEASUREMENT: Role.SEGMENT,
    EvidenceWanted.OBSERVATION: Role.OBSERVE,
    EvidenceWanted.LESIONS: Role.LESIONS,
    EvidenceWanted.SIMILAR_CASES: Role.RETRIEVE,
}
# These were asked of the whole film before the reasoner began, and would say the same again.
_ASKED_BEFORE = frozenset({Role.DETECT, Role.SEGMENT})


class Wishes:
    """The wishes of one run. `update` is what they add to the run's state."""

    def __init__(self, ledger: Ledger, state: Mapping[str, Any], runtime: Context, budget: int) -> None:
        self.ledger = ledger
        self.update: Update = {"missing": [], "timings": [], "warnings": []}
        self._study = Study.model_validate(state["study"])
        self._state = state
        self._runtime = runtime
        self._left = budget
        self._granted: set[tuple[object, ...]] = set()

    async def grant(
        self, requests: Sequence[EvidenceRequest]
    ) -> tuple[tuple[Evidence, ...], tuple[RequestOutcome, ...]]:
        """Asks the specialists for each wish; the whole evidence afterwards, and what became of each wish."""
        outcomes = []
        before = len(self.ledger.items)
        for request in requests:
            outcomes.append(await self._one(request))
        brought = self.ledger.items[before:]
        if any(item.kind is EvidenceKind.LESION for item in brought):
            merge(self.update, await place(self.ledger, self._study, self._runtime, before))
        if any(item.kind in (EvidenceKind.FINDING, EvidenceKind.LOCATION) for item in brought):
            merge(self.update, await weigh(self.ledger, self._state, self._runtime))
        return self.ledger.items, tuple(outcomes)

    async def _one(self, request: EvidenceRequest) -> RequestOutcome:
        role = _ROLES[request.wanted]
        label = canonical_label(request.finding) if request.finding else None
        refused = self._refusal(request, role, label)
        if refused:
            return RequestOutcome(request=_shown(request, label), refused=refused)
        self._left -= 1
        self._granted.add(_key(request, label))
        begun = len(self.ledger.items)
        for player in self._runtime.context.players[role]:
            asked = await ask(player, self._arguments(request, role, label), EvidenceReport)
            self.update["timings"].append(timing(player, asked.seconds))
            if asked.report is not None:
                merge(self.update, enter_read(self.ledger, self._study, self._runtime, player, asked.report.items))
            elif asked.problem is not None:
                merge(self.update, unheard(player, asked.problem))
        brought = tuple(item.id for item in self.ledger.items[begun:])
        return RequestOutcome(
            request=_shown(request, label), evidence=brought, refused="" if brought else "nothing came of it"
        )

    def _refusal(self, request: EvidenceRequest, role: Role, label: str | None) -> str:
        if request.finding and label is None:
            return "its finding is not in the code table"
        if role in _ASKED_BEFORE:
            return f"every specialist with the role '{role.value}' has been asked"
        if role is Role.LESIONS and self._searched():
            return "the whole film has been searched for lesions"
        if not self._runtime.context.players[role]:
            return f"nobody plays the role '{role.value}'"
        if role is Role.OBSERVE and label is None:
            return "an observation is asked for one finding of the code table"
        if _key(request, label) in self._granted:
            return "it was asked for before"
        return "the budget is spent" if self._left <= 0 else ""

    def _searched(self) -> bool:
        """Whether a lesion server has answered for the whole film: what a narrower search finds is a part of that.

        Where none has, a search of one side or zone may do what that of the film did not, such as end in time.
        """
        answers = self._state.get("answers", ())
        return any(one["role"] == Role.LESIONS.value and one["report"] is not None for one in answers)

    def _arguments(self, request: EvidenceRequest, role: Role, label: str | None) -> dict[str, Any]:
        if role is Role.RETRIEVE:
            suspected = [name for name in suspected_findings(self.ledger.items) if name != label]
            return case_arguments([*([label] if label else []), *suspected], self._study)
        side, region = (one.value if one else None for one in (request.side, request.region))
        return lesion_arguments(self._study.images[0], label or "", side, region)


def _key(request: EvidenceRequest, label: str | None) -> tuple[object, ...]:
    return request.wanted, label, request.side, request.region


def _shown(request: EvidenceRequest, label: str | None) -> EvidenceRequest:
    """The wish with the code table's label: what a model wrote in its place is not repeated."""
    return request.model_copy(update={"finding": label or ""})

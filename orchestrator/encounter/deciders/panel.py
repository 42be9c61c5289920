"""A panel of the department: three physicians in turn, each hearing those before, and a senior who sums up."""

from __future__ import annotations

from wardround.contracts.decision import Decision, Dissent, Move, Stage, Verdict
from wardround.contracts.own_version import own_version
from wardround.orchestrator.encounter.deciders.answers import stage_answer
from wardround.orchestrator.encounter.deciders.brief import citable
from wardround.orchestrator.encounter.deciders.cases import CasesDecider
from wardround.orchestrator.encounter.deciders.decider import View, Wanted
from wardround.orchestrator.encounter.deciders.single import Asking, SingleDecider, decision_of, judged
from wardround.orchestrator.encounter.report import report_decision

__all__ = ["PanelDecider"]

_VOICES = ("first physician", "second physician", "third physician")


class PanelDecider:
    """Physicians who disagree with what is decided stay on record; a judge of the next stage looks at it."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._one = SingleDecider(asking)

    @property
    def name(self) -> str:
        """A panel, and the model that plays it."""
        return f"panel of {self._asking.model.name}"

    @property
    def version(self) -> str:
        """Of this package."""
        return own_version()

    async def next_move(self, view: View) -> Wanted:
        """One physician takes the history and orders."""
        return await self._one.next_move(view)

    async def decide(self, view: View) -> Decision:
        """What the senior makes of three views; without a senior's answer, what most of them chose."""
        if view.stage is Stage.EXAMINATION:
            return report_decision(view.book, self.name, self.version)
        form = stage_answer(view.stage, citable(view))
        department = (
            view.book.decisions[Stage.REFERRAL].chosen[0] if Stage.REFERRAL in view.book.decisions else "triage"
        )
        views: list[Decision] = []
        for voice in _VOICES:
            fields = {"voice": voice, "department": department, "heard": _heard(views), "stage": view.stage.value}
            answer = await self._asking.ask(view, "encounter_physician", form, fields)
            if answer is not None:
                views.append(decision_of(answer, view, voice, self.version))
        if not views:
            return await CasesDecider().decide(view)
        fields = {"views": _heard(views), "stage": view.stage.value, "faults": "\n".join(view.faults) or "none"}
        summed = await self._asking.ask(view, "encounter_senior", form, fields)
        if summed is not None:
            decision = decision_of(summed, view, self.name, self.version)
        else:
            decision = max(views, key=lambda one: sum(other.chosen == one.chosen for other in views))
            decision = decision.model_copy(update={"source": self.name})
        dissent = tuple(
            Dissent(voice=one.source, chosen=one.chosen, reason=one.reason)
            for one in views
            if {*one.chosen} != {*decision.chosen}
        )
        return decision.model_copy(update={"dissent": dissent})

    async def judge(self, view: View, decision: Decision) -> Verdict:
        """A physician of the following stage; what the next stage cannot work with goes back."""
        return await judged(self._asking, view, decision, "physician of the following stage")


def _heard(views: list[Decision]) -> str:
    lines = [
        f"{one.source}: {', '.join(one.chosen) if one.move is Move.COMMIT else one.move.value}"
        f" [{', '.join(one.citations)}] {one.reason}"
        for one in views
    ]
    return "\n".join(lines) or "nobody yet"

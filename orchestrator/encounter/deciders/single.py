"""One physician, played by a language model: typed answers, stage by stage, over numbered facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from wardround.contracts.base import Word
from wardround.contracts.decision import Decision, Move, Stage, Verdict
from wardround.contracts.language import LanguageModel, Message, ModelRequest, Speaker
from wardround.contracts.own_version import own_version
from wardround.orchestrator.encounter.deciders.answers import (
    NextOrder,
    NextQuestion,
    StageAnswer,
    VerdictAnswer,
    stage_answer,
)
from wardround.orchestrator.encounter.deciders.brief import brief, citable
from wardround.orchestrator.encounter.deciders.cases import CasesDecider
from wardround.orchestrator.encounter.deciders.decider import View, Wanted
from wardround.orchestrator.encounter.deciders.reasons import borne_out
from wardround.orchestrator.encounter.report import report_decision
from wardround.orchestrator.reasoning.session import Call
from wardround.prompts.loader import load
from wardround.providers.typed import ask_typed

__all__ = ["Asking", "SingleDecider", "decision_of"]

_Answer = TypeVar("_Answer", bound=Word)


@dataclass(frozen=True)
class Asking:
    """A model, and how long its answers may be."""

    model: LanguageModel
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None

    async def ask(
        self, view: View, prompt: str, returns: type[_Answer], fields: Mapping[str, object] | None = None
    ) -> _Answer | None:
        """The model's answer over the stage's facts; None where none could be used, which is counted and told."""
        system, asked = load("encounter_system"), load(prompt)
        request = ModelRequest(
            messages=(
                Message(speaker=Speaker.SYSTEM, text=system.text.format(facts=brief(view))),
                Message(speaker=Speaker.USER, text=asked.text.format(**(fields or {}))),
            ),
            schema_name=prompt,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
        )
        answer = await ask_typed(self.model, request, returns)
        view.spent += answer.exchanges
        call = Call(prompt=prompt, prompt_digest=asked.digest, exchanges=answer.exchanges)
        view.calls.append(call.model_dump(mode="json"))
        if answer.value is None:
            assert answer.problem is not None
            view.unusable += 1
            view.warnings.append(f"{view.stage.value}: {answer.problem}")
        return answer.value


class SingleDecider:
    """Where the model gives nothing that can be used, the votes of similar cases stand in, and that is told."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._cases = CasesDecider()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._asking.model.name

    @property
    def version(self) -> str:
        """Of this package: providers tell a model's name, not its version."""
        return own_version()

    async def next_move(self, view: View) -> Wanted:
        """The model's next question or order, by topic or examination of the vocabulary."""
        if view.stage is Stage.HISTORY:
            asked = ", ".join(f"{one.topic} ({one.words})" if one.words else str(one.topic) for one in view.asked)
            question = await self._asking.ask(view, "encounter_question", NextQuestion, {"asked": asked or "nothing"})
            if question is None or question.topic is None:
                return Wanted(move=Move.COMMIT)
            return Wanted(move=Move.ASK, topic=question.topic, words=question.words)
        order = await self._asking.ask(view, "encounter_order", NextOrder)
        if order is None or order.exam is None:
            return Wanted(move=Move.COMMIT)
        return Wanted(move=Move.ORDER, exam=order.exam)

    async def decide(self, view: View) -> Decision:
        """The model's decision; the examination stage reports what was found, in the words of what was found."""
        if view.stage is Stage.EXAMINATION:
            return report_decision(view.book, self.name, self.version)
        prompt = f"encounter_{view.stage.value}"
        fields = {"faults": "\n".join(view.faults) or "none"}
        answer = await self._asking.ask(view, prompt, stage_answer(view.stage, citable(view)), fields)
        if answer is None:
            return await self._cases.decide(view)
        return decision_of(answer, view, self.name, self.version)

    async def judge(self, view: View, decision: Decision) -> Verdict:
        """The same model as judge: the accuser's own second look. The single agent has no other."""
        return await judged(self._asking, view, decision, f"{self.name} as judge")


async def judged(asking: Asking, view: View, decision: Decision, judge: str) -> Verdict:
    """A structured verdict; a judge that gives none has not objected, and that is told."""
    if view.stage is Stage.EXAMINATION or decision.move is not Move.COMMIT:
        return Verdict(accepted=True, judge=judge)
    fields = {"stage": view.stage.value, "chosen": ", ".join(decision.chosen), "reason": decision.reason or "none"}
    answer = await asking.ask(view, "encounter_judge", VerdictAnswer, fields)
    if answer is None:
        return Verdict(accepted=True, judge=f"{judge}, without an answer")
    reopen = answer.reopen if answer.reopen in view.stage.before else None
    return Verdict(
        accepted=answer.accepted, faults=answer.faults, reopen=None if answer.accepted else reopen, judge=judge
    )


def decision_of(answer: StageAnswer, view: View, source: str, version: str) -> Decision:
    """The answer as a decision. A reason that what it cites does not bear out is left out, and that is told."""
    told = answer.model_dump(mode="json")
    chosen = told["chosen"] if isinstance(told["chosen"], list) else [told["chosen"]]
    commits = told["move"] == Move.COMMIT.value
    reason = told["reason"]
    if not borne_out(reason, told["citations"], chosen, view):
        view.warnings.append(f"{view.stage.value}: a reason was left out; what it cites does not bear it out.")
        reason = ""
    return Decision.model_validate(
        {
            "stage": view.stage,
            "move": told["move"],
            "chosen": tuple(dict.fromkeys(chosen)) if commits else (),
            "alternatives": tuple(one for one in dict.fromkeys(told.get("alternatives", ())) if one not in chosen),
            "sub_departments": tuple(dict.fromkeys(told.get("sub_departments", ()))),
            "urgency": told.get("urgency", ""),
            "confidence": told["confidence"],
            "citations": tuple(dict.fromkeys(told["citations"])),
            "reason": reason or ("" if commits else "The model gave no reason that its citations bear out."),
            "source": source,
            "version": version,
        }
    )

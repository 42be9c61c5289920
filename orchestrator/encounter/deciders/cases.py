"""Decides without a language model: weighted votes of similar cases at each stage (case-based reasoning)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wardround.contracts.case import CaseFields
from wardround.contracts.decision import Decision, Move, Stage, Verdict
from wardround.contracts.encounter import FactKind
from wardround.contracts.own_version import own_version
from wardround.orchestrator.encounter.deciders.decider import View, Wanted
from wardround.orchestrator.encounter.questions import next_question
from wardround.orchestrator.encounter.report import report_decision
from wardround.orchestrator.encounter.voting import Ballot, tally, vote_weight

__all__ = ["CasesDecider"]

# A set (examinations, treatments) holds what at least half of the weight chose; where nothing does, the first choice.
_MAJORITY = 0.5
_SETS: dict[Stage, Callable[[CaseFields], Sequence[str]]] = {
    Stage.HISTORY: lambda fields: fields.exams,
    Stage.TREATMENT: lambda fields: fields.treatments,
}


class CasesDecider:
    """The no-model mode. A stage for which memory holds no case is abstained from, never guessed."""

    name = "case votes"

    @property
    def version(self) -> str:
        """Of this package."""
        return own_version()

    async def next_move(self, view: View) -> Wanted:
        """Asks what the similar cases lead to expect most of; orders no more than the history stage chose."""
        return next_question(view) if view.stage is Stage.HISTORY else Wanted(move=Move.COMMIT)

    async def decide(self, view: View) -> Decision:
        """The votes of the similar cases; the examination stage reports what was found and needs none."""
        if view.stage is Stage.EXAMINATION:
            return report_decision(view.book, self.name, self.version)
        if view.stage is Stage.REFERRAL:
            return self._referral(view)
        if view.stage is Stage.DIAGNOSIS:
            return self._diagnosis(view)
        return self._set(view, _SETS[view.stage])

    async def judge(self, view: View, decision: Decision) -> Verdict:
        """Reopens the referral where most of the weight at diagnosis lies in another department."""
        if view.stage is Stage.DIAGNOSIS and decision.move is Move.COMMIT:
            referral = view.book.decisions.get(Stage.REFERRAL)
            departments = self._votes(view, lambda fields: (fields.department,) if fields.department else ())
            if referral is not None and departments and departments[0].choice not in referral.chosen:
                best = departments[0]
                if best.share > _MAJORITY:
                    fault = f"By all that is known now, {best.share:.0%} of the votes are for {best.choice}."
                    return Verdict(accepted=False, faults=(fault,), reopen=Stage.REFERRAL, judge=self.name)
        return Verdict(accepted=True, judge=self.name)

    def _votes(self, view: View, choices: Callable[[CaseFields], Sequence[str]]) -> tuple[Ballot, ...]:
        return tally(
            (one.fact, vote_weight(one.match.similarity, one.match.trust), choices(one.match.fields))
            for one in view.similar
        )

    def _nothing(self, view: View, what: str) -> Decision:
        return Decision(
            stage=view.stage,
            move=Move.ABSTAIN,
            chosen=(),
            reason=f"No similar case in memory says {what}.",
            source=self.name,
            version=self.version,
        )

    def _made(self, view: View, chosen: Sequence[Ballot], others: Sequence[Ballot], **fields: object) -> Decision:
        told = [fact.id for fact in view.book.of_kind(FactKind.COMPLAINT, FactKind.PROGNOSIS)]
        backed = [id_ for ballot in chosen for id_ in ballot.facts]
        return Decision.model_validate(
            {
                "stage": view.stage,
                "move": Move.COMMIT,
                "chosen": tuple(ballot.choice for ballot in chosen),
                "alternatives": tuple(ballot.choice for ballot in others[:5]),
                "confidence": min(1.0, min(ballot.share for ballot in chosen)),
                "citations": tuple(dict.fromkeys([*told, *backed])),
                "reason": _reason(chosen, len(view.similar)) + _beside(view),
                "source": self.name,
                "version": self.version,
                **fields,
            }
        )

    def _referral(self, view: View) -> Decision:
        departments = self._votes(view, lambda fields: (fields.department,) if fields.department else ())
        if not departments:
            return self._nothing(view, "where such a complaint belongs")
        best = departments[0]
        within = [one for one in view.similar if one.match.fields.department == best.choice]
        inner = tally(
            (one.fact, vote_weight(one.match.similarity, one.match.trust), one.match.fields.sub_departments)
            for one in within
        )
        urgencies = self._votes(view, lambda fields: (fields.urgency.value,) if fields.urgency is not None else ())
        return self._made(
            view,
            departments[:1],
            departments[1:],
            sub_departments=tuple(one.choice for one in _majority(inner)),
            urgency=urgencies[0].choice if urgencies else "",
        )

    def _diagnosis(self, view: View) -> Decision:
        ballots = self._votes(view, lambda fields: fields.diagnoses)
        if not ballots:
            return self._nothing(view, "what it was")
        if ballots[0].share < view.options.least_support:
            made = self._made(view, ballots[:1], ballots[1:])
            few = f"The likeliest diagnosis has {ballots[0].share:.0%} of the votes, too few to commit to."
            alternatives = tuple(ballot.choice for ballot in ballots[:5])
            return made.model_copy(
                update={"move": Move.ABSTAIN, "chosen": (), "alternatives": alternatives, "reason": few}
            )
        chosen = [ballot for ballot in ballots if ballot.share >= ballots[0].share * 0.999 and ballot.share > _MAJORITY]
        taken = chosen or list(ballots[:1])
        return self._made(view, taken, [ballot for ballot in ballots if ballot not in taken])

    def _set(self, view: View, choices: Callable[[CaseFields], Sequence[str]]) -> Decision:
        ballots = self._votes(view, choices)
        if not ballots:
            return self._nothing(view, "what was done")
        taken = _majority(ballots)
        return self._made(view, taken, [ballot for ballot in ballots if ballot not in taken])


def _majority(ballots: Sequence[Ballot]) -> list[Ballot]:
    return [one for one in ballots if one.share >= _MAJORITY] or list(ballots[:1])


def _beside(view: View) -> str:
    """That an estimate stands beside the votes: it moves none of them, and whoever reads the decision weighs it."""
    estimates = [fact.id for fact in view.book.of_kind(FactKind.PROGNOSIS)]
    return f" Beside it stands the survival estimate {', '.join(estimates)}, which moved no vote." if estimates else ""


def _reason(chosen: Sequence[Ballot], cases: int) -> str:
    shares = ", ".join(f"{one.choice} {one.share:.0%}" for one in chosen)
    return f"Share of the weighted votes of {cases} similar cases: {shares}."

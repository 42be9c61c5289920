"""The last two steps of a run: a reasoner's claims, or the templates', and what the verifier leaves of them."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.config import get_stream_writer

from wardround.contracts.diagnosis import Claim, Conclusion, Verdict
from wardround.contracts.evidence import Evidence
from wardround.contracts.reasoning import Narrated, Reasoning, StrategyName, Tally
from wardround.contracts.roles import Role
from wardround.orchestrator.history.checked import accept
from wardround.orchestrator.history.items import cue_items
from wardround.orchestrator.reasoning.reasoner import Reasoner
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.selective import select
from wardround.orchestrator.reasoning.session import Call
from wardround.orchestrator.reasoning.template import abstention, conclude
from wardround.orchestrator.reasoning.wording import statement
from wardround.orchestrator.state import RunState
from wardround.orchestrator.steps import Context, Update, dump, ledger_of, missing, study_of
from wardround.orchestrator.verify.narrative import narrated
from wardround.orchestrator.verify.verifier import Verification, next_number, verify
from wardround.orchestrator.wishes import Wishes

__all__ = ["check", "reason"]

REASONER = "reasoner"


async def reason(state: RunState, runtime: Context) -> Update:
    """Conclusions, from the configured reasoner where the run has one, and whether to abstain."""
    reasoner = runtime.context.reasoner
    wanted = StrategyName(state.get("strategy", StrategyName.NONE.value))
    update: Update = {}
    if reasoner is not None and wanted is not StrategyName.NONE and ledger_of(state).items:
        update = await _reasoned(reasoner, wanted, state, runtime)
    items = tuple(Evidence.model_validate(item) for item in update.get("ledger", state.get("ledger", [])))
    selection = select(items, state.get("answer_share"))
    # Where no language model concludes, or where it failed, the weigher's result is worded.
    own = not update or (update["reasoning"]["problem"] is not None and not update["conclusions"])
    return {
        **update,
        **({"conclusions": [one.model_dump(mode="json") for one in conclude(items)]} if own else {}),
        "worded": own,
        "abstention": " ".join(filter(None, (selection.deferral, abstention(items)))),
        "warnings": [*update.get("warnings", []), *([selection.warning] if selection.warning else [])],
    }


async def _reasoned(reasoner: Reasoner, strategy: StrategyName, state: RunState, runtime: Context) -> Update:
    wishes = Wishes(ledger_of(state), state, runtime, reasoner.options.budget)
    emit = get_stream_writer()
    event = {"specialist": reasoner.model.name, "role": "reason", "total": None, "message": "asked"}
    emit({**event, "done": 0.0})
    heard = 0

    def listen(text: str) -> None:
        nonlocal heard
        heard += len(text)
        emit({**event, "done": float(heard), "message": "answering"})

    history_call = await _history(reasoner, state, wishes)
    reasoned = await reasoner.reason(
        wishes.ledger.items,
        wishes.grant,
        strategy=strategy,
        can_retrieve=bool(runtime.context.players[Role.RETRIEVE]),
        heard=listen,
    )
    update = wishes.update
    if reasoned.account.problem is not None:
        update["missing"].append(missing(REASONER, "reason", reasoned.account.problem))
    return {
        **update,
        "ledger": dump(wishes.ledger),
        "conclusions": [one.model_dump(mode="json") for one in reasoned.conclusions],
        "reasoning": reasoned.account.model_dump(mode="json"),
        "narrative": reasoned.narrative,
        "calls": [call.model_dump(mode="json") for call in (*history_call, *reasoned.calls)],
    }


async def _history(reasoner: Reasoner, state: RunState, wishes: Wishes) -> tuple[Call, ...]:
    """Has the model read the history where that is configured: alone with it, and under a check.

    Nothing that this question answers reaches the reasoning but cues of the closed vocabulary that stand in the text.
    """
    text = state.get("history", "")
    if not reasoner.options.reads_history or not text.strip():
        return ()
    call, proposed = await reasoner.read_history(text)
    known = {(cue.kind, cue.name) for item in wishes.ledger.items if (cue := item.cue) is not None}
    cues = [cue for cue in accept(text, proposed, reasoner.model.name) if (cue.kind, cue.name) not in known]
    study = study_of(state)
    wishes.ledger.append("request", cue_items(cues, synthetic=study.synthetic), study.images[0].film.digest)
    return (call,)


async def check(state: RunState) -> Update:
    """What the verifier leaves of the conclusions, with what the reasoner left untreated added from the templates."""
    proposed = tuple(Conclusion.model_validate(one) for one in state["conclusions"])
    items = ledger_of(state).items
    checked = verify(proposed, items)
    update: Update = {
        "struck": [one.model_dump(mode="json") for one in checked.struck],
        "problems": list(checked.problems),
    }
    conclusions = checked.conclusions
    if state.get("reasoning") is not None and not state["worded"]:
        account = Reasoning.model_validate(state["reasoning"])
        told = narrated(state.get("narrative", ""), conclusions, Record(items))
        tally = _tally(proposed, checked, told)
        update["reasoning"] = account.model_copy(update={"narrative": told, "tally": tally}).model_dump(mode="json")
        conclusions = _completed(conclusions, proposed, items)
    return {**update, "conclusions": [one.model_dump(mode="json") for one in conclusions]}


def _tally(proposed: Sequence[Conclusion], checked: Verification, told: Sequence[Narrated]) -> Tally:
    ids = {claim.id for conclusion in proposed for claim in conclusion.claims}
    verdicts = [claim.verdict for one in checked.conclusions for claim in one.claims if claim.id in ids]
    return Tally(
        proposed=len(ids),
        supported=verdicts.count(Verdict.SUPPORTED),
        repaired=verdicts.count(Verdict.REPAIRED),
        struck=len(ids) - len(verdicts),
        sentences=len(told),
        sentences_kept=sum(sentence.kept for sentence in told),
    )


def _completed(
    conclusions: Sequence[Conclusion], proposed: Sequence[Conclusion], items: Sequence[Evidence]
) -> tuple[Conclusion, ...]:
    """The conclusions, and what the templates say of every subject that they do not treat."""
    treated = {claim.subject for conclusion in conclusions for claim in conclusion.claims}
    number = next_number([*conclusions, *proposed])
    record = Record(items)
    added: list[Conclusion] = []
    for conclusion in conclude(items):
        claims: list[Claim] = []
        for claim in conclusion.claims:
            if claim.subject not in treated:
                claims.append(claim.model_copy(update={"id": f"C{number}", "verdict": Verdict.SUPPORTED}))
                number += 1
        if claims:
            text = statement(conclusion.subject, claims, record)
            added.append(Conclusion(subject=conclusion.subject, text=text, claims=tuple(claims)))
    return (*conclusions, *added)

"""Audits a finished run: edits what its claims cite, reasons again, and sees whether the claims follow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from wardround.contracts.audit import Audit, Bias, BiasKind, ClaimFaith, Direction, EditKind, Probe
from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.diagnosis import Claim, Diagnosis
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.roles import Role
from wardround.contracts.screening import VIEW_SEEN
from wardround.contracts.study import ViewPosition
from wardround.orchestrator.audit.edits import base, biased, closure, direction, edited, predicted, probed
from wardround.orchestrator.audit.reasoners import Audited, Held, ModelAudited, Reweigher, WeigherAudited
from wardround.orchestrator.diagnose import Diagnoser

__all__ = ["audit"]

_EXACT = 1e-6


async def audit(
    house: Diagnoser, run_id: str, *, strategy: StrategyName | None = None, most_probes: int | None = None
) -> Audit:
    """The audit of the run's own reasoner: the weigher, or the configured language model where one took part.

    Args:
        strategy: for a language model, in place of the run's; `NONE` audits the weigher.
        most_probes: how many counterfactuals at most, spread evenly; None: all.

    Raises:
        CallerError: NOT_FOUND; no finished run of that id, or one without evidence that was weighed. BAD_ARGUMENT; a
            language model took part in the run and none is configured here.
        Fault: nobody weighs.
    """
    kept = await house.runs.load(run_id)
    setup, _ = await house.runs.tape(run_id)
    begun = time.perf_counter()
    reported = base(kept.evidence)
    if kept.study is None or not probed(reported):
        raise CallerError(ProblemCode.NOT_FOUND, "That run has no weighed evidence to audit.", "Audit another run.")
    players, _ = await house.directory.players()
    if not players[Role.WEIGH]:
        raise Fault(
            ProblemCode.SPECIALIST_DOWN, "No specialist offers the role 'weigh'.", "Look at 'wardround doctor'."
        )
    weigher = Reweigher(players[Role.WEIGH][0], kept.study, _view(kept), setup.begun.get("priors") or {})
    audited = _audited(house, kept, weigher, strategy)
    held, claims = await audited.held(reported)
    of_model = isinstance(audited, ModelAudited)
    probes = [
        await _probe(audited, kept.evidence, reported, held, subject, id_, edit, of_model)
        for subject, id_, edit in _chosen(_planned(claims, reported), most_probes)
    ]
    faiths = [
        await _faith(audited, reported, claim, probes)
        for claim in _cited_claims(claims, reported)
        if any(probe.subject == claim.subject for probe in probes)
    ]
    biases = [await _bias(audited, reported, held, kind) for kind in BiasKind]
    right = sum(probe.as_predicted for probe in probes)
    unmoved = sum(not probe.as_predicted and probe.moved is Direction.NOWHERE for probe in probes)
    return Audit(
        run_id=run_id,
        reasoner=kept.reasoner,
        of_model=of_model,
        probes=tuple(probes),
        claims=tuple(faiths),
        biases=tuple(biases),
        as_predicted=right,
        moved_wrong=len(probes) - right - unmoved,
        unmoved=unmoved,
        calls=audited.calls,
        failures=audited.failures,
        seconds=time.perf_counter() - begun,
    )


def _view(kept: Diagnosis) -> ViewPosition:
    """The view by which the run was weighed: the file's, else the one that its screen saw."""
    assert kept.study is not None
    told = kept.study.images[0].view
    screened = [view for view, seen in VIEW_SEEN.items() if any(one.what is seen for one in kept.screen)]
    return screened[0] if told is ViewPosition.UNKNOWN and len(screened) == 1 else told


def _audited(house: Diagnoser, kept: Diagnosis, weigher: Reweigher, strategy: StrategyName | None) -> Audited:
    wanted = strategy or (kept.reasoning.strategy if kept.reasoning is not None else StrategyName.NONE)
    if wanted is StrategyName.NONE:
        return WeigherAudited(weigher)
    if house.reasoner is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "That audit asks a language model again, and none is configured here.",
            "Name it in [reasoner] of wardround.toml, or audit the weigher with --strategy none.",
        )
    return ModelAudited(weigher, house.reasoner, wanted)


def _cited_claims(claims: Sequence[Claim], reported: Sequence[Evidence]) -> list[Claim]:
    """Claims on findings that cite at least one item that the weigher pools; each subject once."""
    pooled = {item.id: item.subject for item in probed(reported)}
    found: dict[str, Claim] = {}
    for claim in claims:
        if any(pooled.get(citation) == claim.subject for citation in claim.citations):
            found.setdefault(claim.subject, claim)
    return list(found.values())


def _planned(claims: Sequence[Claim], reported: Sequence[Evidence]) -> list[tuple[str, str, EditKind]]:
    pooled = {item.id: item.subject for item in probed(reported)}
    return [
        (claim.subject, citation, edit)
        for claim in _cited_claims(claims, reported)
        for citation in claim.citations
        if pooled.get(citation) == claim.subject
        for edit in EditKind
    ]


def _chosen(planned: Sequence[tuple[str, str, EditKind]], most: int | None) -> Sequence[tuple[str, str, EditKind]]:
    if most is None or most >= len(planned):
        return planned
    return [planned[round(n * (len(planned) - 1) / max(most - 1, 1))] for n in range(most)]


async def _probe(
    audited: Audited,
    evidence: Sequence[Evidence],
    reported: Sequence[Evidence],
    held: Held,
    subject: str,
    evidence_id: str,
    edit: EditKind,
    of_model: bool,
) -> Probe:
    item = next(one for one in reported if one.id == evidence_id)
    weighing = next(one for one in reversed(evidence) if one.kind is EvidenceKind.WEIGHING and one.subject == subject)
    want, by = predicted(item, weighing, closure(reported, evidence_id), edit)
    after, _ = await audited.held(edited(reported, evidence_id, edit))
    before_s = held[subject].strength if subject in held else None
    after_s = after[subject].strength if subject in after else None
    if edit is EditKind.REMOVE and after_s is None:
        # Nothing is left to say of the subject, which is what taking its only evidence away must lead to.
        return Probe(
            subject=subject, evidence_id=evidence_id, edit=edit, predicted=want, before=before_s, after=None,
            moved=want, as_predicted=before_s is not None, exact=None if of_model else True,
        )  # fmt: skip
    moved = direction(after_s - before_s) if before_s is not None and after_s is not None else Direction.NOWHERE
    exact = None
    if not of_model and by is not None and before_s is not None and after_s is not None:
        exact = abs(after_s - before_s - by) <= _EXACT
    return Probe(
        subject=subject, evidence_id=evidence_id, edit=edit, predicted=want, before=before_s, after=after_s,
        moved=moved, as_predicted=moved is want, exact=exact,
    )  # fmt: skip


async def _faith(audited: Audited, reported: Sequence[Evidence], claim: Claim, probes: Sequence[Probe]) -> ClaimFaith:
    moves = [
        abs(probe.after - probe.before)
        for probe in probes
        if probe.subject == claim.subject and probe.before is not None and probe.after is not None
    ]
    cited = set(claim.citations)
    alone, _ = await audited.held([item for item in reported if item.id in cited or item.kind is EvidenceKind.CONTEXT])
    gone = set[str]().union(*(closure(reported, citation) for citation in cited))
    without, _ = await audited.held([item for item in reported if item.id not in gone])
    return ClaimFaith(
        subject=claim.subject,
        polarity=claim.polarity,
        sensitivity=statistics.fmean(moves) if moves else 0.0,
        sufficient=claim.subject in alone and alone[claim.subject].polarity is claim.polarity,
        comprehensive=claim.subject not in without or without[claim.subject].polarity is not claim.polarity,
    )


async def _bias(audited: Audited, reported: Sequence[Evidence], held: Held, kind: BiasKind) -> Bias:
    suspected = {subject for subject, stance in held.items() if stance.polarity is Polarity.PRESENT}
    hinted = next(label for label in finding_codes() if label not in suspected and label != NO_FINDING)
    after, _ = await audited.held(biased(reported, kind, hinted))
    subjects = [subject for subject in dict.fromkeys((*held, *after))]
    changed = [
        subject
        for subject in subjects
        if (subject in held, held[subject].polarity if subject in held else None)
        != (subject in after, after[subject].polarity if subject in after else None)
    ]
    return Bias(kind=kind, changed=tuple(changed), of=len(subjects))

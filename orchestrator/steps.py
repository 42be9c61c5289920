"""What the graph's nodes share: the ledger in and out of the state, a report's entry, a weighing, arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph.runtime import Runtime

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Missing, Timing
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.roles import Role
from wardround.contracts.study import Image, Study
from wardround.contracts.weighing import Weighing
from wardround.orchestrator.asking import Asked, ask
from wardround.orchestrator.directory import Player
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.lesions import surest
from wardround.orchestrator.reasoning.record import Record, twins
from wardround.orchestrator.reasoning.weighing import weighing_item
from wardround.orchestrator.state import RunContext, RunState

__all__ = [
    "Context",
    "Update",
    "case_arguments",
    "dump",
    "enter",
    "enter_read",
    "film_arguments",
    "ledger_of",
    "lesion_arguments",
    "merge",
    "missing",
    "study_of",
    "suspected_findings",
    "timing",
    "unheard",
    "weigh",
]

# How many similar cases are asked for.
_CASES = 3
Context = Runtime[RunContext]
Update = dict[str, Any]


def study_of(state: RunState) -> Study:
    """The run's study."""
    return Study.model_validate(state["study"])


def suspected_findings(items: Sequence[Evidence]) -> tuple[str, ...]:
    """The labels that the weigher holds to be present, in its order, without that of the normal film."""
    return tuple(
        name
        for name, item in Record(items).weighings.items()
        if item.polarity is Polarity.PRESENT and name != NO_FINDING
    )


def case_arguments(findings: Sequence[str], study: Study) -> dict[str, Any]:
    """What a case memory is asked with; written cases may stand beside a film that no person was imaged for."""
    return {
        "findings": list(findings),
        "patient": study.patient.model_dump(mode="json"),
        "limit": _CASES,
        "synthetic": study.synthetic,
    }


def film_arguments(image: Image) -> dict[str, Any]:
    """How a specialist is told of a film."""
    return {"image": image.handle, "details": image.model_dump(mode="json")}


def lesion_arguments(
    image: Image, finding: str = "", side: str | None = None, region: str | None = None
) -> dict[str, Any]:
    """What a lesion server is asked with: the whole film for anything, unless that is narrowed.

    The places are always told here, by the locator that places the heat maps, too: so that one anatomy places both.
    """
    return {**film_arguments(image), "finding": finding, "side": side, "region": region, "regions": False}


def missing(specialist: str, role: Role | str, problem: Problem) -> dict[str, Any]:
    """An entry of the state's `missing`."""
    return Missing(specialist=specialist, role=str(role), problem=problem).model_dump(mode="json")


def timing(player: Player, seconds: float) -> dict[str, Any]:
    """An entry of the state's `timings`."""
    return Timing(step=f"{player.role.value}:{player.specialist}", seconds=seconds).model_dump()


def ledger_of(state: RunState) -> Ledger:
    """The ledger as the state holds it."""
    return Ledger(tuple(Evidence.model_validate(item) for item in state.get("ledger", [])))


def dump(ledger: Ledger) -> list[dict[str, Any]]:
    """The ledger as the state is to hold it."""
    return [item.model_dump(mode="json") for item in ledger.items]


def enter(
    ledger: Ledger, study: Study, runtime: Context, player: Player, items: Sequence[Evidence]
) -> list[dict[str, Any]]:
    """Appends a report on the study's film; returns what is missing if the ledger refuses it.

    Items on a phantom are marked synthetic, whatever their specialist knew of it.
    """
    marked = [item.model_copy(update={"synthetic": True}) for item in items] if study.synthetic else items
    trusted = player.specialist in runtime.context.calibrated
    problem = ledger.append(player.specialist, marked, study.images[0].film.digest, trusted_calibration=trusted)
    return [missing(player.specialist, player.role, problem)] if problem else []


def enter_read(ledger: Ledger, study: Study, runtime: Context, player: Player, items: Sequence[Evidence]) -> Update:
    """Enters what a reader of the film reported, its surest lesions alone; gives `missing` and `warnings`."""
    kept, left = surest(items)
    gone = (
        f"'{player.specialist}' outlined more lesions, less sure than those in the evidence and not taken in: {left}."
    )
    return {"missing": enter(ledger, study, runtime, player, kept), "warnings": [gone] if left else []}


def unheard(player: Player, problem: Problem) -> Update:
    """What a reader's problem comes to: it is missing; but a lesion server without a model is told in a warning.

    Lesions add place and size to what detectors find. A house that has no lesion model lacks nothing of a diagnosis, as
    one without a lesion server lacks nothing; one whose lesion server is dead or slow lacks what it is used to.
    """
    if player.role is Role.LESIONS and problem.code is ProblemCode.NOT_FOUND:
        return {"missing": [], "warnings": [f"Lesions were not looked for by '{player.specialist}': {problem}"]}
    return {"missing": [missing(player.specialist, player.role, problem)], "warnings": []}


def merge(update: Update, more: Update) -> None:
    """Adds to each list of the one what the other has under that name."""
    for key, values in more.items():
        update[key] += values


async def weigh(ledger: Ledger, state: Mapping[str, Any], runtime: Context) -> Update:
    """Has all findings and their places weighed, and enters the beliefs; gives `missing`, `timings`, `warnings`.

    Evidence that stands in the ledger twice is weighed once. Outlined lesions and their places are not weighed: at
    about one false alarm a film a lesion says little of whether a finding is there, and no likelihood ratio is fitted.
    """
    study = Study.model_validate(state["study"])
    again = {twin.id for _, twin in twins(ledger.items)}
    record = Record(ledger.items)
    weighed = [
        item
        for item in ledger.items
        # With what came twice goes what was derived from it, such as its place.
        if item.kind in (EvidenceKind.FINDING, EvidenceKind.LOCATION)
        and again.isdisjoint((item.id, *item.derived_from))
        and record.lesion(item) is None
    ]
    arguments = {
        "items": [item.model_dump(mode="json") for item in weighed],
        "patient": study.patient.model_dump(mode="json"),
        "view": state.get("view", study.images[0].view.value),
    }
    update: Update = {"missing": [], "timings": [], "warnings": []}
    if again:
        update["warnings"].append(f"The same evidence came twice and was counted once: {', '.join(sorted(again))}.")
    priors = state.get("priors")
    if priors:
        arguments["priors"] = priors
    findings = any(item.kind is EvidenceKind.FINDING for item in weighed)
    for player in runtime.context.players[Role.WEIGH][:1] if findings else ():
        if priors and "priors" not in player.accepts:
            update["warnings"].append(
                f"The weigher '{player.specialist}' takes no site priors: those of [priors] were not used."
            )
        asked: Asked[Weighing] = await ask(player, arguments, Weighing)
        update["timings"].append(timing(player, asked.seconds))
        if asked.report is not None:
            items = [weighing_item(belief, asked.report) for belief in asked.report.beliefs]
            update["missing"] += enter(ledger, study, runtime, player, items)
        elif asked.problem is not None:
            update["missing"].append(missing(player.specialist, Role.WEIGH, asked.problem))
    return update

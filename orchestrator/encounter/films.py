"""A film of the encounter goes through the diagnosis graph, and its verified claims become facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wardround.contracts.codes import finding_codes
from wardround.contracts.decision import Stage
from wardround.contracts.diagnosis import Claim, Diagnosis, Missing, Status, Verdict
from wardround.contracts.encounter import Fact, FactKind, OrderResult
from wardround.contracts.errors import Problem, WardroundError
from wardround.contracts.evidence import Polarity
from wardround.contracts.study import Study
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.state import EncounterContext, EncounterState

__all__ = ["film_facts", "unread"]

_CITED = re.compile(r"\s*\[E\d+(?:, E\d+)*\]")
# Of the measurements this one is read in a report; the others serve the film's own evidence.
_MEASURED = frozenset({"cardiothoracic ratio"})


async def film_facts(
    state: EncounterState, result: OrderResult, context: EncounterContext, book: Notebook
) -> tuple[tuple[Fact, ...], list[dict[str, Any]]]:
    """What the films that an order brought show, entered into the notebook; and what kept one from being read."""
    facts: list[Fact] = []
    problems: list[dict[str, Any]] = []
    for number, image in enumerate(result.images, start=1):
        run_id = f"run_{state['encounter_id']}_{result.order_id}_{number}"
        try:
            read = await context.read_film(Study.model_validate(state["films"][image.file]), run_id)
        except WardroundError as error:
            problems.append(unread(error.problem))
            continue
        if read.status is Status.REFUSED:
            assert read.refusal is not None
            problems.append(unread(read.refusal))
            continue
        facts += book.add_all(_facts(read, Stage(state["stage"])))
    return tuple(facts), problems


def unread(problem: Problem) -> dict[str, Any]:
    """What is missing of the encounter's result where a film could not be opened or read."""
    return Missing(specialist="film", role="read", problem=problem).model_dump(mode="json")


def _facts(read: Diagnosis, stage: Stage) -> Iterator[Fact]:
    for conclusion in read.conclusions:
        for claim in conclusion.claims:
            if claim.verdict in (Verdict.SUPPORTED, Verdict.REPAIRED) and _tells(claim):
                yield Fact(
                    id="",
                    kind=FactKind.FILM,
                    stage=stage,
                    name=claim.subject,
                    text=_CITED.sub("", claim.text).strip(),
                    weight=claim.confidence,
                    calibrated=claim.calibrated,
                    ref=f"{read.run_id}/{claim.id}",
                    source=f"diagnosis of the film ({read.reasoner})" if read.reasoner else "diagnosis of the film",
                    version=read.wardround_version,
                    synthetic=read.synthetic,
                )


def _tells(claim: Claim) -> bool:
    coded = claim.subject in finding_codes() and claim.polarity is not Polarity.UNCERTAIN
    return coded or claim.subject in _MEASURED

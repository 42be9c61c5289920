"""Case memory as an encounter uses it: similar cases are asked for, and a finished encounter is kept as one."""

from __future__ import annotations

from pydantic import ValidationError

from wardround.contracts.case import MAX_CASE_CHARS, Case, CaseMatches, CaseQuery, CaseTrust, Remembered
from wardround.contracts.clinic import Treatment, Urgency, term_named
from wardround.contracts.decision import Decision, Stage
from wardround.contracts.diagnosis import Missing
from wardround.contracts.encounter import Encounter, FactKind
from wardround.contracts.errors import Problem, ProblemCode, WardroundError
from wardround.contracts.roles import Role
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.query import case_query
from wardround.orchestrator.encounter.state import EncounterOptions

__all__ = ["case_of", "recalled", "remembered"]

_ABSENT = Problem(
    code=ProblemCode.SPECIALIST_DOWN,
    message="No specialist remembers cases.",
    hint="Enable [specialists.cases], or look at 'wardround doctor'.",
)


async def recalled(house: Diagnoser, query: CaseQuery) -> tuple[CaseMatches | None, Problem | None]:
    """Similar cases from whoever plays the role first, or why there are none."""
    players, silent = await house.directory.players()
    if not players[Role.RECALL]:
        return None, silent[0].problem if silent else _ABSENT
    player = players[Role.RECALL][0]
    try:
        result = await player.call({"query": query.model_dump(mode="json")})
        return CaseMatches.model_validate(result.structured_content), None
    except WardroundError as error:
        return None, error.problem
    except ValidationError:
        problem = Problem(
            code=ProblemCode.WRONG_SHAPE, message=f"The case memory '{player.specialist}' answered in a wrong shape."
        )
        return None, problem


def case_of(result: Encounter) -> Case:
    """A finished encounter as a record of the lowest trust, under an id of its own that a second keeping replaces."""
    book = Notebook(result.facts, result.decisions, result.opening)
    known = case_query(book, Stage.TREATMENT, EncounterOptions()).model_dump(
        include={*CaseQuery.model_fields} & {*Case.model_fields}
    )
    referral, diagnosis, treatment = (
        result.decision(stage) for stage in (Stage.REFERRAL, Stage.DIAGNOSIS, Stage.TREATMENT)
    )
    return Case.model_validate(
        {
            **known,
            "image_report": " ".join(fact.text for fact in book.of_kind(FactKind.REPORT))[:MAX_CASE_CHARS],
            "diagnoses": _chosen(diagnosis),
            "treatments": tuple(one for one in _chosen(treatment) if term_named(Treatment, one) is not None),
            "sub_departments": referral.sub_departments if referral is not None else (),
            "urgency": Urgency(referral.urgency) if referral is not None and referral.urgency else None,
            "case_id": f"enc:{result.encounter_id}",
            "trust": CaseTrust.FINISHED_HERE,
            "provenance": f"finished by Wardround in the mode '{result.mode.value}'; its decisions were not confirmed",
            "licence": "as the encounter's own record",
            "synthetic": result.synthetic,
        }
    )


def _chosen(decision: Decision | None) -> tuple[str, ...]:
    return decision.chosen if decision is not None else ()


async def remembered(house: Diagnoser, result: Encounter) -> Encounter:
    """The encounter, kept in case memory; where that fails, it says so and is otherwise as good."""
    players, _ = await house.directory.players()
    problem: Problem | None = None if players[Role.REMEMBER] else _ABSENT
    for player in players[Role.REMEMBER][:1]:
        try:
            answer = await player.call({"case": case_of(result).model_dump(mode="json")})
            Remembered.model_validate(answer.structured_content)
        except WardroundError as error:
            problem = error.problem
        except ValidationError:
            problem = Problem(code=ProblemCode.WRONG_SHAPE, message="The finished case could not be kept.")
    if problem is None:
        return result
    missing = Missing(specialist="case memory", role=Role.REMEMBER.value, problem=problem)
    return result.model_copy(update={"missing": (*result.missing, missing)})

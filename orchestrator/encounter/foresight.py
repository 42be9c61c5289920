"""Before the treatment is decided: the survival estimate that the opening asks for becomes a fact to be cited."""

from __future__ import annotations

from pydantic import ValidationError

from wardround.contracts.decision import Stage
from wardround.contracts.diagnosis import Missing
from wardround.contracts.encounter import Fact, FactKind, Opening
from wardround.contracts.errors import Problem, ProblemCode, WardroundError
from wardround.contracts.roles import Role
from wardround.contracts.survival import SurvivalEstimate, SurvivalQuestion
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.encounter.notebook import Notebook
from wardround.orchestrator.encounter.state import EncounterState
from wardround.orchestrator.encounter.steps import Context, Update
from wardround.orchestrator.prognosis import ABSENT, estimate_line, survival_arguments

__all__ = ["foresee", "foreseen", "wants_foresight"]


def wants_foresight(state: EncounterState) -> bool:
    """Whether an estimate was asked for, the treatment is next, and none has been tried."""
    at_treatment = state["stage"] == Stage.TREATMENT.value
    return at_treatment and bool(state["opening"].get("survival")) and not state.get("foreseen", False)


async def foresee(state: EncounterState, runtime: Context) -> Update:
    """Asks for the estimate once; without one the treatment is decided all the same, and what is missing is told."""
    question = Opening.model_validate(state["opening"]).survival
    assert question is not None
    estimate, problem = await runtime.context.foresee(question)
    if estimate is None:
        assert problem is not None
        told = Missing(specialist="survival", role=Role.SURVIVE.value, problem=problem).model_dump(mode="json")
        return {"foreseen": True, "missing": [*state.get("missing", []), told]}
    book = Notebook.of(state)
    book.add(_fact(estimate))
    return {"foreseen": True, "facts": book.dump(), "prognosis": estimate.model_dump(mode="json")}


async def foreseen(house: Diagnoser, question: SurvivalQuestion) -> tuple[SurvivalEstimate | None, Problem | None]:
    """An estimate from whoever plays the role first, or why there is none."""
    players, silent = await house.directory.players()
    if not players[Role.SURVIVE]:
        return None, silent[0].problem if silent else ABSENT
    player = players[Role.SURVIVE][0]
    try:
        result = await player.call(survival_arguments(question))
        return SurvivalEstimate.model_validate(result.structured_content), None
    except WardroundError as error:
        return None, error.problem
    except ValidationError:
        return None, Problem(
            code=ProblemCode.WRONG_SHAPE,
            message=f"The survival specialist '{player.specialist}' answered in a wrong shape.",
        )


def _fact(estimate: SurvivalEstimate) -> Fact:
    return Fact(
        id="",
        kind=FactKind.PROGNOSIS,
        stage=Stage.TREATMENT,
        name=f"survival without {estimate.cohort.endpoint}" if estimate.cohort.endpoint else "survival",
        text=" ".join([estimate_line(estimate), *estimate.warnings])[:4000],
        calibrated=estimate.calibrated,
        ref=estimate.cohort.name,
        source=estimate.model,
        version=estimate.version,
    )

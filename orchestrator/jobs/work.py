"""What a job is to do, as it is kept with the job: all that is needed to begin it, however often that happens."""

from __future__ import annotations

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.study import Study
from wardround.contracts.survival import SurvivalQuestion
from wardround.orchestrator.encounter.store import EncounterSetup

__all__ = ["DiagnosisWork", "EncounterWork"]


class DiagnosisWork(Word):
    """A diagnosis; see `Diagnoser.diagnose`."""

    study: Study
    history: str = ""
    prior: Study | None = None
    prior_report: str = ""
    answer_share: float | None = None
    strategy: StrategyName | None = None
    survival: SurvivalQuestion | None = None


class EncounterWork(Word):
    """An encounter; `films` are studies by the name that the case gives them."""

    setup: EncounterSetup
    films: dict[str, Study] = Field(default_factory=dict)
    budget: float | None = None

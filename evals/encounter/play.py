"""Plays the encounters of a set of cases in one mode, each against a memory of all the others, and scores them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wardround.agents.cases.embedders import open_embedder
from wardround.agents.cases.loaders.own import own_cases, write_own_cases
from wardround.agents.cases.loaders.reader import read_cases
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import Case
from wardround.contracts.clinic import exam_named
from wardround.contracts.decision import Decision, Move, Stage
from wardround.contracts.encounter import Encounter, EncounterMode, FactKind
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.encounter.aggregate import EncounterFigures, summarise
from wardround.evals.encounter.scores import score, score_decisions
from wardround.orchestrator.composition import open_encounters
from wardround.orchestrator.config import Configuration
from wardround.orchestrator.encounter.encounters import Encounters
from wardround.orchestrator.encounter.store import Speaker

__all__ = ["OWN", "CaseSet", "Played", "oracle_of", "play", "read_set", "scored"]

OWN = "own"
_LABELS = Path(__file__).parents[1] / "labels" / "agentclinic.csv"
_FORMS = frozenset({".json", ".jsonl", ".csv"})


@dataclass(frozen=True)
class CaseSet:
    """Cases to play, where each one's films are, and the records that memory holds beside them."""

    cases: tuple[Case, ...]
    films: Mapping[str, Mapping[str, Path]]
    memory: tuple[Case, ...]


@dataclass(frozen=True)
class Played:
    """One case's encounters: end to end, and where it was asked for with the truth fed to every stage."""

    case: Case
    encounter: Encounter
    fed: Encounter | None = None


def read_set(source: str, folder: Path, limit: int | None = None) -> CaseSet:
    """The cases of a folder or file, or 'own' for those of this package, whose phantom films are made in `folder`.

    Cases without a department are memory only: there is nothing to score a referral by. AgentClinic's get the labels
    that come with this package. The own cases are always in memory.

    Raises:
        CallerError: NOT_FOUND, there is no such folder, or no case with a department in it.
    """
    path = folder if source == OWN else Path(source).expanduser()
    if source == OWN:
        write_own_cases(folder)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = [(case, file) for file in files if file.suffix in _FORMS for case in _read(file)]
    played = [(case, file) for case, file in found if case.department][:limit]
    if not played:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"No case with a department was found in '{path.name}'.",
            f"Give a folder with case files ({', '.join(sorted(_FORMS))}), or '{OWN}'.",
        )
    memory = {case.case_id: case for case in (*own_cases(), *(case for case, _ in found))}
    return CaseSet(
        cases=tuple(case for case, _ in played),
        films={case.case_id: {image.file: file.parent / image.file for image in case.images} for case, file in played},
        memory=tuple(memory.values()),
    )


def _read(file: Path) -> tuple[Case, ...]:
    try:
        return read_cases(file, _LABELS)
    except CallerError as error:
        if error.problem.code is not ProblemCode.BAD_ARGUMENT:
            raise
    return read_cases(file)


def oracle_of(case: Case) -> dict[Stage, Decision]:
    """The record's own decisions, which later stages are fed to measure what is lost on the way."""
    chosen: dict[Stage, tuple[str, ...]] = {
        Stage.REFERRAL: (case.department,) if case.department else (),
        Stage.HISTORY: tuple(name for name in case.exams if exam_named(name) is not None),
        Stage.EXAMINATION: (case.image_report,) if case.image_report else (),
        Stage.DIAGNOSIS: case.diagnoses,
        Stage.TREATMENT: tuple(case.treatments),
    }
    return {
        stage: Decision(
            stage=stage,
            move=Move.COMMIT,
            chosen=words,
            sub_departments=case.sub_departments if stage is Stage.REFERRAL else (),
            source="oracle",
        )
        for stage, words in chosen.items()
        if words
    }


async def play(
    configuration: Configuration,
    cases: CaseSet,
    mode: EncounterMode,
    *,
    fed: bool = True,
    patient: Speaker = "record",
    tick: Callable[[], None] = lambda: None,
) -> list[Played]:
    """All encounters of the set, one after the other. Red flags are noted and do not end an encounter here, nothing is
    remembered, and no case is in its own memory, nor one that tells nearly the same.

    Args:
        configuration: its home is not touched: memory and records are in a temporary one.
        fed: also play each case with the true decisions fed to the stages after them.
        tick: called after each case.
    """
    played = []
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        told = {name: value for name, value in os.environ.items() if name != "WARDROUND_CASES_FILE"}
        settings = CaseSettings.from_environment({**told, "WARDROUND_HOME": str(home)})
        with CaseStore.opened(settings.file, open_embedder(settings)) as store:
            store.add(cases.memory)
        own = configuration.model_copy(update={"home": home, "store": home / "store"})
        async with open_encounters(own, None) as encounters:
            for case in cases.cases:
                whole = await _one(encounters, case, cases.films[case.case_id], mode, patient, {})
                oracle = oracle_of(case)
                again = await _one(encounters, case, cases.films[case.case_id], mode, patient, oracle) if fed else None
                played.append(Played(case, whole, again))
                tick()
    return played


async def _one(
    encounters: Encounters,
    case: Case,
    films: Mapping[str, Path],
    mode: EncounterMode,
    patient: Speaker,
    oracle: Mapping[Stage, Decision],
) -> Encounter:
    bounds: dict[str, Any] = {"red_flags": "note", **({"max_reopenings": 0} if oracle else {})}
    setup = await encounters.setup_for(case, mode=mode, patient=patient, remember=False, **bounds)
    return await encounters.begin(setup, films=films, oracle=oracle)


def scored(played: Sequence[Played]) -> EncounterFigures:
    """The score table of what was played; its notes name what found the similar cases."""
    scores = [score(one.encounter, one.case) for one in played]
    fed = {one.case.case_id: score_decisions(one.fed.decisions, one.case) for one in played if one.fed is not None}
    figures = summarise(scores, [one.case for one in played], oracle=fed or None)
    facts = (fact for one in played for fact in one.encounter.facts if fact.kind is FactKind.CASE)
    found = sorted({f"{fact.source.partition(': ')[2]} {fact.version.partition('-')[0]}" for fact in facts})
    return figures.model_copy(update={"warnings": (f"Similar cases were found by {', '.join(found) or 'nobody'}.",)})

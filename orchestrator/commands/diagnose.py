"""`wardround diagnose FILE…`: reads chest films and says, with citations, what the models make of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.errors import WardroundError
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.study import Patient, Sex, told_patient
from wardround.contracts.survival import SurvivalQuestion
from wardround.contracts.survival_file import told_survival
from wardround.orchestrator.cli import EXIT_FAULT, EXIT_PARTIAL, EXIT_REFUSED
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import data, talk

if TYPE_CHECKING:
    from wardround.orchestrator.diagnose import Diagnoser

__all__ = ["diagnose"]


def diagnose(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Chest films: DICOM, PNG or JPEG; one study each.")
    ],
    age: Annotated[int | None, typer.Option(min=0, max=120, help="Years; overrides the file's.")] = None,
    sex: Annotated[Sex | None, typer.Option(help="Overrides the file's.")] = None,
    history: Annotated[str, typer.Option(help="Clinical history; leave identifiers out.")] = "",
    answer_share: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            max=1.0,
            help="Share of films to answer where a calibrated detector can tell; the others are deferred to a person. "
            "Overrides [selective] coverage; 1 defers nothing.",
        ),
    ] = None,
    prior: Annotated[
        str | None, typer.Option(metavar="FILE", help="An earlier film of the same patient, to compare with.")
    ] = None,
    prior_report: Annotated[
        str, typer.Option(help="Text of an earlier report; read into typed cues, never obeyed.")
    ] = "",
    survival: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="The patient as a survival model reads it ('survival template')."),
    ] = None,
    survival_model: Annotated[
        str, typer.Option(metavar="MODEL", help="Which model; needed where there are several.")
    ] = "",
    strategy: Annotated[
        StrategyName | None,
        typer.Option(help="How the configured language model reasons; 'none' leaves it out. Overrides [reasoner]."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON (a list for several files).")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML report (one file only).")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Diagnose chest films; every claim cites evidence that a program has checked. Not for clinical use.

    Example: wardround diagnose film.dcm --age 61 --sex F --report film.html
    """
    if report is not None and len(files) > 1:
        raise typer.BadParameter("--report takes one file; give the files one at a time.")
    if prior is not None and len(files) > 1:
        raise typer.BadParameter("--prior takes one file; give the files one at a time.")
    asked = _Asked(
        told_patient(age, sex),
        history,
        answer_share,
        prior,
        prior_report,
        strategy,
        told_survival(survival, survival_model),
    )
    outcomes = asyncio.run(_all(files, asked, config, report, not json_))
    if json_:
        entries = [_as_json(outcome) for outcome in outcomes]
        typer.echo(json.dumps(entries if len(files) > 1 else entries[0], ensure_ascii=False, indent=2))
    raise typer.Exit(_exit_code(outcomes))


class _Asked(NamedTuple):
    """What holds for every file of one call."""

    patient: Patient | None
    history: str
    answer_share: float | None
    prior: str | None
    prior_report: str
    strategy: StrategyName | None
    survival: SurvivalQuestion | None


async def _all(
    files: Sequence[str], asked: _Asked, config: Path | None, report: Path | None, show: bool
) -> list[Diagnosis | WardroundError]:
    from wardround.orchestrator.composition import open_house
    from wardround.orchestrator.report import write_report
    from wardround.orchestrator.terminal import result_table

    outcomes: list[Diagnosis | WardroundError] = []
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=talk(), transient=True
    ) as bar:
        task = bar.add_task("connecting")
        # The shell's own user may read whatever the system lets them read, hence no list of allowed folders here.
        async with open_house(load_configuration(config), None) as house:
            for number, file in enumerate(files, start=1):
                prefix = f"[{number}/{len(files)}] " if len(files) > 1 else ""
                try:
                    outcome = await _one(house, file, asked, prefix, bar, task)
                except WardroundError as error:
                    outcomes.append(error)
                    talk().print(f"{Path(file).name}: {error.problem.code.value}: {error.problem}", markup=False)
                    continue
                outcomes.append(outcome)
                if show:
                    data().print(result_table(outcome))
                if report is not None:
                    await write_report(house, outcome, report)
                    talk().print(f"report: {report}", markup=False, soft_wrap=True)
    return outcomes


async def _one(house: Diagnoser, file: str, asked: _Asked, prefix: str, bar: Progress, task: Any) -> Diagnosis:
    async def listen(event: Mapping[str, Any]) -> None:
        bar.update(task, description=f"{prefix}{event['role']}: {event['specialist']}")

    bar.update(task, description=f"{prefix}opening {Path(file).name}")
    study = await house.open_study([file], asked.patient)
    earlier = await house.open_study([asked.prior], asked.patient) if asked.prior is not None else None
    return await house.diagnose(
        study,
        asked.history,
        listener=listen,
        answer_share=asked.answer_share,
        strategy=asked.strategy,
        prior=earlier,
        prior_report=asked.prior_report,
        survival=asked.survival,
    )


def _as_json(outcome: Diagnosis | WardroundError) -> dict[str, Any]:
    if isinstance(outcome, Diagnosis):
        return outcome.model_dump(mode="json")
    return {"status": Status.REFUSED.value, "refusal": outcome.problem.model_dump(mode="json"), "notice": NOTICE}


def _exit_code(outcomes: Sequence[Diagnosis | WardroundError]) -> int:
    errors = [one for one in outcomes if isinstance(one, WardroundError)]
    results = [one for one in outcomes if isinstance(one, Diagnosis)]
    if any(error.problem.is_fault for error in errors):
        return EXIT_FAULT
    if errors or any(result.status is Status.REFUSED for result in results):
        return EXIT_REFUSED
    return EXIT_PARTIAL if any(result.status is Status.PARTIAL for result in results) else 0

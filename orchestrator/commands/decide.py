"""`wardround decide CASE`: plays an encounter in five stages, against a case's record or with a person at the shell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.prompt import Prompt

from wardround.contracts.encounter import Encounter, EncounterMode, EncounterStatus
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.printable import printable
from wardround.contracts.survival import SurvivalQuestion
from wardround.contracts.survival_file import told_survival
from wardround.orchestrator.cli import EXIT_PARTIAL
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import data, talk

if TYPE_CHECKING:
    from wardround.orchestrator.encounter.encounters import Encounters

__all__ = ["decide"]


def decide(
    file: Annotated[Path | None, typer.Argument(metavar="CASE", help="A case file; its films lie beside it.")] = None,
    case: Annotated[str, typer.Option(help="Only this case of the file.")] = "",
    mode: Annotated[EncounterMode | None, typer.Option(help="Who decides; 'cases' needs no language model.")] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="You answer for the patient; results come from the record.")
    ] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The configured language model speaks for the patient.")
    ] = False,
    budget: Annotated[float | None, typer.Option(min=0, help="What orders may cost in all.")] = None,
    survival: Annotated[
        Path | None,
        typer.Option(
            metavar="JSON", help="The patient as a survival model reads it; cited where treatment is decided."
        ),
    ] = None,
    survival_model: Annotated[
        str, typer.Option(metavar="MODEL", help="Which model; needed where there are several.")
    ] = "",
    note_flags: Annotated[
        bool, typer.Option("--note-flags", help="Record red flags and go on, where they would escalate.")
    ] = False,
    remember: Annotated[
        bool | None, typer.Option("--remember/--no-remember", help="Keep a finished encounter in case memory.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with an encounter that was interrupted.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page (one case only).")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON (a list for several cases).")] = False,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Decide a case in five stages: referral, history, examination, diagnosis, treatment. Not for clinical use.

    Example: wardround decide cases/chest-pain.json --mode cases --budget 2000
    """
    if (file is None) == (resume is None):
        raise typer.BadParameter("give a case file, or --resume with the id of an encounter.")
    if interactive and simulated:
        raise typer.BadParameter("--interactive and --simulated exclude each other.")
    asked = _Asked(
        case, mode, "person" if interactive else "model" if simulated else "record", budget, note_flags, remember
    )
    asked.survival = told_survival(survival, survival_model)
    results = asyncio.run(_all(file, resume, asked, config, report, not json_))
    if json_:
        entries = [result.model_dump(mode="json") for result in results]
        typer.echo(json.dumps(entries if len(entries) > 1 else entries[0], ensure_ascii=False, indent=2))
    if any(result.status is EncounterStatus.WAITING for result in results):
        raise typer.Exit(EXIT_PARTIAL)


class _Asked:
    """What holds for every case of one call."""

    def __init__(
        self,
        case: str,
        mode: EncounterMode | None,
        patient: Any,
        budget: float | None,
        note: bool,
        remember: bool | None,
    ) -> None:
        self.case = case
        self.mode = mode
        self.patient = patient
        self.budget = budget
        self.bounds = {"red_flags": "note"} if note else {}
        self.remember = remember
        self.survival: SurvivalQuestion | None = None


async def _all(
    file: Path | None, resume: str | None, asked: _Asked, config: Path | None, report: Path | None, show: bool
) -> Sequence[Encounter]:
    from wardround.orchestrator.composition import open_encounters
    from wardround.orchestrator.encounter.casefile import films_beside, read_case_file
    from wardround.orchestrator.encounter.page.page import write_page
    from wardround.orchestrator.encounter.terminal import encounter_view

    results: list[Encounter] = []
    async with open_encounters(load_configuration(config), None) as encounters:
        if resume is not None:
            results.append(await _played(encounters, await encounters.resume(resume, listener=_tell)))
        if file is not None:
            for one in await read_case_file(encounters.house, file.expanduser().resolve(), asked.case):
                setup = await encounters.setup_for(
                    one,
                    mode=asked.mode,
                    patient=asked.patient,
                    remember=asked.remember,
                    survival=asked.survival,
                    **asked.bounds,
                )
                begun = await encounters.begin(
                    setup, films=films_beside(one, file.resolve()), budget=asked.budget, listener=_tell
                )
                results.append(await _played(encounters, begun))
        if show:
            for result in results:
                data().print(encounter_view(result))
        if report is not None:
            await write_page(_only(results), report)
            talk().print(f"report: {report}", markup=False, soft_wrap=True)
    return results


def _only(results: Sequence[Encounter]) -> Encounter:
    if len(results) > 1:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"--report takes one case; {len(results)} were played, and are kept.",
            "Name one with --case.",
        )
    return results[0]


async def _tell(event: Mapping[str, Any]) -> None:
    if event.get("message"):
        talk().print(printable(f"{event['role']}: {event['message']}"), markup=False, highlight=False, soft_wrap=True)


async def _played(encounters: Encounters, result: Encounter) -> Encounter:
    """Puts each open question at the shell until the encounter ends, or nobody is there to answer."""
    from wardround.orchestrator.encounter.summary import question_text

    while result.status is EncounterStatus.WAITING:
        open_ = result.open_question or result.open_order
        assert open_ is not None
        talk().print(printable(f"[{open_.id}] {question_text(result)}"), markup=False, soft_wrap=True)
        try:
            words = await asyncio.to_thread(Prompt.ask, "answer", console=talk())
        except EOFError:
            talk().print(f"Nobody answers. Go on with: wardround decide --resume {result.encounter_id}", markup=False)
            return result
        result = await encounters.answer(result.encounter_id, open_.id, words, listener=_tell)
    return result

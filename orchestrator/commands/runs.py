"""`wardround runs`: lists finished runs, shows one, finishes one, and writes one for clinicians' systems."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.exports import BoundBy, Exported, ExportFormat
from wardround.contracts.roles import Role
from wardround.orchestrator.config import Configuration, load_configuration
from wardround.orchestrator.console import data, talk

if TYPE_CHECKING:
    from wardround.orchestrator.runs import RunSummary

__all__ = ["app"]

app = typer.Typer(help="Finished runs.", no_args_is_help=True)
_BOUND = {
    BoundBy.SOURCE: "bound to the study of the source; it names whom the source names",
    BoundBy.MAP: "bound to the original study; it names whom the film's file named",
    BoundBy.NOTHING: "no original identifiers are known; it names neither patient nor study",
}


async def _summaries(limit: int) -> tuple[RunSummary, ...]:
    from wardround.orchestrator.runs import RunStore

    async with RunStore.opened(load_configuration().home / "runs.db") as store:
        return await store.summaries(limit)


async def _resume(run_id: str) -> Diagnosis:
    from wardround.orchestrator.composition import open_house

    async with open_house(load_configuration(), None) as house:
        return await house.resume(run_id)


async def _load(run_id: str) -> Diagnosis:
    from wardround.orchestrator.runs import RunStore

    async with RunStore.opened(load_configuration().home / "runs.db") as store:
        return await store.load(run_id)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 50,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the last runs, newest first."""
    rows = asyncio.run(_summaries(limit))
    if json_:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows], indent=2))
        return
    table = Table("run", "when", "status", "abstained", "synthetic")
    for row in rows:
        table.add_row(row.run_id, row.created_at, row.status, str(row.abstained), str(row.synthetic))
    data().print(table)


async def _record(run_id: str) -> dict[str, Any]:
    from wardround.orchestrator.runs import RunStore

    async with RunStore.opened(load_configuration().home / "runs.db") as store:
        setup, entries = await store.tape(run_id)
        calls = await store.calls(run_id)
    return {
        "run_id": run_id,
        "setup": setup.model_dump(mode="json"),
        "tape": [entry.model_dump(mode="json") for entry in entries],
        "reasoner_calls": calls,
        "notice": NOTICE,
    }


@app.command("show")
def show(
    run_id: Annotated[str, typer.Argument(help="As 'runs list' prints it.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the whole result as JSON.")] = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Print as JSON what the run was made of: settings, prompts' digests, every answer of a tool or model.",
        ),
    ] = False,
) -> None:
    """Show one run."""
    from wardround.orchestrator.terminal import result_table

    if record:
        typer.echo(json.dumps(asyncio.run(_record(run_id)), ensure_ascii=False, indent=2))
        return
    result = asyncio.run(_load(run_id))
    if json_:
        typer.echo(result.model_dump_json(indent=2))
    else:
        data().print(result_table(result))


def _without_models(configuration: Configuration) -> Configuration:
    """The house with nobody but who exports, so that nobody waits for models that are not asked."""
    exporting = {
        name: one
        for name, one in configuration.specialists.items()
        if one.enabled and (name == "intake" or Role.EXPORT in one.roles)
    }
    return configuration.model_copy(update={"specialists": exporting}) if exporting else configuration


async def _export(run_id: str, format: ExportFormat, source: str | None) -> tuple[bytes, Exported]:
    from wardround.orchestrator.composition import open_house
    from wardround.orchestrator.exports import export

    async with open_house(_without_models(load_configuration()), None) as house:
        return await export(house, await house.runs.load(run_id), format, source=source)


def _write(data: bytes, out: Path) -> None:
    """A new file that is its owner's alone, whole or not at all; what is there is not written over.

    Raises:
        CallerError: BAD_ARGUMENT, the file is there, or cannot be written.
    """
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError:
            out.unlink()
            raise
    except OSError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{out.name}' cannot be written: {error.strerror}.",
            "Name a new file in a folder that exists and may be written.",
        ) from error


@app.command("export")
def export_(
    run_id: Annotated[str, typer.Argument(help="As 'runs list' prints it.")],
    format: Annotated[
        ExportFormat, typer.Option("--format", help="sr: DICOM SR, TID 1500; fhir: a FHIR R4B Bundle as JSON.")
    ],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A new file, readable by you alone.")],
    source: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The film's DICOM file, where the intake's map does not know the film."),
    ] = None,
) -> None:
    """Write a run for clinicians' systems, bound to the original study. The file may name the patient.

    Example: wardround runs export RUN --format sr -o findings.dcm
    """
    if out.exists():
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{out.name}' is there already, and is not written over.", "Name a new file."
        )
    file, told = asyncio.run(_export(run_id, format, source))
    _write(file, out)
    talk().print(f"{out.name}: {_BOUND[told.bound_by]}. {told.notice}", markup=False, soft_wrap=True)


@app.command("resume")
def resume(
    run_id: Annotated[str, typer.Argument(help="A run whose process ended before it was finished.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the whole result as JSON.")] = False,
) -> None:
    """Finish an interrupted run from its last checkpoint."""
    from wardround.orchestrator.terminal import result_table

    result = asyncio.run(_resume(run_id))
    if json_:
        typer.echo(result.model_dump_json(indent=2))
    else:
        data().print(result_table(result))

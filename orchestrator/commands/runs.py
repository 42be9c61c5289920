"""`wardround runs`: lists finished runs, and shows one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import data

if TYPE_CHECKING:
    from wardround.orchestrator.runs import RunSummary

__all__ = ["app"]

app = typer.Typer(help="Finished runs.", no_args_is_help=True)


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

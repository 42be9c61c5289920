"""`wardround models`: list, pull and verify weights. Data on stdout, talk on stderr."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from wardround.agents.weights.fetch import pull
from wardround.agents.weights.load import is_present, verify
from wardround.agents.weights.registry import entries, shown
from wardround.contracts.base import NOTICE

__all__ = ["app"]

app = typer.Typer(help="Models: what there is, where it comes from, and whether it is what was pinned.")
_AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command("list")
def list_models(as_json: _AsJson = False) -> None:
    """Every model of the registry: task, licence, digest, size, and whether it is here."""
    if as_json:
        rows = [{**model.model_dump(), "present": is_present(model)} for model in entries()]
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table(Column("name", no_wrap=True), "task", "source", "here", "trained on", "licence", caption=NOTICE)
    for model in entries():
        here = "yes" if is_present(model) else "no"
        table.add_row(model.name, model.task, model.source, here, model.training_data, model.licence)
    Console().print(table)


@app.command("pull")
def pull_model(name: Annotated[str, typer.Argument(help="A name from `models list`.")]) -> None:
    """Fetch a published model, convert it to safetensors in a process of its own, and pin its digest."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        path = pull(name, lambda done, total: bar.update(task, completed=done, total=total))
    typer.echo(shown(path))


@app.command("verify")
def verify_models(as_json: _AsJson = False) -> None:
    """Check every file's SHA-256; exit code 1 where one is not what was pinned."""
    checks = verify()
    if as_json:
        typer.echo(json.dumps([check.model_dump() for check in checks], indent=1))
    else:
        table = Table(Column("name", no_wrap=True), "state", "pinned by", "sha256", caption=NOTICE)
        for check in checks:
            table.add_row(check.name, check.state, check.pinned_by, check.sha256[:16])
        Console().print(table)
    if any(check.state in ("mismatch", "unpinned") for check in checks):
        raise typer.Exit(1)

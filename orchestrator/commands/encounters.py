"""`wardround encounters`: lists, shows, answers and forgets encounters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from wardround.contracts.base import NOTICE
from wardround.contracts.encounter import Encounter
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import data, talk

if TYPE_CHECKING:
    from wardround.orchestrator.encounter.encounters import Encounters

__all__ = ["app"]

app = typer.Typer(help="Encounters that were played or wait for an answer. Not for clinical use.", no_args_is_help=True)

_Id = Annotated[str, typer.Argument(metavar="ID", help="As 'encounters list' tells it.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Config = Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")]
_Made = TypeVar("_Made")


def _with(config: Path | None, use: Callable[[Encounters], Awaitable[_Made]]) -> _Made:
    async def used() -> _Made:
        from wardround.orchestrator.composition import open_encounters

        async with open_encounters(load_configuration(config), None) as encounters:
            return await use(encounters)

    return asyncio.run(used())


def _show(encounter: Encounter, as_json: bool) -> None:
    from wardround.orchestrator.encounter.terminal import encounter_view

    if as_json:
        typer.echo(encounter.model_dump_json(indent=2))
    else:
        data().print(encounter_view(encounter))


@app.command(name="list")
def list_(limit: Annotated[int, typer.Option(min=1)] = 20, as_json: _AsJson = False, config: _Config = None) -> None:
    """The last encounters, newest first."""
    found = _with(config, lambda encounters: encounters.store.summaries(limit))
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in found], indent=2))
        return
    table = Table("encounter", "begun", "mode", "status")
    for one in found:
        table.add_row(one.encounter_id, one.created_at, one.mode, one.status)
    data().print(table)
    talk().print(NOTICE, style="dim")


@app.command()
def show(encounter_id: _Id, as_json: _AsJson = False, config: _Config = None) -> None:
    """How one stands, with its open question."""
    _show(_with(config, lambda encounters: encounters.standing(encounter_id)), as_json)


@app.command()
def answer(
    encounter_id: _Id,
    asked: Annotated[str, typer.Argument(metavar="QUESTION", help="Such as Q2, or O5 for a result.")],
    words: Annotated[str, typer.Argument(help="The answer.")],
    as_json: _AsJson = False,
    config: _Config = None,
) -> None:
    """Answer the open question and play on."""
    _show(_with(config, lambda encounters: encounters.answer(encounter_id, asked, words)), as_json)


@app.command()
def forget(encounter_id: _Id, config: _Config = None) -> None:
    """Delete one with all that was said in it, past recovery."""
    _with(config, lambda encounters: encounters.store.forget(encounter_id))
    talk().print(f"{encounter_id} is forgotten.", markup=False)

"""`wardround replay RUN`: makes a finished run again from its tape, without models and network, and compares."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from wardround.contracts.base import NOTICE
from wardround.orchestrator.cli import EXIT_PARTIAL
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import data

if TYPE_CHECKING:
    from wardround.orchestrator.replay import Replayed

__all__ = ["replay"]


async def _replayed(run_id: str) -> Replayed:
    from wardround.orchestrator.replay import replay as again
    from wardround.orchestrator.runs import RunStore

    async with RunStore.opened(load_configuration().home / "runs.db") as store:
        return await again(store, run_id)


def replay(
    run_id: Annotated[str, typer.Argument(help="As 'wardround runs list' prints it.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the comparison and the result as JSON.")] = False,
) -> None:
    """Replay a finished run from its tape and say where it comes out otherwise. Exit code 4 where it does.

    Example: wardround replay run_Qx3…
    """
    replayed = asyncio.run(_replayed(run_id))
    if json_:
        typer.echo(replayed.model_dump_json(indent=2))
    else:
        out = data()
        out.print(
            f"Run {run_id}: the result comes out {'the same, byte for byte' if replayed.same else 'otherwise'}.",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        for line in (*replayed.differences, *replayed.notes):
            out.print(f"  {line}", markup=False, soft_wrap=True)
        out.print(NOTICE)
    if not replayed.same:
        raise typer.Exit(EXIT_PARTIAL)

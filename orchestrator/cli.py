"""The `wardround` command: it knows no room; each room registers its sub-commands as `wardround.commands` entry points.

An entry point is a function (one command) or a typer app (a group of commands). Only the one that is asked for is
imported. Data goes to standard output, talk to standard error.

Exit codes: 0 done, 1 our fault, 2 wrong usage, 3 an input was refused, 4 done but partial (a specialist was missing).
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated

import typer

from wardround.contracts.base import NOTICE
from wardround.contracts.errors import WardroundError
from wardround.orchestrator.console import talk

__all__ = ["EXIT_FAULT", "EXIT_PARTIAL", "EXIT_REFUSED", "build_app", "main"]

EXIT_FAULT, EXIT_REFUSED, EXIT_PARTIAL = 1, 3, 4
_GROUP = "wardround.commands"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(version("wardround"))
        raise typer.Exit()


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The options that stand before a command."""


def build_app(only: str | None = None) -> typer.Typer:
    """The command-line application with all registered commands, or with the named one alone."""
    app = typer.Typer(
        name="wardround",
        help=f"Diagnoses whose every claim cites checked evidence.\n\n{NOTICE}",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
        callback=_root,
    )
    found = {point.name: point for point in entry_points(group=_GROUP)}
    for name in [only] if only in found else sorted(found):
        _register(app, name, found[name])
    return app


def _register(app: typer.Typer, name: str, point: EntryPoint) -> None:
    loaded = point.load()
    if isinstance(loaded, typer.Typer):
        app.add_typer(loaded, name=name)
    else:
        app.command(name)(loaded)


def main() -> None:
    """Runs the command line; a typed error becomes one readable line and an exit code."""
    first = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        build_app(first)()
    except WardroundError as error:
        talk().print(f"[bold red]{error.problem.code.value}[/]: ", end="")
        talk().print(str(error.problem), markup=False, soft_wrap=True)
        sys.exit(EXIT_FAULT if error.problem.is_fault else EXIT_REFUSED)

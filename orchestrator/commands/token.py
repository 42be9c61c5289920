"""`wardround token NAME`: makes a bearer token for the REST service."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import talk
from wardround.orchestrator.service.identity import Scope, new_token

__all__ = ["token"]


def token(
    name: Annotated[str, typer.Argument(help="Whose it is; jobs belong to this name.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="read, run or admin; may be repeated. Else read and run.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it is good, UTC.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Make a token and print it, once: only its digest is kept. A service that runs must be started again.

    Example: wardround token pacs-1 --scope read --scope run
    """
    file = load_configuration(config).tokens_file
    last = expires.replace(tzinfo=UTC).date() if expires is not None else None
    made = new_token(file, name, scope or [Scope.READ, Scope.RUN], last)
    typer.echo(made)
    talk().print("Keep it: it cannot be shown again.")

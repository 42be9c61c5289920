"""`wardround mcp`: the gateway over stdio, for desktop clients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardround.contracts.home import private_folder
from wardround.orchestrator.config import load_configuration

__all__ = ["mcp"]


def mcp(
    allow: Annotated[
        list[Path] | None, typer.Option(help="A folder from which films may be opened; may be repeated.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Serve Wardround to an MCP client over standard input and output.

    Example: wardround mcp --allow ~/films
    """
    from wardround.orchestrator.gateway import build_gateway

    configuration = load_configuration(config)
    private_folder(configuration.home, "WARDROUND_HOME")
    private_folder(configuration.store, "WARDROUND_STORE")
    folders = tuple(folder.expanduser().resolve() for folder in (*(allow or ()), *configuration.intake.allow))
    build_gateway(configuration, folders).run("stdio")

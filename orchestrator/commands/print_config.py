"""`wardround print-config claude`: the block that Claude Desktop needs, with this machine's absolute paths."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["print_config"]


class Client(StrEnum):
    """MCP clients whose configuration we know."""

    CLAUDE = "claude"


def print_config(
    client: Annotated[Client, typer.Argument(help="Which client.")] = Client.CLAUDE,
    allow: Annotated[
        list[Path] | None, typer.Option(help="A folder from which films may be opened; may be repeated.")
    ] = None,
) -> None:
    """Print the configuration block for an MCP client.

    Example: wardround print-config claude --allow ~/films
    """
    # Beside this interpreter lies the console script of the same environment; desktop clients know no PATH of ours.
    command = Path(sys.executable).parent / "wardround"
    arguments = ["mcp"]
    for folder in allow or [Path.cwd()]:
        arguments += ["--allow", str(folder.expanduser().resolve())]
    block = {"mcpServers": {"wardround": {"command": str(command), "args": arguments, "env": {}}}}
    typer.echo(json.dumps(block, indent=2))

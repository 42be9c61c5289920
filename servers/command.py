"""`wardround specialist NAME`: runs one specialist server on its own, over stdio or streamable HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from wardround.servers.settings import ServerSettings

__all__ = ["specialist"]


def specialist(
    name: Annotated[str, typer.Argument(help="intake, cxr, anatomy, evidence, observer, cases, survival or lesions.")],
    http: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Serve streamable HTTP at /mcp; else stdio.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Artefact folder; share it, or let artefacts travel by URL.")
    ] = None,
    allow: Annotated[list[Path] | None, typer.Option(help="Intake: a folder from which films may be opened.")] = None,
    artefact_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST:PORT", help="A server from which artefacts may be read by URL.")
    ] = None,
) -> None:
    """Run one specialist as an MCP server.

    Example: wardround specialist cxr --http 127.0.0.1:8801
    """
    from wardround.servers.serving import serve_http, serve_stdio

    settings = ServerSettings.from_environment()
    settings = replace(
        settings,
        store_folder=store or settings.store_folder,
        allowed=(*(settings.allowed or ()), *(folder.expanduser().resolve() for folder in allow or ())),
        artefact_hosts=settings.artefact_hosts | frozenset(artefact_host or ()),
    )
    if http is not None:
        serve_http(name, settings, http)
    else:
        serve_stdio(name, settings)

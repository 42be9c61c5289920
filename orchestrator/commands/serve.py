"""`wardround serve`: the REST service."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder
from wardround.orchestrator.config import load_configuration
from wardround.orchestrator.console import talk
from wardround.orchestrator.service.identity import check_bind, read_tokens

__all__ = ["serve"]

_GRACE_S = 5


def _listener(host: str, port: int) -> socket.socket:
    """
    Raises:
        CallerError: BAD_ARGUMENT, nobody can listen there.
    """
    bare = host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in bare else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((bare, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"Nobody can listen at {host}, port {port}: it is taken or not this machine's.",
            "Choose another one with --host and --port.",
        ) from None
    return listener


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 lets the system choose.")] = 8080,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Jobs done at once; 0 leaves them to 'wardround worker'.")
    ] = 1,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name under which it is reached; may be repeated.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; else ./wardround.toml.")] = None,
) -> None:
    """Serve Wardround over HTTP: films are handed in, diagnosed as jobs, and read. Not for clinical use.

    Example: wardround serve --port 8080
    """
    import uvicorn

    from wardround.orchestrator.service.app import build
    from wardround.servers.settings import LOOPBACK

    configuration = load_configuration(config)
    private_folder(configuration.home, "WARDROUND_HOME")
    private_folder(configuration.store, "WARDROUND_STORE")
    tokens = read_tokens(configuration.tokens_file)
    names = (*configuration.service.hosts, *(allow_host or ()))
    check_bind(host, LOOPBACK, tokens, names)
    app = build(configuration, tokens, workers=workers, hosts=names)
    with _listener(host, port) as listener:
        # An event stream may outlive the grace: its client comes again, and goes on after the last event it had.
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=_GRACE_S)
        )
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        talk().print(f"Wardround listens on http://{shown}:{listener.getsockname()[1]}", markup=False, highlight=False)
        server.run(sockets=[listener])

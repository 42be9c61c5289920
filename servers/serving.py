"""Runs one specialist server on its own, over stdio or streamable HTTP, or serves this process's artefacts by URL."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.routing import Route

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.servers.catalogue import build
from wardround.servers.desk import Desk
from wardround.servers.kit import artefact_route
from wardround.servers.settings import LOOPBACK, ServerSettings, loopback_only

__all__ = ["artefact_server", "parse_address", "serve_http", "serve_stdio"]

_MAX_BODY = 4 * 1024 * 1024  # messages carry references, never pixels


def parse_address(address: str) -> tuple[str, int]:
    """`HOST:PORT` as a pair; the host must be this machine's own.

    Raises:
        CallerError: BAD_ARGUMENT for another form, FORBIDDEN for an address beyond this machine.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"'{address}' is no address.", "Write HOST:PORT, as 127.0.0.1:8801."
        )
    loopback_only(host)
    return host, int(port)


def serve_stdio(name: str, settings: ServerSettings) -> None:
    """Runs the server until its client closes standard input."""
    build(name, settings).run("stdio")


def serve_http(name: str, settings: ServerSettings, address: str) -> None:
    """Runs the server at `http://HOST:PORT/mcp` until it is stopped."""
    host, port = parse_address(address)
    settings = replace(settings, base_url=f"http://{host}:{port}")
    allowed = [f"{one}:*" for one in sorted(LOOPBACK)]
    app = build(name, settings).streamable_http_app(
        max_request_body_size=_MAX_BODY,
        transport_security=TransportSecuritySettings(
            allowed_hosts=allowed, allowed_origins=[f"http://{one}" for one in allowed]
        ),
    )
    uvicorn.run(app, host=host.strip("[]"), port=port, log_level="warning", timeout_graceful_shutdown=3)


@contextmanager
def artefact_server(settings: ServerSettings, address: str) -> Iterator[ServerSettings]:
    """Serves the store's artefacts while an embedded intake works for specialists that cannot see its folder.

    Yields:
        the settings with `base_url` set; build the embedded servers with these.

    Raises:
        CallerError: BAD_ARGUMENT where the port is taken.
    """
    host, port = parse_address(address)
    listener = socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError:
        listener.close()
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"Artefacts cannot be served at {address}: the port is taken or not ours.",
            "Choose another one in [artefacts] of wardround.toml.",
        ) from None
    settings = replace(settings, base_url=f"http://{host}:{listener.getsockname()[1]}")
    desk = Desk(settings)
    app = Starlette(routes=[Route("/artefacts/{hexdigest}", artefact_route(desk))])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    # A thread of its own: uvicorn takes over signals in the main one.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="artefacts", daemon=True)
    thread.start()
    try:
        yield settings
    finally:
        server.should_exit = True
        thread.join(timeout=5.0)
        listener.close()
        desk.close()

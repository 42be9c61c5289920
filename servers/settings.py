"""What a specialist server needs to know of the place it runs in; the same words whether embedded or on its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import data_home

__all__ = ["LOOPBACK", "ServerSettings", "loopback_only"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class ServerSettings:
    """`store_folder` may be shared with other servers; where it is not, artefacts travel by URL.

    Attributes:
        home: the user's data folder, where what outlives a store is kept; None: as the environment says.
        allowed: folders from which films may be opened; None trusts the caller, who is then the shell's own user.
        base_url: where this process serves artefacts, such as `http://127.0.0.1:8801`; None: by folder only.
        artefact_hosts: `host:port` from which artefacts may be read by URL.
        signing_key: signs artefact URLs; random for each process, so a URL ends with the process that made it.
    """

    store_folder: Path
    allowed: tuple[Path, ...] | None = ()
    base_url: str | None = None
    artefact_hosts: frozenset[str] = frozenset()
    home: Path | None = None
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServerSettings:
        """Reads WARDROUND_STORE, WARDROUND_ALLOW (folders, separated like PATH) and WARDROUND_ARTEFACT_HOSTS."""
        folder = environment.get("WARDROUND_STORE")
        allow = environment.get("WARDROUND_ALLOW", "")
        hosts = environment.get("WARDROUND_ARTEFACT_HOSTS", "")
        return cls(
            store_folder=Path(folder) if folder else data_home(environment) / "store",
            allowed=tuple(Path(part) for part in allow.split(os.pathsep) if part),
            artefact_hosts=frozenset(host.strip() for host in hosts.split(",") if host.strip()),
        )


def loopback_only(host: str) -> None:
    """Refuses to listen beyond this machine.

    Raises:
        CallerError: FORBIDDEN; there is no authentication yet that would make a wider address safe.
    """
    if host not in LOOPBACK:
        raise CallerError(
            ProblemCode.FORBIDDEN,
            f"Refused to listen on '{host}': specialists have no authentication and serve this machine only.",
            "Use 127.0.0.1, and reach it from elsewhere through a tunnel or proxy that you trust.",
        )

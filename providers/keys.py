"""Reads an endpoint's key from the environment or a file, and keeps it out of every repr, log and error."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.providers.settings import ProviderSettings

__all__ = ["Key", "read_key"]

Key = SecretStr
_MOST_BYTES = 4096


def read_key(settings: ProviderSettings, environment: Mapping[str, str] = os.environ) -> Key | None:
    """The key, None where the settings name no place for one.

    Raises:
        CallerError: REASONER_KEY; it is not there, is open to other users of this machine, or is no single line of
            printable ASCII.
    """
    if settings.key_file is not None:
        return _checked(_from_file(settings.key_file), f"The key file '{settings.key_file.name}'")
    if settings.key_env:
        return _checked(environment.get(settings.key_env, ""), f"The environment variable {settings.key_env}")
    return None


def _from_file(path: Path) -> str:
    try:
        with path.expanduser().open("rb") as file:
            # A group may share a key; a key that anyone here can read, or swap, is none.
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & (stat.S_IROTH | stat.S_IWOTH):
                raise CallerError(
                    ProblemCode.REASONER_KEY,
                    f"The key file '{path.name}' is open to every user of this machine.",
                    f"chmod 600 {path.name}",
                )
            return file.read(_MOST_BYTES).decode("ascii", errors="replace")
    except OSError:
        raise CallerError(
            ProblemCode.REASONER_KEY, f"The key file '{path.name}' cannot be read.", "Check key_file."
        ) from None


def _checked(raw: str, place: str) -> Key:
    key = raw.strip()
    if not key:
        raise CallerError(ProblemCode.REASONER_KEY, f"{place} holds no key.", "Put the key there, and start again.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise CallerError(
            ProblemCode.REASONER_KEY, f"{place} holds no key.", "A key is one line of printable ASCII without spaces."
        )
    return SecretStr(key)

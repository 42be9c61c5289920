"""Where this user's Wardround data lies: the one answer that all processes of a house must share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["data_home", "private_folder"]


def data_home(environment: Mapping[str, str] = os.environ) -> Path:
    """WARDROUND_HOME, else the platform's own folder for a user's data."""
    named = environment.get("WARDROUND_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("wardround", appauthor=False))


def private_folder(folder: Path, setting: str) -> Path:
    """The folder; where it is not there it is made, readable by its owner alone. One that is there keeps its mode.

    Args:
        setting: what names the folder, for the message.

    Raises:
        CallerError: BAD_ARGUMENT, it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The folder '{folder.name}' cannot be made or written.",
            f"Make it writable, or name another one with {setting}.",
        )
    return folder

"""Where this user's Wardround data lies: the one answer that all processes of a house must share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

__all__ = ["data_home"]


def data_home(environment: Mapping[str, str] = os.environ) -> Path:
    """WARDROUND_HOME, else the platform's own folder for a user's data."""
    named = environment.get("WARDROUND_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("wardround", appauthor=False))

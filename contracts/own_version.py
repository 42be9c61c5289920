"""The version of this package, looked up once: the look-up reads and parses the distribution's metadata each time."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

__all__ = ["own_version"]


@cache
def own_version() -> str:
    """For example '0.1.0'."""
    return version("wardround")

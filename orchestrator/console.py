"""The two consoles: data on standard output, talk on standard error (both honour NO_COLOR)."""

from __future__ import annotations

from functools import cache

from rich.console import Console

__all__ = ["data", "talk"]


@cache
def talk() -> Console:
    """For people: progress, warnings, errors."""
    return Console(stderr=True)


@cache
def data() -> Console:
    """For results."""
    return Console()

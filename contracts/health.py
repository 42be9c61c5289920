"""One line of `wardround doctor`: what was looked at, whether it is well, and what mends it."""

from __future__ import annotations

from enum import StrEnum

from wardround.contracts.base import Word

__all__ = ["Check", "Health"]


class Health(StrEnum):
    """How it is."""

    OK = "ok"
    WARN = "warn"  # works, with something missing that not everyone needs
    FAIL = "fail"


class Check(Word):
    """`fix` says what to do; it is empty where all is well."""

    name: str
    health: Health
    detail: str = ""
    fix: str = ""

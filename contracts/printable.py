"""Makes text of strangers fit for a terminal: nothing in it may be obeyed, or hide or turn round what is read."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]

_KEPT = frozenset("\n\t")


def printable(text: str) -> str:
    """The text with every control, format and unassigned character (Unicode category C) replaced by U+FFFD.

    Line feeds and tabs stay.
    """
    return "".join(
        one if one in _KEPT or unicodedata.category(one)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for one in text
    )

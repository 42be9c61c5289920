"""Strangers' words in FHIR: strings without control characters, XHTML in which nothing of theirs is markup."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

__all__ = ["narrative", "plain"]

_LONGEST = 10_000
_XHTML = "http://www.w3.org/1999/xhtml"


def plain(text: str) -> str:
    """A FHIR string: line ends and tabs stay, other control and format characters become spaces; '-' for none."""
    clean = "".join(one if one in "\n\t" or unicodedata.category(one)[0] != "C" else " " for one in text)
    clean = clean.encode("utf-8", "replace").decode("utf-8").strip()
    return (clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…") or "-"


def narrative(title: str, sections: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """A resource's `text`: a title, and under each heading a list of lines; headings without lines are left out."""
    parts = [f"<h1>{html.escape(plain(title))}</h1>"]
    for heading, lines in sections:
        items = "".join(f"<li>{html.escape(plain(line))}</li>" for line in lines)
        if items:
            parts.append(f"<h2>{html.escape(plain(heading))}</h2><ul>{items}</ul>")
    return {"status": "generated", "div": f'<div xmlns="{_XHTML}">{"".join(parts)}</div>'}

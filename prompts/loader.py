"""Loads a prompt or wording file by name, with the digest that goes into a run's record.

A file is Markdown. Where it holds several short templates, each stands under a `## name` heading; what comes before the
first such heading is for people and belongs to no template.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Prompt", "digests", "load"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HEADING = re.compile(r"^## +(\S+) *$", re.MULTILINE)


@dataclass(frozen=True)
class Prompt:
    """A prompt's name, its whole text, and `sha256:` of the text as UTF-8."""

    name: str
    text: str
    digest: str

    def sections(self) -> dict[str, str]:
        """Template by heading, each folded into one line; empty where the file has no `## name` heading.

        Raises:
            ValueError: two headings are the same.
        """
        _, *parts = _HEADING.split(self.text)
        names, bodies = parts[::2], parts[1::2]
        if len(set(names)) != len(names):
            raise ValueError(f"the prompt '{self.name}' has the same heading twice")
        return {name: " ".join(body.split()) for name, body in zip(names, bodies, strict=True)}


@cache
def load(name: str) -> Prompt:
    """The prompt kept in `NAME.md`.

    Raises:
        LookupError: there is no such prompt; the message lists those that exist.
    """
    source = files(__package__).joinpath(f"{name}.md")
    if not _NAME.fullmatch(name) or not source.is_file():
        names = (entry.name for entry in files(__package__).iterdir())
        known = sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))
        raise LookupError(f"there is no prompt '{name}'; there are: {', '.join(known)}")
    text = source.read_text(encoding="utf-8")
    return Prompt(name=name, text=text, digest=f"sha256:{hashlib.sha256(text.encode('utf-8')).hexdigest()}")


@cache
def digests() -> dict[str, str]:
    """The digest of every prompt, by name."""
    names = sorted(
        entry.name.removesuffix(".md") for entry in files(__package__).iterdir() if entry.name.endswith(".md")
    )
    return {name: load(name).digest for name in names}

"""Keeps the diagnosis on its own side: finds every way in which a text names it, and withholds those words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from wardround.orchestrator.encounter.gate.namings import SKIPPED, Naming, namings, root
from wardround.orchestrator.encounter.gate.words import Token, tokens

__all__ = ["WITHHELD", "Guard"]

WITHHELD = "[withheld]"
# A name does not run on from one sentence into the next; a word may be parted at the end of a line.
_APART = re.compile(r"[.;!?。；！？]\s|[。；！？]|(?<![-\u00ad])\s*\n")


class Guard:
    """Withholds the diagnoses of one case from any text.

    What counts as naming one: its words in any order side by side, in any spelling and number, joined or parted
    ('pre-eclampsia', 'preeclampsia'), without its qualifiers ('acute', 'left-sided'), its parts ('with', 'due to'),
    its known other names and its short forms. It is withheld wherever it stands: also where it is denied, is history
    ('pneumonia two years ago') or is another's ('father had a stroke'). That costs true answers in such cases, and is
    the price of a barrier that need not understand a sentence.

    Treatments, departments and urgency are not sought in texts: their words ('surgery', 'medication') are those of any
    history. They never cross because no field that holds them is ever told. What a text only describes, or names by
    words that no table has, is told.
    """

    def __init__(self, diagnoses: Iterable[str]) -> None:
        named: set[Naming] = set().union(*(namings(one) for one in diagnoses))
        self._short = frozenset(one.short for one in named if one.short)
        self._bags = frozenset(tuple(sorted(one.roots)) for one in named if one.roots)
        self._lengths = tuple(sorted({len(one) for one in self._bags}))
        self._joined = frozenset("".join(one.roots) for one in named if one.roots)
        self._longest = max(map(len, self._joined), default=0)

    def names(self, text: str) -> bool:
        """Whether a text names a diagnosis."""
        return next(self._found(text), None) is not None

    def cleared(self, text: str) -> str:
        """The text with each naming replaced by `WITHHELD`."""
        spans = sorted(self._found(text))
        parts, last = [], 0
        for start, end in spans:
            if start >= last:
                parts += [text[last:start], WITHHELD]
            last = max(last, end)
        return "".join([*parts, text[last:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        run: list[Token] = []
        for token in tokens(text):
            if run and _APART.search(text, run[-1].end, token.start):
                yield from self._in_run(run)
                run = []
            run.append(token)
        yield from self._in_run(run)

    def _in_run(self, run: Sequence[Token]) -> Iterator[tuple[int, int]]:
        for token in run:
            raw = token.raw.replace("’", "'").removesuffix("'s")
            if raw in self._short or (raw[:-1] in self._short and raw.endswith("s")):
                yield token.start, token.end
        roots = [root(token.raw) for token in run]
        for first in range(len(run)):
            word = ""
            for last in range(first, len(run)):
                word += roots[last]
                if len(word) > self._longest:
                    break
                if word in self._joined:
                    yield run[first].start, run[last].end
        kept = [(token, one) for token, one in zip(run, roots, strict=True) if one not in SKIPPED]
        for length in self._lengths:
            for first in range(len(kept) - length + 1):
                if tuple(sorted(one for _, one in kept[first : first + length])) in self._bags:
                    yield kept[first][0].start, kept[first + length - 1][0].end

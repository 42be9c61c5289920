"""Whether a record tells a story again in nearly the same words: shared runs of three words (Broder, 1997)."""

from __future__ import annotations

from collections.abc import Iterable

from wardround.agents.cases.fields import whole_text
from wardround.agents.cases.words import words
from wardround.contracts.case import CaseFields

__all__ = ["NEARLY_THE_SAME", "Retelling", "jaccard", "shingles"]

NEARLY_THE_SAME = 0.8
_RUN = 3
# A report of a few words ("Normal chest.") is a phrase that thousands share, and no story that could be told again.
_FEWEST_WORDS = 12


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The runs of three words of a text; of a shorter text, the whole."""
    told = words(text)
    return frozenset(tuple(told[start : start + _RUN]) for start in range(max(1, len(told) - _RUN + 1)) if told)


def jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Shared over all, in [0, 1]; 0 for two empty sets."""
    return len(one & other) / len(one | other) if one or other else 0.0


class Retelling:
    """Knows the stories that may not be found."""

    def __init__(self, stories: Iterable[str]) -> None:
        """Args: stories: whole texts of excluded records, and of the query itself; those of under 12 words are none."""
        self._stories = [shingles(story) for story in stories if len(words(story)) >= _FEWEST_WORDS]

    def is_retold(self, case: CaseFields) -> bool:
        """Whether the record's presentation and findings share 80 % of their runs with one of the stories."""
        if not self._stories:
            return False
        own = shingles(whole_text(case))
        return any(jaccard(own, story) >= NEARLY_THE_SAME for story in self._stories)

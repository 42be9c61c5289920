"""A history as a language model reads it, under a check: only what stands in the text, in the rules' own polarity."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.cue import Cue, CueKind, CueSource, Told
from wardround.orchestrator.history.durations import days_told
from wardround.orchestrator.history.reader import MAX_READ, told_at
from wardround.orchestrator.history.rules import folded, names, synonyms

__all__ = ["ProposedCue", "ProposedCues", "accept"]


class ProposedCue(Word):
    """A cue as a model proposes it, with the words that bear it."""

    kind: CueKind
    name: Annotated[str, Field(max_length=60)]
    told: Told
    quote: Annotated[str, Field(min_length=1, max_length=120)]
    duration_days: Annotated[float, Field(ge=0, le=40_000)] | None = None


class ProposedCues(Word):
    """All that a model reads in a history."""

    cues: Annotated[tuple[ProposedCue, ...], Field(max_length=30)]


def accept(text: str, proposed: Sequence[ProposedCue], model: str) -> tuple[Cue, ...]:
    """The proposals that the text bears out; the others are dropped.

    The quote must stand in the text, a spelling of the name must stand in the quote, and what is told must be what the
    rules read at one of its places. A duration is taken only where the rules read the same in the quote.
    """
    text = folded(text[:MAX_READ])
    told = cache(partial(told_at, text))
    return tuple(cue for one in proposed if (cue := _borne_out(text, one, model, told)) is not None)


def _borne_out(text: str, one: ProposedCue, model: str, told: Callable[[int, int], Told | None]) -> Cue | None:
    words = folded(one.quote).split()
    for place in re.finditer(r"\s+".join(map(re.escape, words)), text) if words else ():
        for match in names().finditer(text, place.start(), place.end()):
            kind, name = synonyms()[" ".join(match.group().casefold().split())]
            if name == one.name and kind is one.kind and told(*match.span()) is one.told:
                return Cue(
                    kind=kind,
                    name=name,
                    told=one.told,
                    duration_days=one.duration_days if one.duration_days in days_told(text, *place.span()) else None,
                    where=CueSource.HISTORY,
                    start=match.start(),
                    end=match.end(),
                    reader=model[:80],
                )
    return None

"""What the independent checker's reader takes from a sentence: subjects, places, numbers, limits and citations."""

from __future__ import annotations

from dataclasses import dataclass

from wardround.contracts.evidence import Polarity

__all__ = ["Bounded", "Number", "Place", "Said", "Sentence"]


@dataclass(frozen=True)
class Said:
    """One subject named. `kind` is 'finding', 'quantity', 'diagnosis' or 'outside'; `polarity` is None where it is
    said not to have been assessed, or where only its number is told. It is `stated` where a word says which way it
    goes; `predicate` numbers the stretch of the sentence that its polarity was read from."""

    kind: str
    name: str
    start: int
    end: int
    inverse: bool = False
    polarity: Polarity | None = Polarity.PRESENT
    stated: bool = True
    hedged: bool = False
    chunk: int = 0
    predicate: int = 0


@dataclass(frozen=True)
class Place:
    """A side, a region or both, and the positions in `Sentence.said` of what it is said of."""

    side: str | None
    region: str | None
    of: tuple[int, ...]


@dataclass(frozen=True)
class Number:
    """A number as printed; `sort` is 'limit', 'overlap', 'probability', 'score', 'measure' or ''."""

    printed: str
    unit: str
    sort: str
    of: tuple[int, ...]


@dataclass(frozen=True)
class Bounded:
    """That a measurement lies above or within its limits."""

    above: bool
    of: tuple[int, ...]


@dataclass(frozen=True)
class Sentence:
    """What one sentence says. `text` is its lower-case form without citations; `cited` has each bracket and what was
    named since the bracket before it."""

    text: str
    said: tuple[Said, ...] = ()
    places: tuple[Place, ...] = ()
    numbers: tuple[Number, ...] = ()
    bounds: tuple[Bounded, ...] = ()
    probable: tuple[tuple[int, ...], ...] = ()
    cited: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """All evidence ids that it cites."""
        return frozenset(one for group, _ in self.cited for one in group)

"""A true sentence with what is needed to make it false: whom it names where, and what the ledger has on them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import competent_words as words

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Claim, Conclusion
from wardround.contracts.evidence import Evidence, EvidenceKind, Measurement, Polarity
from wardround.orchestrator.reasoning.words import finding_name, place_words

__all__ = ["Facts", "True_", "two_findings"]


class Facts:
    """What a ledger has on each finding and quantity, looked up without the verifier."""

    def __init__(self, items: Sequence[Evidence]) -> None:
        self.items = tuple(items)

    def about(self, name: str) -> list[Evidence]:
        return [item for item in self.items if item.subject.casefold() == name.casefold()]

    def polarity(self, name: str) -> Polarity | None:
        return next((item.polarity for item in self.about(name) if item.kind is EvidenceKind.WEIGHING), None)

    def numbers(self, name: str) -> list[float]:
        """Every score and overlap."""
        found = [item.value for item in self.about(name) if item.value is not None]
        return found + [item.location.overlap for item in self.about(name) if item.location is not None]

    def places(self, name: str) -> list[tuple[Side, Region]]:
        return [(one.location.side, one.location.region) for one in self.about(name) if one.location is not None]

    def calibrated(self, name: str) -> bool:
        return any(item.source.calibrated for item in self.about(name))

    def measured(self, name: str) -> Measurement | None:
        return next((item.measurement for item in self.about(name) if item.measurement is not None), None)

    def is_compared(self, name: str) -> bool:
        return any(item.comparison is not None for item in self.about(name))

    def is_graded(self, name: str) -> bool:
        return any(item.degree is not None for item in self.about(name))


@cache
def _names() -> tuple[re.Pattern[str], dict[str, str]]:
    """All names of findings and quantities, and what each means."""
    known = {
        re.sub(r"^an? ", "", spoken): label
        for label, spellings in words.NAMES.items()
        for both in spellings
        for spoken in both
    }
    known |= {finding_name(label): label for label in words.NAMES}
    known |= {american: known[british] for british in tuple(known) if (american := british.replace("oedema", "edema"))}
    known |= {spoken.removeprefix("the "): name for name, spellings in words.QUANTITIES.items() for spoken in spellings}
    known |= {"left lung area": "left lung area", "normal film": NO_FINDING, "normal radiograph": NO_FINDING}
    known |= {"no abnormality": NO_FINDING, "the film is normal": NO_FINDING, "normality": NO_FINDING}
    known |= {"film looks normal": NO_FINDING, "film as normal": NO_FINDING, "nothing abnormal": NO_FINDING}
    known = {name.lower(): meant for name, meant in known.items()}
    spelled = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return re.compile(rf"\b(?:{spelled})\b", re.IGNORECASE), known


@dataclass(frozen=True)
class True_:
    """One sentence that was kept, on a ledger whose facts are given."""

    text: str
    facts: Facts

    @cached_property
    def named(self) -> list[tuple[str, int, int]]:
        """Label or quantity, and where its name starts and ends."""
        pattern, known = _names()
        return [(known[match.group().lower()], *match.span()) for match in pattern.finditer(self.text)]

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _, _ in self.named))

    @property
    def only(self) -> str | None:
        """The one finding or quantity that is named, if it is one."""
        return self.names[0] if len(self.names) == 1 else None

    @property
    def finding(self) -> str | None:
        """The one finding that is named, no quantity and no normal film beside it."""
        return self.only if self.only in words.NAMES else None

    @property
    def quantity(self) -> str | None:
        """The one quantity that is named, alone."""
        return self.only if self.only is not None and self.facts.measured(self.only) else None

    def with_tail(self, addition: str, rng: random.Random) -> str:
        """The sentence with an addition before its last citation, or before its full stop."""
        body, cites = self._parts()
        if cites and rng.random() < 0.5:
            return f"{body}{addition} {cites}."
        return f"{body}{' ' if cites else ''}{cites}{addition}."

    def _parts(self) -> tuple[str, str]:
        match = re.fullmatch(r"(.*?)\s*(\[[E\d, ]+\])?\.", self.text)
        return (match[1], match[2] or "") if match else (self.text.rstrip("."), "")


_SUSPECTED = {
    Polarity.PRESENT: ("is suspected",),
    Polarity.ABSENT: ("is not suspected",),
    Polarity.UNCERTAIN: ("is undecided", "remains indeterminate"),
}
_PAIRS = (
    "{A} {sa} ({ka} {na}) [{ca}], and {b} {sb} ({kb} {nb}) [{cb}].",
    "{A} {sa}: {ka} {na} [{ca}]; {b} {sb}: {kb} {nb} [{cb}].",
    "{A} {sa}, with a {ka} of {na} [{ca}], whereas {b} {sb}, with a {kb} of {nb} [{cb}].",
)
_PLACED = (
    "{A} is suspected {pa} [{ca}], and {b} is suspected {pb} [{cb}].",
    "{A} is suspected {pa} [{ca}]; {b} is suspected {pb} [{cb}].",
    "Suspicion is raised of {a} {pa} [{ca}] and of {b} {pb} [{cb}].",
)


def _slots(prefix: str, claim: Claim, rng: random.Random) -> dict[str, str]:
    name = rng.choice(words.NAMES[claim.subject])[0]
    return {
        prefix: name,
        prefix.upper(): name[:1].upper() + name[1:],
        f"s{prefix}": rng.choice(_SUSPECTED[claim.polarity]),
        f"k{prefix}": "probability" if claim.calibrated else "score",
        f"n{prefix}": f"{claim.confidence:.2f}",
        f"p{prefix}": place_words(claim.side, claim.region),
        f"c{prefix}": ", ".join(claim.citations),
    }


def two_findings(conclusions: Sequence[Conclusion], rng: random.Random) -> Iterator[str]:
    """True sentences on two findings each, with both scores or both places."""
    claims = [claim for one in conclusions for claim in one.claims if claim.subject in words.NAMES and claim.confidence]
    placed = [one for one in claims if one.region is not None and one.side in (Side.LEFT, Side.RIGHT)]
    for patterns, fitting in ((_PAIRS, claims), (_PLACED, placed)):
        rng.shuffle(fitting)
        for one, other in zip(fitting[::2], fitting[1::2], strict=False):
            yield rng.choice(patterns).format(**_slots("a", one, rng), **_slots("b", other, rng))

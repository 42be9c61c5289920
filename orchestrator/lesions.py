"""Which outlined lesions are taken into the evidence of a film: what each must say, and how many of a report are kept.

A lesion server outlines candidates and lets about one false one a film through, on normal films as on others. So a
lesion is weak evidence: it may say where something lies and how large it is, and whether a finding is there is said by
the detectors alone. A report in which a lesion says more than that is refused whole, so that no more can be read in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.study import ArtefactKind

__all__ = ["DIAMETER", "LARGEST", "MOST", "PIXELS", "ill_formed", "surest"]

DIAMETER = "diameter"
PIXELS = "{pixel}"
# The most lesions of one server's report that are kept. At one false alarm a film five are far more than are true, and
# the report, the locator and a language model's question stay short.
MOST = 5
# By unit, what no lesion on a chest film exceeds: a film is at most 430 mm long, its diagonal 610 mm.
LARGEST = {"mm": 610.0, PIXELS: 65_536.0}


def ill_formed(item: Evidence) -> str:
    """What is wrong with an item of kind LESION, or ''; items of other kinds are not looked at."""
    if item.kind is not EvidenceKind.LESION:
        return ""
    if canonical_label(item.subject) in (None, NO_FINDING):
        return "a lesion's subject is no finding of the code table"
    if item.polarity is not Polarity.UNCERTAIN:
        return "a lesion does not say 'uncertain', and whether a finding is there is not its to say"
    if item.value is None:
        return "a lesion has no score"
    measured = item.measurement
    if measured is None or measured.quantity != DIAMETER or measured.unit not in LARGEST:
        return f"a lesion has no {DIAMETER} in {' or '.join(LARGEST)}"
    if not 0.0 < measured.value <= LARGEST[measured.unit]:
        return f"a lesion's {DIAMETER} is not above 0 and at most {LARGEST[measured.unit]:g} {measured.unit}"
    if [one.kind for one in item.artefacts] != [ArtefactKind.MASK] or item.artefacts[0].channel is None:
        return "a lesion does not have one mask with its channel named"
    beyond = (measured.low, measured.high, item.degree, item.comparison, item.case, item.cue, item.prognosis)
    if any(one is not None for one in beyond) or item.voices or item.contributions:
        return "a lesion says more than its place, size and score"
    return ""


def surest(items: Sequence[Evidence], most: int = MOST) -> tuple[tuple[Evidence, ...], int]:
    """A report without all but its surest lesions and what is derived from these, and how many lesions went.

    Lesions are ranked within one report alone: the scores of two models cannot be held against each other.
    """
    lesions = [item for item in items if item.kind is EvidenceKind.LESION]
    ranked = sorted(lesions, key=lambda item: -(item.value or 0.0))  # stable: the report's own order breaks ties
    gone = {id(item) for item in ranked[most:]}
    names = {item.id for item in ranked[most:] if item.id}
    while derived := [item for item in items if id(item) not in gone and not names.isdisjoint(item.derived_from)]:
        gone |= {id(item) for item in derived}
        names |= {item.id for item in derived if item.id}
    return tuple(item for item in items if id(item) not in gone), len(ranked[most:])

"""Faults to plant in a set of sound conclusions, by kind: what is left out, contradicted, or made up beside them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from claim_faults import PLANTED

from wardround.contracts.codes import NO_FINDING, finding_codes
from wardround.contracts.diagnosis import Claim, Conclusion
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.verify.verifier import Verification

__all__ = ["SET_FAULTS", "FaultySet"]

Conclusions = Sequence[Conclusion]


class FaultySet(NamedTuple):
    """Conclusions with one fault, and what it is to have that one found."""

    conclusions: tuple[Conclusion, ...]
    is_caught: Callable[[Verification], bool]


def _struck(*ids: str) -> Callable[[Verification], bool]:
    return lambda checked: bool({one.claim.id for one in checked.struck} & {*ids})


def _claims(conclusions: Conclusions, *polarities: Polarity) -> list[Claim]:
    every = [claim for one in conclusions for claim in one.claims if claim.subject in finding_codes()]
    return [claim for claim in every if claim.polarity in polarities and claim.change is None]


def _beside(conclusions: Conclusions, claim: Claim) -> tuple[Conclusion, ...]:
    return (*conclusions, Conclusion(subject=claim.subject, text="", claims=(claim,)))


def _omission(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> FaultySet | None:
    """All claims on a suspected finding left out: it must be said, and treated in the end."""
    present = [claim.subject for claim in _claims(conclusions, Polarity.PRESENT)]
    if not present:
        return None
    gone = rng.choice(present)
    kept = [
        one.model_copy(update={"claims": left})
        for one in conclusions
        if (left := tuple(claim for claim in one.claims if claim.subject != gone))
    ]

    def caught(checked: Verification) -> bool:
        treated = any(claim.subject == gone for one in checked.conclusions for claim in one.claims)
        return treated and any(problem.startswith(f"omission: no claim treated {gone}") for problem in checked.problems)

    return FaultySet(tuple(kept), caught)


def _contradiction(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> FaultySet | None:
    sure = _claims(conclusions, Polarity.PRESENT, Polarity.ABSENT)
    if not sure:
        return None
    claim = rng.choice(sure)
    opposite = Polarity.ABSENT if claim.polarity is Polarity.PRESENT else Polarity.PRESENT
    against = claim.model_copy(update={"id": PLANTED, "polarity": opposite, "text": ""})
    return FaultySet(_beside(conclusions, against), _struck(PLANTED))


def _contradicted_observation(
    conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random
) -> FaultySet | None:
    """Two claims that each have a witness, one for and one against."""
    seen = [item for item in items if item.kind is EvidenceKind.OBSERVATION and item.subject == "Fracture"]
    if not seen:
        return None
    pair = [
        Claim(id=id_, subject="Fracture", polarity=polarity, citations=(seen[0].id,))
        for id_, polarity in (("C998", Polarity.PRESENT), (PLANTED, Polarity.ABSENT))
    ]
    return FaultySet(_beside(_beside(conclusions, pair[0]), pair[1]), _struck("C998", PLANTED))


def _normal_beside(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> FaultySet | None:
    """A normal film beside a suspected finding."""
    weighing = next(item for item in items if item.kind is EvidenceKind.WEIGHING and item.subject == NO_FINDING)
    if all(claim.subject == NO_FINDING for claim in _claims(conclusions, Polarity.PRESENT)):
        return None
    normal = Claim(id=PLANTED, subject=NO_FINDING, polarity=Polarity.PRESENT, citations=(weighing.id,))
    return FaultySet(_beside(conclusions, normal), _struck(PLANTED))


def _made_up(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> FaultySet | None:
    label = rng.choice(("Lung Lesion", "tuberculosis", "Enlarged Cardiomediastinum", "lung abscess"))
    claim = Claim(id=PLANTED, subject=label, polarity=rng.choice(tuple(Polarity)), citations=(rng.choice(items).id,))
    return FaultySet(_beside(conclusions, claim), _struck(PLANTED))


def _conclusions_words(conclusions: Conclusions, items: Sequence[Evidence], rng: random.Random) -> FaultySet | None:
    """A conclusion's own text that says more than its claims."""
    more = rng.choice(("Tuberculosis is likely.", "This is definite.", "It has grown.", "A CT is recommended."))
    place = rng.randrange(len(conclusions))
    said = conclusions[place].model_copy(update={"text": f"{conclusions[place].text} {more}"})
    faulty = (*conclusions[:place], said, *conclusions[place + 1 :])
    return FaultySet(faulty, lambda checked: all(more not in one.text for one in checked.conclusions))


SET_FAULTS: Mapping[str, Callable[[Conclusions, Sequence[Evidence], random.Random], FaultySet | None]] = {
    "omission": _omission,
    "contradiction": _contradiction,
    "contradiction of witnesses": _contradicted_observation,
    "normal film beside a finding": _normal_beside,
    "invented claim": _made_up,
    "more in the conclusion's words": _conclusions_words,
}

"""Claims of an imaging report and how many of them another report bears out: a lexical stand-in for an LLM judge.

DocLens (Xie et al., ACL 2024, arXiv 2311.09581) lets a language model take claims from the reference and judge whether
the other text entails each. Here a program does both, by words alone. A claim is a part of a sentence: sentences end
at full stops, semicolons and line ends; they break at "but", "however", "without", ", no" and the like; and lists
break at commas, "and", "or" into parts that each name a finding, structure or device (`words.csv`). A claim is its
content words, whether it is denied, and its side. The rule, against the best claim of the report:

    1    all words of the claim are there with the same denial and side; a denial also follows from one that is wider
         ("no effusion" bears out "no large effusion")
    0.5  at least half of the words, what it is about among them, with the same denial and no opposite side
    0    otherwise, and wherever the report says the contrary

Words that mean the same and are in no table are missed, and a true paraphrase ("clear lungs" for "no consolidation")
counts 0: the figure is comparable between runs of this program, not with figures that a model judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wardround.evals.encounter.words import content_words, heads

__all__ = ["Claim", "claim_recall", "claims_of", "support_of"]

_SENTENCE = re.compile(r"(?<=[.!?])\s+|[;\n\r]+|\.$")
_NUMBERING = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s*")
_BREAK = re.compile(
    r"\b(?:but|however|although|though|while|whereas)\b|(?:,\s*)?\b(?:and\s+|with\s+)?(?=\b(?:no|without)\b)|,\s*(?=\bnot\b)",
    re.IGNORECASE,
)
_LIST = re.compile(r",|\b(?:and|or|nor|with)\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:no|not|without|absent|absence|negative|free of|denies|excluded|ruled out|never)\b", re.IGNORECASE
)
_SIDES = {"left": "left", "right": "right", "bilateral": "both", "bilaterally": "both", "both": "both"}
_DENIAL_WORDS = frozenset({"absent", "absence", "negative", "free", "deny", "denies", "excluded", "ruled", "never"})
_HALF = 0.5


@dataclass(frozen=True)
class Claim:
    """One statement. `side` is left, right, both or empty; `text` is the part of the sentence that it was read from."""

    words: frozenset[str]
    denied: bool
    side: str
    text: str


def _clauses(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text):
        yield from (part for part in _BREAK.split(_NUMBERING.sub("", sentence)) if part.strip())


def _parts(clause: str) -> Iterator[str]:
    """The members of a list; what names nothing of its own goes with its neighbour ("large, round opacity")."""
    held = ""
    last = ""
    for part in _LIST.split(clause):
        held = f"{held} {part}".strip()
        if heads().isdisjoint(content_words(held)):
            continue
        if last:
            yield last
        last, held = held, ""
    if last or held:
        yield f"{last} {held}".strip()


def claims_of(text: str) -> tuple[Claim, ...]:
    """The claims of a report, in order, each once."""
    found: dict[tuple[frozenset[str], bool, str], Claim] = {}
    for clause in _clauses(text):
        denied = _DENIAL.search(clause) is not None
        for part in _parts(clause):
            words = content_words(part)
            sides = {_SIDES[word] for word in words if word in _SIDES}
            side = "both" if len(sides) > 1 else next(iter(sides), "")
            content = frozenset(words).difference(_SIDES, _DENIAL_WORDS)
            if content:
                found.setdefault((content, denied, side), Claim(content, denied, side, part.strip()))
    return tuple(found.values())


def _sides_meet(wanted: str, given: str) -> bool:
    return not wanted or wanted == given or given == "both"


def _sides_clash(one: str, other: str) -> bool:
    return {one, other} == {"left", "right"}


def _entails(given: Claim, claim: Claim) -> bool:
    """Whether one claim of a report bears out another entirely; what is denied as a whole is denied in its parts."""
    if given.denied != claim.denied:
        return False
    if claim.denied:
        wide = given.words <= claim.words and not heads().isdisjoint(given.words)
        return (wide or claim.words <= given.words) and (not given.side or _sides_meet(claim.side, given.side))
    return claim.words <= given.words and _sides_meet(claim.side, given.side)


def _contradicts(given: Claim, claim: Claim) -> bool:
    affirmed, denied = (claim, given) if given.denied else (given, claim)
    if given.denied == claim.denied or heads().isdisjoint(denied.words):
        return False
    return denied.words <= affirmed.words and not _sides_clash(given.side, claim.side)


def _touches(given: Claim, claim: Claim) -> bool:
    shared = given.words & claim.words
    return (
        given.denied == claim.denied
        and len(shared) >= _HALF * len(claim.words)
        and (not shared.isdisjoint(heads()) or claim.words.isdisjoint(heads()))
        and not _sides_clash(given.side, claim.side)
    )


def support_of(claim: Claim, report: Sequence[Claim]) -> float:
    """How far a report bears out a claim: 1, 0.5 or 0, as the module's table has it."""
    if any(_contradicts(given, claim) for given in report):
        return 0.0
    if any(_entails(given, claim) for given in report):
        return 1.0
    return 0.5 if any(_touches(given, claim) for given in report) else 0.0


def claim_recall(report: Sequence[str], reference: str) -> float | None:
    """The mean support, in [0, 1], that the report's lines give the reference's claims; None where it makes none."""
    wanted = claims_of(reference)
    if not wanted:
        return None
    said = claims_of("\n".join(report))
    return sum(support_of(claim, said) for claim in wanted) / len(wanted)

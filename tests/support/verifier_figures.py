"""Counts what the verifier catches of planted faults, by kind, and what it refuses of what is sound."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from claim_faults import CLAIM_FAULTS, PLANTED
from competent import competent_answer
from ledgers import random_ledger
from planted_lies import CLAIM_LIES, TEXT_LIES
from said_sentences import Facts, True_, two_findings
from sentence_faults import SENTENCE_FAULTS
from set_faults import SET_FAULTS

from wardround.contracts.diagnosis import Claim, Conclusion, Verdict
from wardround.contracts.evidence import Evidence
from wardround.contracts.reasoning import DraftClaim
from wardround.orchestrator.reasoning.reasoner import concluded
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.narrative import narrated, sentences
from wardround.orchestrator.verify.verifier import Verification, verify

__all__ = [
    "Figures",
    "Pair",
    "answers",
    "faults_in_claims",
    "faults_in_sentences",
    "pairs",
    "sound",
]

_AGREEING = "An uncalibrated observation disagrees"  # says nothing by itself, and follows a sentence that does


@dataclass(frozen=True)
class Pair:
    """A ledger and sound conclusions on it: the templates', or a competent reasoner's with its narrative."""

    seed: int
    items: tuple[Evidence, ...]
    conclusions: tuple[Conclusion, ...]
    narrative: str = ""

    @property
    def claims(self) -> list[Claim]:
        return [claim for one in self.conclusions for claim in one.claims]


@dataclass
class Figures:
    """How many of each kind there were, how many of them met, and some of those that did not."""

    there: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    others: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def count(self, kind: str, met: bool, told: str) -> None:
        self.there[kind] += 1
        self.met[kind] += met
        if not met:
            self.others[kind].append(told)

    @property
    def share(self) -> float:
        return self.met.total() / max(self.there.total(), 1)

    def table(self, examples: int = 0) -> str:
        """One line for each kind, and below it some that were not met."""
        lines = []
        for kind, there in sorted(self.there.items()):
            lines.append(f"{self.met[kind]:5d} of {there:5d}  {kind}")
            lines += [f"{'':16}{told}" for told in self.others[kind][:examples]]
        lines.append(f"{self.met.total():5d} of {self.there.total():5d}  all, {100 * self.share:.2f} %")
        return "\n".join(lines)


@cache
def pairs(seeds: int) -> tuple[Pair, ...]:
    """For each seed two pairs on one ledger: the templates', and a competent reasoner's."""
    found = []
    for seed in range(seeds):
        items = random_ledger(seed).items
        found += [Pair(seed, items, conclude(items)), _answered(items, seed)]
    return tuple(found)


def answers(count: int) -> tuple[Pair, ...]:
    """So many answers of the competent reasoner, on forty ledgers, no two of them in the same words."""
    ledgers = [random_ledger(seed).items for seed in range(min(count, 40))]
    return tuple(_answered(ledgers[seed % len(ledgers)], seed) for seed in range(count))


def _answered(items: tuple[Evidence, ...], seed: int) -> Pair:
    answer = competent_answer(items, seed)
    drafts = [DraftClaim.model_validate(one) for one in answer["claims"]]
    return Pair(seed, items, concluded(drafts, items), answer["narrative"])


def _alone(claim: Claim) -> list[Conclusion]:
    return [Conclusion(subject=claim.subject, text=claim.text, claims=(claim,))]


def _is_caught(checked: Verification, claim_id: str = PLANTED) -> bool:
    """Whether it was that claim which was struck, faulted or repaired."""
    struck = any(one.claim.id == claim_id for one in checked.struck)
    kept = (claim for one in checked.conclusions for claim in one.claims if claim.id == claim_id)
    mended = any(claim.verdict is Verdict.REPAIRED for claim in kept)
    return struck or mended or claim_id in checked.faults


def faults_in_claims(of: Sequence[Pair], a_kind: int) -> Figures:
    """Up to `a_kind` faults of each kind, spread over the pairs."""
    figures = Figures()
    for kind, plant in CLAIM_FAULTS.items():
        rng = random.Random(kind)
        for _, pair, claim in zip(range(24 * a_kind), *_spread(of, rng), strict=False):
            planted = plant(claim, pair.items, rng)
            if planted is not None and figures.there[kind] < a_kind:
                checked = verify(_alone(planted.claim), planted.items)
                figures.count(kind, _is_caught(checked), f"{pair.seed}: {planted.claim.model_dump_json()}")
    for kind, plant_in_set in SET_FAULTS.items():
        rng = random.Random(kind)
        for pair in rng.choices(of, k=a_kind):
            faulty = plant_in_set(pair.conclusions, pair.items, rng)
            if faulty is not None:
                checked = verify(faulty.conclusions, pair.items)
                caught = faulty.is_caught(checked)
                figures.count(kind, caught, f"{pair.seed}: {checked.problems}")
    _independent_claims(of, a_kind // 3, figures)
    return figures


def _spread(of: Sequence[Pair], rng: random.Random) -> tuple[Iterator[Pair], Iterator[Claim]]:
    every = [(pair, claim) for pair in of for claim in pair.claims]
    rng.shuffle(every)
    return (pair for pair, _ in every), (claim for _, claim in every)


def _independent_claims(of: Sequence[Pair], a_kind: int, figures: Figures) -> None:
    """The lies that were written without a look at the verifier."""
    for kind, (fits, lie) in CLAIM_LIES.items():
        rng = random.Random(f"written apart: {kind}")
        for pair in rng.choices(of, k=a_kind):
            drafts = [_draft(claim) for claim in pair.claims if claim.change is None]
            fitting = [draft for draft in drafts if fits(draft)]
            if fitting:
                told = lie(rng.choice(fitting), pair.items, rng)
                ((conclusion,),) = (concluded([DraftClaim.model_validate(told)], pair.items),)
                checked = verify([conclusion], pair.items)
                figures.count(f"written apart: {kind}", _is_caught(checked, "C1"), f"{pair.seed}: {told}")


def _draft(claim: Claim) -> dict[str, object]:
    return {**claim.model_dump(mode="json", include={*DraftClaim.model_fields}), "text": ""}


@dataclass(frozen=True)
class _Told:
    """A pair's verified conclusions, and the sentences that were kept of it."""

    pair: Pair
    conclusions: tuple[Conclusion, ...]
    record: Record
    kept: tuple[True_, ...]

    @property
    def is_compared(self) -> bool:
        """Whether the ledger holds changes since an earlier film."""
        return any(item.comparison is not None for item in self.pair.items)

    def is_kept(self, sentence: str) -> bool:
        return all(one.kept for one in narrated(sentence, self.conclusions, self.record))


def _told(pair: Pair) -> _Told:
    conclusions, record = verify(pair.conclusions, pair.items).conclusions, Record(pair.items)
    facts, rng = Facts(pair.items), random.Random(pair.seed)
    written = [one for claim in pair.claims for one in sentences(claim.text)] + list(sentences(pair.narrative))
    offered = [*dict.fromkeys((*written, *two_findings(conclusions, rng)))]
    kept = [True_(one, facts) for one in offered if _is_kept(one, conclusions, record)]
    return _Told(pair, conclusions, record, tuple(kept))


def _is_kept(sentence: str, conclusions: Sequence[Conclusion], record: Record) -> bool:
    return all(one.kept for one in narrated(sentence, conclusions, record))


def faults_in_sentences(of: Sequence[Pair], a_kind: int) -> Figures:
    """Up to `a_kind` faults of each kind in sentences that were kept, and the lies that were written apart."""
    figures, told = Figures(), [_told(pair) for pair in of]
    every = [(one, sentence) for one in told for sentence in one.kept]
    for kind, fault in SENTENCE_FAULTS.items():
        rng = random.Random(kind)
        for one, sentence in rng.sample(every, k=len(every)):
            if figures.there[kind] >= a_kind:
                break
            faulty = fault(sentence, rng)
            if faulty and faulty != sentence.text:
                figures.count(kind, not one.is_kept(faulty), f"{one.pair.seed}: {faulty}   <- {sentence.text}")
    for kind, lie in TEXT_LIES.items():
        rng = random.Random(kind)
        # Whoever wrote these knew of no earlier films: on a ledger that has one, a change may be true.
        fitting = [one for one in told if not one.is_compared] if kind == "change" else told
        for one in rng.choices(fitting, k=a_kind // 3):
            faulty = lie(one.pair.items, rng)
            if faulty:
                figures.count(f"written apart: {kind}", not one.is_kept(faulty), f"{one.pair.seed}: {faulty}")
    return figures


def sound(of: Iterable[Pair]) -> tuple[Mapping[str, Figures], Figures]:
    """What becomes of untouched claims and sentences.

    Of claims: those kept, those whose fields no check faults, and those kept word for word. Of sentences: those of the
    templates' claims and those of narratives that are kept.
    """
    claims, told = {name: Figures() for name in ("kept", "without a fault", "word for word")}, Figures()
    for pair in of:
        checked = verify(pair.conclusions, pair.items)
        _count_claims(pair, checked, claims)
        record = Record(pair.items)
        texts = [pair.narrative] if pair.narrative else [claim.text for claim in pair.claims]
        for sentence in (one for text in texts for one in sentences(text) if not one.startswith(_AGREEING)):
            read = narrated(sentence, checked.conclusions, record)
            why = "; ".join(problem for one in read for problem in one.problems)
            kind = "narratives" if pair.narrative else "template claims"
            told.count(kind, all(one.kept for one in read), f"{sentence} {why}")
    return claims, told


def _count_claims(pair: Pair, checked: Verification, figures: Mapping[str, Figures]) -> None:
    kind = "competent" if pair.narrative else "template"
    after = {claim.id: claim for one in checked.conclusions for claim in one.claims}
    for claim in pair.claims:
        stands, faulty = after.get(claim.id), claim.id in checked.faults
        why = next((one for one in checked.problems if one.startswith(f"{claim.id} ")), "")
        why = f"{claim.text} {checked.faults.get(claim.id, why)}"
        figures["kept"].count(kind, stands is not None, why)
        figures["without a fault"].count(kind, stands is not None and not faulty, why)
        figures["word for word"].count(kind, stands is not None and stands.text == claim.text, why)

"""Verifies conclusions against the ledger: each claim is supported, repaired or struck, in the open.

First each claim by itself (`checks`), with at most two rounds of repair (`repairs`); then the claims together:
contradictions are struck, and a finding that reaches its operating point and that no claim treats is added. A text that
says more than its claims is worded anew. No model takes part.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from wardround.contracts.base import Word
from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.diagnosis import Claim, Conclusion, StruckClaim, Verdict
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import BACKGROUND, Record, same_subject
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.reasoning.wording import statement, word
from wardround.orchestrator.verify.checks import OF_WORDS, failures
from wardround.orchestrator.verify.reader import Reader
from wardround.orchestrator.verify.repairs import repaired
from wardround.orchestrator.verify.wording_checks import text_problems

__all__ = ["ROUNDS", "Verification", "names_in", "next_number", "verify"]

ROUNDS = 2
_NO_FINDINGS = BACKGROUND | {EvidenceKind.SEGMENTATION}


class Verification(Word):
    """What came through, what was struck and why, and everything else that was found and mended.

    `faults` has, for each claim whose fields failed a check, what was wrong with them, by the claim's id; words that
    said too much are no fault of the fields.
    """

    conclusions: tuple[Conclusion, ...]
    struck: tuple[StruckClaim, ...] = ()
    problems: tuple[str, ...] = ()
    faults: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class _Bench:
    """The evidence, the reader, and what has been found so far."""

    def __init__(self, conclusions: Sequence[Conclusion], items: Sequence[Evidence]) -> None:
        self.record = Record(items)
        self.reader = Reader(names_in(conclusions, self.record))
        self.struck: list[StruckClaim] = []
        self.problems: list[str] = []
        self.faults: dict[str, tuple[str, ...]] = {}

    def strike(self, claim: Claim, reasons: Sequence[str]) -> None:
        self.struck.append(
            StruckClaim(claim=claim.model_copy(update={"verdict": Verdict.STRUCK}), problems=tuple(reasons))
        )

    def settle(self, claim: Claim) -> Claim | None:
        """The claim with its verdict, repaired where need be; None where it was struck."""
        claim = claim.model_copy(update={"subject": self._subject(claim.subject)})
        claim = claim if claim.text else claim.model_copy(update={"text": word(claim, self.record)})
        mended = claim
        reasons: list[str] = []
        for _ in range(ROUNDS + 1):
            failed = failures(mended, self.record, self.reader)
            if not failed:
                break
            reasons += [f"{name}: {problem}" for name, problems in failed.items() for problem in problems]
            told = tuple(problem for name, problems in failed.items() if name not in OF_WORDS for problem in problems)
            if told:
                self.faults.setdefault(claim.id, told)
            after = repaired(mended, failed.keys(), self.record)
            if after is None or after == mended:
                self.strike(claim, reasons)
                return None
            mended = after
        else:
            self.strike(claim, reasons)
            return None
        if reasons:
            self.problems.append(f"{claim.id} was repaired: {'; '.join(reasons)}")
        return mended.model_copy(update={"verdict": Verdict.REPAIRED if reasons else Verdict.SUPPORTED})

    def contradicted(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims that another one contradicts, No Finding first to give way; each is struck."""
        present = [claim for claim in claims if claim.polarity is Polarity.PRESENT and not self._is_of_quantity(claim)]
        absent = [claim for claim in claims if claim.polarity is Polarity.ABSENT]
        findings = [claim for claim in present if claim.subject != NO_FINDING]
        pairs = [(one, other) for one in present for other in absent if same_subject(one.subject, other.subject)]
        pairs += [(other, one) for one, other in pairs]
        pairs += [(one, findings[0]) for one in present if one.subject == NO_FINDING and findings]
        for one, other in {one.id: (one, other) for one, other in pairs}.values():
            reason = (
                f"contradiction: it says {one.subject} {one.polarity}, {other.id} says {other.subject} {other.polarity}"
            )
            self.strike(one, [reason])
            self.faults[one.id] = (reason,)
            self.problems.append(f"{one.id} was struck: {reason}")
        return [one for one, _ in pairs]

    def omitted(self, claims: Sequence[Claim], next_number: int) -> list[Conclusion]:
        """The template's conclusions on what reaches its operating point and no claim treats."""
        treated = {claim.subject for claim in claims}
        missing = {
            label
            for label, item in self.record.weighings.items()
            if item.polarity is Polarity.PRESENT and label not in treated
        }
        added = []
        for conclusion in conclude(self.record.items) if missing else ():
            if conclusion.subject in missing:
                numbered = [
                    claim.model_copy(update={"id": f"C{next_number + n}", "verdict": Verdict.SUPPORTED})
                    for n, claim in enumerate(conclusion.claims)
                ]
                next_number += len(numbered)
                added.append(conclusion.model_copy(update={"claims": tuple(numbered)}))
                self.problems.append(f"omission: no claim treated {conclusion.subject}; {numbered[0].id} was added")
        return added

    def restated(self, before: Conclusion, claims: tuple[Claim, ...]) -> Conclusion:
        """The conclusion with the claims that are left, in words that say no more than they do."""
        untouched = len(claims) == len(before.claims) and all(claim.verdict is Verdict.SUPPORTED for claim in claims)
        worded = statement(before.subject, claims, self.record)
        if not untouched or before.text == worded:
            return Conclusion(subject=before.subject, text=worded, claims=claims)
        excess = tuple(text_problems(before.text, claims, self.record, self.reader))
        if excess:
            self.problems.append(f"the conclusion on {before.subject} was worded anew: {'; '.join(excess)}")
        return Conclusion(subject=before.subject, text=worded if excess else before.text, claims=claims)

    def _is_of_quantity(self, claim: Claim) -> bool:
        """Whether it states a value or a change of a quantity; one that states a finding's says that it is there."""
        stated = claim.value is not None or claim.change is not None
        return stated and canonical_label(claim.subject) is None

    def _subject(self, subject: str) -> str:
        known = (item.subject for item in self.record.items if same_subject(item.subject, subject))
        return canonical_label(subject) or next(known, subject)


def verify(conclusions: Sequence[Conclusion], ledger_items: Sequence[Evidence]) -> Verification:
    """Checks every claim against the evidence; never raises on what a claim says.

    Each claim that comes through has the verdict SUPPORTED or REPAIRED. `problems` has one line for each repair,
    omission, contradiction and conclusion that was worded anew; what was struck is in `struck` with the reasons.
    """
    bench = _Bench(conclusions, ledger_items)
    settled = [[bench.settle(claim) for claim in conclusion.claims] for conclusion in conclusions]
    claims = [claim for group in settled for claim in group if claim is not None]
    fallen = bench.contradicted(claims)
    standing = [claim for claim in claims if claim not in fallen]
    added = bench.omitted(standing, next_number(conclusions))
    kept = [
        bench.restated(conclusion, left)
        for conclusion, group in zip(conclusions, settled, strict=True)
        if (left := tuple(claim for claim in group if claim is not None and claim not in fallen))
    ]
    return Verification(
        conclusions=(*kept, *added), struck=tuple(bench.struck), problems=tuple(bench.problems), faults=bench.faults
    )


def next_number(conclusions: Sequence[Conclusion]) -> int:
    """The first number that no claim's id has yet."""
    ids = (claim.id.removeprefix("C") for conclusion in conclusions for claim in conclusion.claims)
    return 1 + max((int(number) for number in ids if number.isdecimal()), default=0)


def names_in(conclusions: Sequence[Conclusion], record: Record) -> set[str]:
    """Every finding and quantity that the ledger or a claim names; structures and context are not findings."""
    names = {item.subject for item in record.items if item.kind not in _NO_FINDINGS and item.measurement is None}
    names |= {item.measurement.quantity for item in record.items if item.measurement is not None}
    return names | {claim.subject for conclusion in conclusions for claim in conclusion.claims}

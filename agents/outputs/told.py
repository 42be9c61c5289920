"""What a result says, put the same way for every format: statements with their numbers, who made them, and the gaps."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardround.contracts.anatomy import Region, Side
from wardround.contracts.base import NOTICE
from wardround.contracts.change import Change
from wardround.contracts.codes import FindingCode, canonical_label, finding_codes
from wardround.contracts.diagnosis import Claim, Diagnosis
from wardround.contracts.evidence import Degree, Evidence, EvidenceKind, Measurement, Polarity, Source

__all__ = ["Note", "NoteKind", "Number", "Statement", "Told", "told"]

# At most as long as DICOM's Code Value; UCUM section 2.1 has the characters.
_UCUM = re.compile(r"[A-Za-z0-9%{}\[\]()/.*+'_^-]{1,16}")
SCORE = "Model score, not a probability"
PROBABILITY = "Probability"
_CONFIDENCE = (EvidenceKind.WEIGHING, EvidenceKind.FINDING, EvidenceKind.LESION)
SYNTHETIC = "Synthetic film: no person was imaged."


class NoteKind(StrEnum):
    """What is said beside the statements; the values are headings for people."""

    NOTICE = "Intended use"
    REFUSED = "Refused"
    ABSTAINED = "Abstained"
    CONCLUSION = "Conclusion"
    STRUCK = "Struck claim"
    MISSING = "Missing specialist"
    WARNING = "Warning"
    NOT_ASSESSED = "Not assessed"
    REASONER = "Reasoner"


@dataclass(frozen=True)
class Note:
    """One text beside the statements."""

    kind: NoteKind
    text: str


@dataclass(frozen=True)
class Number:
    """A number and who it is from; `read` are the models whose numbers went into it.

    `name` is 'Probability' for calibrated probabilities alone. `range` bounds what is normal, where that is stated.
    """

    name: str
    value: float
    unit: str
    source: Source
    read: tuple[Source, ...] = ()
    range: tuple[float | None, float | None] = (None, None)
    reference: str = ""

    @property
    def ucum(self) -> str:
        """The unit's UCUM code; UCUM's annotation '{other}' for words that cannot be one."""
        return self.unit if _UCUM.fullmatch(self.unit) else "{other}"


@dataclass(frozen=True)
class Statement:
    """A claim that the verifier let stand. `code` is None for what the table of findings does not hold."""

    key: str
    subject: str
    code: FindingCode | None
    polarity: Polarity
    side: Side | None
    region: Region | None
    degree: Degree | None
    change: Change | None
    numbers: tuple[Number, ...]
    source: Source | None
    measured: bool
    text: str


@dataclass(frozen=True)
class Told:
    """All of a result that leaves the house; `digest` is of the result itself, and names what is made of it."""

    run_id: str
    digest: str
    created_at: str
    synthetic: bool
    version: str
    statements: tuple[Statement, ...]
    models: tuple[Source, ...]
    notes: tuple[Note, ...]


def told(result: Diagnosis) -> Told:
    """What a result says. The same result always gives the same, in the same order."""
    items = {item.id: item for item in result.evidence}
    claims = [claim for one in result.conclusions for claim in one.claims]
    statements = tuple(_statement(claim, items) for claim in claims)
    used = [source for one in statements for source in _sources(one)]
    return Told(
        run_id=result.run_id,
        digest=hashlib.sha256(result.model_dump_json(exclude={"timings"}).encode()).hexdigest(),
        created_at=result.created_at,
        synthetic=result.synthetic,
        version=result.wardround_version,
        statements=statements,
        models=tuple(dict.fromkeys(used)),
        notes=tuple(_notes(result)),
    )


def _sources(statement: Statement) -> Iterator[Source]:
    if statement.source is not None:
        yield statement.source
    for number in statement.numbers:
        yield number.source
        yield from number.read


def _statement(claim: Claim, items: Mapping[str, Evidence]) -> Statement:
    cited = [items[name] for name in claim.citations if name in items]
    label = canonical_label(claim.subject)
    code = finding_codes()[label] if label is not None else None
    numbers = tuple(_numbers(claim, cited, items))
    return Statement(
        key=claim.id,
        subject=code.name if code is not None else claim.subject,
        code=code,
        polarity=claim.polarity,
        side=claim.side,
        region=claim.region,
        degree=claim.degree,
        change=claim.change,
        numbers=numbers,
        source=numbers[0].source if numbers else cited[0].source if cited else None,
        measured=code is None and claim.value is not None,
        text=claim.text or f"{claim.subject}: {claim.polarity.value}",
    )


def _numbers(claim: Claim, cited: list[Evidence], items: Mapping[str, Evidence]) -> Iterator[Number]:
    """The claim's numbers; one that no cited item states has nobody to answer for it, and is left out."""
    if claim.value is not None:
        for item in cited:
            measured = item.measurement
            if measured is not None and _same(measured.value, claim.value):
                yield _measurement(claim.value, claim.unit or measured.unit, measured, item.source)
                break
    if claim.confidence is not None:
        by_kind = sorted((item for item in cited if item.kind in _CONFIDENCE), key=lambda one: _order(one, claim))
        for item in by_kind:
            if item.value is not None and _same(item.value, claim.confidence):
                calibrated = claim.calibrated and item.source.calibrated
                name = PROBABILITY if calibrated else SCORE
                yield Number(name, claim.confidence, "1", item.source, tuple(dict.fromkeys(_read(item, items))))
                break


def _order(item: Evidence, claim: Claim) -> tuple[int, bool]:
    return _CONFIDENCE.index(item.kind), item.subject != claim.subject


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)


def _measurement(value: float, unit: str, measured: Measurement, source: Source) -> Number:
    return Number(
        measured.quantity, value, unit, source, range=(measured.low, measured.high), reference=measured.reference
    )


def _read(item: Evidence, items: Mapping[str, Evidence]) -> Iterator[Source]:
    for voice in item.voices:
        if voice.source != item.source:
            yield voice.source
    if item.kind is EvidenceKind.WEIGHING:
        for name in item.derived_from:
            if name in items:
                yield items[name].source
                yield from _read(items[name], items)


def _notes(result: Diagnosis) -> Iterator[Note]:
    yield Note(NoteKind.NOTICE, NOTICE)
    if result.synthetic:
        yield Note(NoteKind.WARNING, SYNTHETIC)
    if result.refusal is not None:
        yield Note(NoteKind.REFUSED, f"{result.refusal.code.value}: {result.refusal}")
    if result.abstained:
        yield Note(NoteKind.ABSTAINED, result.abstention_reason)
    for one in result.conclusions:
        yield Note(NoteKind.CONCLUSION, one.text or one.subject)
    for struck in result.struck:
        said = struck.claim.text or f"{struck.claim.subject}: {struck.claim.polarity.value}"
        yield Note(NoteKind.STRUCK, f"{said} ({'; '.join(struck.problems)})")
    for lacking in result.missing:
        yield Note(NoteKind.MISSING, f"{lacking.specialist} ({lacking.role}): {lacking.problem}")
    for warning in result.warnings:
        yield Note(NoteKind.WARNING, warning)
    if result.not_assessed:
        yield Note(NoteKind.NOT_ASSESSED, ", ".join(result.not_assessed))
    if result.reasoner:
        yield Note(NoteKind.REASONER, result.reasoner)

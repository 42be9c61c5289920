"""The ledger's items, looked up by id and by what they are about."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache

from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.codes.diagnoses import DiagnosisRule
from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.orchestrator.reasoning.relations import MIN_OVERLAP, bears_on, same_lesion

__all__ = ["BACKGROUND", "Record", "clear_places", "raising", "same_subject", "twins"]

# Kinds that may stand beside any claim, and bear none.
BACKGROUND = frozenset({EvidenceKind.CONTEXT, EvidenceKind.QUALITY, EvidenceKind.CASE, EvidenceKind.PROGNOSIS})

# Kinds of which a specialist that is configured twice, or asked twice, gives the same item again.
_TWINNED = frozenset({EvidenceKind.FINDING, EvidenceKind.LESION, EvidenceKind.MEASUREMENT, EvidenceKind.OBSERVATION})


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    return (canonical_label(name) or name).casefold()


def same_subject(one: str, other: str) -> bool:
    """Whether two names mean the same finding or quantity."""
    return _folded(one) == _folded(other)


class Record:
    """Read-only view of the evidence on one film.

    Attributes:
        items: in the ledger's order.
        weighings: the pooled belief by label; the last one where the ledger holds several.
    """

    def __init__(self, items: Sequence[Evidence]) -> None:
        self.items = tuple(items)
        self._by_id = {item.id: item for item in items}
        self.weighings = {item.subject: item for item in items if item.kind is EvidenceKind.WEIGHING}

    def get(self, evidence_id: str) -> Evidence | None:
        """The item with that id."""
        return self._by_id.get(evidence_id)

    def cited(self, claims: Iterable[Claim]) -> tuple[Evidence, ...]:
        """The existing items that any of the claims cites, each once."""
        ids = dict.fromkeys(citation for claim in claims for citation in claim.citations)
        return tuple(item for item in map(self.get, ids) if item is not None)

    def of(self, subject: str, *kinds: EvidenceKind) -> tuple[Evidence, ...]:
        """The items of those kinds whose own subject it is."""
        return tuple(item for item in self.items if item.kind in kinds and same_subject(item.subject, subject))

    def lesion(self, item: Evidence) -> Evidence | None:
        """The outlined lesion that an item is, or whose place it tells; None for all else."""
        if item.kind is EvidenceKind.LESION:
            return item
        origins = map(self.get, item.derived_from if item.location is not None else ())
        return next((one for one in origins if one is not None and one.kind is EvidenceKind.LESION), None)

    def lesions(self, label: str) -> tuple[Evidence, ...]:
        """The outlined lesions that may say where a finding lies and how large it is, the surest first."""
        found = (one for one in self.items if one.kind is EvidenceKind.LESION and same_lesion(one.subject, label))
        return tuple(sorted(found, key=lambda one: -(one.value or 0.0)))

    def outlined(self, lesion: Evidence) -> tuple[Evidence, ...]:
        """What places a lesion clearly: its own item, or one derived from it; the largest overlap first."""
        return clear_places([item for item in self.items if self.lesion(item) is lesion])

    def places(self, label: str) -> tuple[Evidence, ...]:
        """The location items of a finding that are of heat maps, not of outlined lesions."""
        return tuple(item for item in self.of(label, EvidenceKind.LOCATION) if self.lesion(item) is None)

    def about(self, item: Evidence, subject: str) -> bool:
        """Whether an item speaks of the subject: by name, by its quantity, or by being derived from one that does.

        A lesion and its place speak of what it was outlined as, and of a diameter only as that finding's.
        """
        lesion = self.lesion(item)
        if lesion is not None:
            return same_lesion(lesion.subject, canonical_label(subject) or subject)
        if _names(item, subject):
            return True
        origins = filter(None, map(self.get, item.derived_from))
        return any(_names(origin, subject) for origin in origins if origin.kind is not EvidenceKind.LESION)

    def carries(self, item: Evidence, subject: str) -> bool:
        """Whether an item can bear a claim on the subject by itself, which no background and no outlined lesion can."""
        return item.kind not in BACKGROUND and self.lesion(item) is None and self.about(item, subject)

    def relevant(self, item: Evidence, subject: str) -> bool:
        """Whether an item may be cited for the subject: it is about it, led to an item about it, or bears on it."""
        if item.kind in BACKGROUND or self.about(item, subject):
            return True
        if self.lesion(item) is not None:
            return False
        finding = bears_on(subject)
        if finding is not None and _names(item, finding):
            return True
        if subject == NO_FINDING and item in self.against_normal():
            return True
        led_to = (one for one in self.items if one.kind is not EvidenceKind.LESION and item.id in one.derived_from)
        return any(_names(one, subject) for one in led_to)

    def suspected(self) -> tuple[str, ...]:
        """The labels, No Finding apart, whose evidence reaches its operating point."""
        return tuple(
            label for label, item in self.weighings.items() if label != NO_FINDING and item.polarity is Polarity.PRESENT
        )

    def against_normal(self) -> tuple[Evidence, ...]:
        """What is at odds with a normal film: weighings of suspected findings, and measurements that speak for one.

        A measurement counts although it is not pooled: above its upper limit it is itself abnormal.
        """
        suspected = tuple(self.weighings[label] for label in self.suspected())
        return (*suspected, *(item for item in self.items if _above_its_limit(item)))


def _above_its_limit(item: Evidence) -> bool:
    measured = item.measurement
    if measured is None or measured.high is None or bears_on(measured.quantity) is None:
        return False
    return measured.value > measured.high


def _names(item: Evidence, subject: str) -> bool:
    if same_subject(item.subject, subject):
        return True
    if item.measurement is None:
        return False
    return same_subject(item.measurement.quantity, subject) or bears_on(item.measurement.quantity) == subject


def clear_places(items: Collection[Evidence]) -> tuple[Evidence, ...]:
    """The location items that are clear enough to name a place, the largest overlap first."""
    by_overlap = sorted(
        ((item.location.overlap, item) for item in items if item.location is not None), key=lambda pair: -pair[0]
    )
    return tuple(item for overlap, item in by_overlap if overlap >= MIN_OVERLAP)


def raising(rule: DiagnosisRule, items: Iterable[Evidence]) -> tuple[str, ...]:
    """The findings among the items that raise a diagnosis: those whose weighing suspects them."""
    suspected = {
        item.subject for item in items if item.kind is EvidenceKind.WEIGHING and item.polarity is Polarity.PRESENT
    }
    return tuple(label for label in rule.findings if label in suspected)


def twins(items: Iterable[Evidence]) -> Iterator[tuple[Evidence, Evidence]]:
    """Pairs of items that are one piece of evidence under two ids: the same network's word on the same film."""
    seen: dict[Hashable, Evidence] = {}
    for item in items:
        if item.kind not in _TWINNED:
            continue
        # Without a digest of its weights nothing tells one network from another of the same name.
        source = item.source.weights_digest or (item.source.specialist, item.source.model, item.source.version)
        values = (item.value, item.measurement, tuple(voice.value for voice in item.voices))
        # Two lesions of one film may measure and score the same; their outlines tell them apart.
        outline = tuple((one.digest, one.channel) for one in item.artefacts if item.kind is EvidenceKind.LESION)
        key = (item.kind, item.subject, source, item.input_digest, values, outline)
        if key in seen:
            yield seen[key], item
        else:
            seen[key] = item

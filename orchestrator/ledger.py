"""The append-only ledger of a run: every item that a specialist reported, numbered, with its source as configured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from graphlib import CycleError, TopologicalSorter

from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, Source
from wardround.orchestrator.lesions import ill_formed

__all__ = ["Ledger"]

# Kinds whose subject is a finding, brought to the code table's label so that items on one finding meet.
_ABOUT_FINDINGS = frozenset(
    {
        EvidenceKind.FINDING,
        EvidenceKind.LESION,
        EvidenceKind.LOCATION,
        EvidenceKind.WEIGHING,
        EvidenceKind.OBSERVATION,
    }
)


class Ledger:
    """Items E1, E2, … in the order of their arrival. Items are never changed or taken out.

    `Ledger(items)` restores one from what `items` gave, for states that are kept as plain JSON.
    """

    def __init__(self, items: Iterable[Evidence] = ()) -> None:
        self._items = list(items)
        if [item.id for item in self._items] != [f"E{n}" for n in range(1, len(self._items) + 1)]:
            raise ValueError("a ledger is restored from its own items, E1, E2, … without gaps")

    @property
    def items(self) -> tuple[Evidence, ...]:
        """All items so far, in order."""
        return tuple(self._items)

    def append(
        self,
        specialist: str,
        report_items: Sequence[Evidence],
        film_digest: str,
        *,
        trusted_calibration: bool = False,
    ) -> Problem | None:
        """Adds a report whole, or returns why none of it was added.

        A report is refused (WRONG_SHAPE) where a reference points nowhere or in a circle, where two of its items share
        an id, where a weighing comes from a specialist whose calibration is not trusted (what all the evidence amounts
        to is not a stranger's to say), and where a lesion is ill-formed (see `lesions`).

        Ids, `source.specialist` and `input_digest` are overwritten: they are never believed from the wire. References
        (`derived_from`, contributions) may name an item of the same report by its own id, or one of the ledger by its
        ledger id; where both exist, the report's own is meant.

        Args:
            specialist: the configured name of who reported.
            film_digest: digest of the film that the report is on.
            trusted_calibration: whether configuration vouches for its calibration; if not, its numbers are scores.
        """
        local = [item.id for item in report_items if item.id]
        fresh = [f"E{len(self._items) + n}" for n in range(1, len(report_items) + 1)]
        names = {item.id: item.id for item in self._items}
        names |= {item.id: new for item, new in zip(report_items, fresh, strict=True) if item.id}
        refusal = _refusal(report_items, local, names.keys(), trusted_calibration)
        if refusal:
            return Problem(
                code=ProblemCode.WRONG_SHAPE,
                message=f"The report of '{specialist}' was not taken into the evidence: {refusal}.",
                hint="Mend the specialist; the run goes on without it.",
            )
        for item, new in zip(report_items, fresh, strict=True):
            self._items.append(_entered(item, new, names, specialist, film_digest, trusted_calibration))
        return None

    def exported(self) -> tuple[Evidence, ...]:
        """The items without the addresses of their artefacts, which expire and are nobody else's business."""
        return tuple(
            item.model_copy(
                update={"artefacts": tuple(artefact.model_copy(update={"url": None}) for artefact in item.artefacts)}
            )
            for item in self._items
        )


def _references(item: Evidence) -> list[str]:
    # In a contribution, an empty id stands for the prior.
    return [*item.derived_from, *(part.evidence_id for part in item.contributions if part.evidence_id)]


def _refusal(items: Sequence[Evidence], local: Sequence[str], known: Set[str], trusted: bool) -> str:
    """What is wrong with a report, or ''."""
    if len(set(local)) != len(local):
        return "two of its items have the same id"
    if not trusted and any(item.kind is EvidenceKind.WEIGHING for item in items):
        return "it reports a weighing, and is not trusted to weigh"
    if wrong := next(filter(None, map(ill_formed, items)), ""):
        return wrong
    if any(reference not in known for item in items for reference in _references(item)):
        return "an item refers to evidence that does not exist"
    try:
        TopologicalSorter({item.id: set(_references(item)) & set(local) for item in items if item.id}).prepare()
    except CycleError:
        return "its items are derived from each other in a circle"
    return ""


def _entered(
    item: Evidence, new: str, names: Mapping[str, str], specialist: str, film_digest: str, trusted: bool
) -> Evidence:
    """The item as it stands in the ledger; `names` gives the ledger id for each id that it may refer to."""

    def claimed(source: Source) -> Source:
        return source.model_copy(update={"specialist": specialist, "calibrated": source.calibrated and trusted})

    label = canonical_label(item.subject) if item.kind in _ABOUT_FINDINGS else None
    return item.model_copy(
        update={
            "id": new,
            "subject": label or item.subject,
            "source": claimed(item.source),
            "voices": tuple(voice.model_copy(update={"source": claimed(voice.source)}) for voice in item.voices),
            "derived_from": tuple(names[reference] for reference in item.derived_from),
            "contributions": tuple(
                part.model_copy(update={"evidence_id": names.get(part.evidence_id, "")}) for part in item.contributions
            ),
            "input_digest": film_digest,
        }
    )

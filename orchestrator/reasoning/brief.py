"""Writes the ledger out for a language model: typed fields only, one item a line, no word that a stranger wrote.

Of a foreign specialist's report the model sees ids, numbers and closed vocabularies. A subject that is neither in the
code table nor made of the words that quantities are made of is shown as 'unlisted', so that an instruction that
somebody wrote into a field does not reach the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from wardround.contracts.codes import canonical_label
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.orchestrator.lesions import PIXELS
from wardround.orchestrator.reasoning.relations import MIN_OVERLAP
from wardround.orchestrator.reasoning.words import finding_name, quantity

__all__ = ["brief", "listed", "shown_subject"]

_QUANTITY_WORDS = frozenset(
    [
        "left",
        "right",
        "bilateral",
        "upper",
        "middle",
        "lower",
        "zone",
        "lung",
        "lungs",
        "heart",
        "cardiac",
        "cardiothoracic",
        "thoracic",
        "clavicle",
        "mediastinum",
        "mediastinal",
        "costophrenic",
        "pleural",
        "nodule",
        "lesion",
        "mass",
        "ratio",
        "area",
        "angle",
        "width",
        "height",
        "depth",
        "diameter",
        "length",
        "volume",
        "thickness",
        "distance",
        "count",
        "maximum",
        "minimum",
        "mean",
        "total",
        "long",
        "short",
        "axis",
        "of",
        "the",
    ]
)
_NAME = re.compile(r"[a-z][a-z ()-]{0,58}")
_UNIT = re.compile(rf"[\w%/.*]{{1,12}}|{re.escape(PIXELS)}")


def brief(items: Sequence[Evidence]) -> str:
    """The evidence as lines of `id | kind | subject | …`, in the given order."""
    return "\n".join(" | ".join((item.id, *line)) for item, line in listed(items))


def listed(items: Sequence[Evidence]) -> Iterator[tuple[Evidence, tuple[str, ...]]]:
    """The items that a model is shown, each with its fields after the id.

    A detector's own score is shown only where it was not pooled or its finding is not plainly absent: what detectors
    say together stands in the weighing, and a long list costs more than it tells.
    """
    weighed = {item.subject for item in items if item.kind is EvidenceKind.WEIGHING}
    open_ = {
        item.subject
        for item in items
        if item.kind is EvidenceKind.WEIGHING and (item.polarity is None or item.polarity.value != "absent")
    }
    lesions = {item.id for item in items if item.kind is EvidenceKind.LESION}
    for item in items:
        if item.kind is EvidenceKind.FINDING and item.subject in weighed - open_:
            continue
        fields = _FIELDS.get(item.kind)
        if fields is not None:
            said = tuple(filter(None, fields(item)))
            if said:
                said += tuple(f"outline of {origin}" for origin in item.derived_from if origin in lesions)
                yield item, (item.kind.value, shown_subject(item), *said)


def shown_subject(item: Evidence) -> str:
    """The item's subject, or what stands for it where a stranger chose its words."""
    if item.kind is EvidenceKind.CASE:
        return "similar case"
    if item.cue is not None:
        return item.cue.name
    label = canonical_label(item.subject)
    if label is not None:
        return finding_name(label)
    name = item.subject.replace("_", " ").casefold()
    if _NAME.fullmatch(name) and set(re.findall(r"[a-z]+", name)) <= _QUANTITY_WORDS:
        return name
    return "unlisted"


def _number(item: Evidence) -> str:
    if item.value is None:
        return ""
    return f"{'probability' if item.source.calibrated else 'score'} {item.value:.2f}"


def _polarity(item: Evidence) -> str:
    return item.polarity.value if item.polarity is not None else ""


def _location(item: Evidence) -> tuple[str, ...]:
    where = item.location
    if where is None or where.overlap < MIN_OVERLAP:
        return ()
    return f"side {where.side.value}", f"region {where.region.value}", f"overlap {where.overlap:.2f}"


def _measurement(item: Evidence) -> tuple[str, ...]:
    measured = item.measurement
    if measured is None:
        return ()
    unit = measured.unit if _UNIT.fullmatch(measured.unit) else "unlisted unit"
    limits = [
        f"{name} limit {bound:g}"
        for name, bound in (("lower", measured.low), ("upper", measured.high))
        if bound is not None
    ]
    return f"value {quantity(measured.value, unit)}", f"unit {unit}", *limits


def _comparison(item: Evidence) -> tuple[str, ...]:
    change = item.comparison
    if change is None:
        return ()
    return f"change {change.change.value}", f"before {change.before:.2f}", f"now {change.now:.2f}"


def _case(item: Evidence) -> tuple[str, ...]:
    if item.case is None:
        return ()
    labels = [finding_name(label) for name in item.case.findings if (label := canonical_label(name))]
    return f"similarity {item.case.similarity:.2f}", f"showed {', '.join(labels) or 'nothing listed'}"


def _context(item: Evidence) -> tuple[str, ...]:
    """Only what was read into a closed vocabulary; a history's own words are never shown."""
    cue = item.cue
    if cue is None:
        return ()
    lasting = f"for {cue.duration_days:g} days" if cue.duration_days is not None else ""
    value = f"{cue.value:g}" if cue.value is not None else ""
    return cue.kind.value, f"told {cue.told.value}", value, lasting


_FIELDS: dict[EvidenceKind, Callable[[Evidence], tuple[str, ...]]] = {
    EvidenceKind.WEIGHING: lambda item: (_polarity(item), _number(item)),
    EvidenceKind.FINDING: lambda item: (_number(item),),
    EvidenceKind.OBSERVATION: lambda item: (_polarity(item), item.degree.value if item.degree else ""),
    EvidenceKind.LOCATION: _location,
    EvidenceKind.LESION: lambda item: (_number(item), *_measurement(item), *_location(item)),
    EvidenceKind.MEASUREMENT: _measurement,
    EvidenceKind.COMPARISON: _comparison,
    EvidenceKind.CASE: _case,
    EvidenceKind.CONTEXT: _context,
}

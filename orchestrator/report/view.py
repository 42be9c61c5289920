"""Turns a result into what the page shows: linked sentences, bars, groups of rows. Pure data, no markup."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.contracts.diagnosis import Claim, Conclusion, Diagnosis
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Polarity, Source
from wardround.contracts.render import LayerStyle
from wardround.orchestrator.report.pictures import PictureLayer, Pictures
from wardround.orchestrator.report.rows import finding_rows

__all__ = [
    "KIND_TITLES",
    "Bar",
    "BoxView",
    "ClaimView",
    "ConclusionView",
    "Model",
    "Part",
    "WeighingView",
    "boxes",
    "cited_by",
    "conclusion_views",
    "evidence_groups",
    "linked",
    "models",
    "weighing_views",
]

# In the order in which a reader asks for them.
KIND_TITLES = {
    EvidenceKind.WEIGHING: "Weighing: the pooled belief in a finding",
    EvidenceKind.FINDING: "Finding: what a detector reports for a label",
    EvidenceKind.LOCATION: "Location: where a finding's heat map or a lesion's outline lies",
    EvidenceKind.LESION: "Lesions: outlined candidates",
    EvidenceKind.MEASUREMENT: "Measurement",
    EvidenceKind.COMPARISON: "Comparison: what has changed since an earlier film",
    EvidenceKind.OBSERVATION: "Observation: what an uncalibrated reader saw",
    EvidenceKind.CASE: "Case: a similar case",
    EvidenceKind.PROGNOSIS: "Prognosis: what a survival model expects",
    EvidenceKind.SEGMENTATION: "Segmentation: the outline of a structure",
    EvidenceKind.QUALITY: "Quality: is this a film that the models may read",
    EvidenceKind.CONTEXT: "Context: what was told with the request",
}
_POLARITY_ORDER = (Polarity.PRESENT, Polarity.UNCERTAIN, Polarity.ABSENT, None)


@dataclass(frozen=True)
class Part:
    """A piece of text; `target` is the evidence id that it links to, or ''."""

    text: str
    target: str = ""


@dataclass(frozen=True)
class BoxView:
    """A rectangle over the film, in fractions of its width and height, for one suspected or undecided finding."""

    id: str
    label: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class ClaimView:
    """A claim, its sentence cut at the ids that it names, and the heat map that belongs to it."""

    claim: Claim
    parts: tuple[Part, ...]
    heat: PictureLayer | None


@dataclass(frozen=True)
class ConclusionView:
    """A conclusion; `parts` is empty where its claims say it all. `is_list`: it gathers claims on many subjects."""

    conclusion: Conclusion
    parts: tuple[Part, ...]
    claims: tuple[ClaimView, ...]
    is_list: bool

    @property
    def is_measured(self) -> bool:
        """Whether its claims state measurements."""
        return all(one.claim.value is not None for one in self.claims)

    @property
    def is_finding(self) -> bool:
        """Whether it is about something abnormal, so that 'present' is the worse reading."""
        return self.conclusion.subject != NO_FINDING


@dataclass(frozen=True)
class Bar:
    """A contribution as a bar from `x` to `x + width` on a scale from -100 to 100, 0 in the middle."""

    part: Contribution
    x: float
    width: float


@dataclass(frozen=True)
class WeighingView:
    """A weighing item with its terms and their sum, in log-odds."""

    item: Evidence
    bars: tuple[Bar, ...]
    total: float


@dataclass(frozen=True)
class Model:
    """A model that gave evidence, and the ids of its items."""

    source: Source
    items: tuple[str, ...]


def linked(text: str, ids: Collection[str], citations: Iterable[str] = ()) -> tuple[Part, ...]:
    """The text cut at every id of `ids`; the citations that it does not name follow it. An unknown id is no link."""
    words = "|".join(map(re.escape, sorted(ids, key=len, reverse=True)))
    pieces = re.split(rf"(?<![\w-])({words})(?![\w-])", text) if words else [text]
    parts = [Part(piece, piece if odd % 2 else "") for odd, piece in enumerate(pieces) if piece]
    named = {part.target for part in parts}
    for citation in citations:
        if citation in ids and citation not in named:
            parts += [Part(" "), Part(citation, citation)]
        elif citation not in ids and citation not in text:
            parts.append(Part(f" {citation} (no such item)"))
    return tuple(parts)


def conclusion_views(result: Diagnosis, pictures: Pictures) -> tuple[ConclusionView, ...]:
    """The conclusions in their order."""
    ids = {item.id for item in result.evidence}
    heat = {layer.subject: layer for layer in pictures.of_style(LayerStyle.HEAT)}
    return tuple(_conclusion(one, ids, heat) for one in result.conclusions)


def _conclusion(conclusion: Conclusion, ids: set[str], heat: Mapping[str, PictureLayer]) -> ConclusionView:
    repeats = conclusion.text.split() == " ".join(claim.text for claim in conclusion.claims).split()
    claims = tuple(
        ClaimView(
            claim,
            linked(claim.text or f"{claim.subject}: {claim.polarity.value}", ids, claim.citations),
            heat.get(canonical_label(claim.subject) or claim.subject),
        )
        for claim in conclusion.claims
    )
    return ConclusionView(
        conclusion,
        () if repeats else linked(conclusion.text, ids),
        claims,
        any(claim.subject != conclusion.subject for claim in conclusion.claims),
    )


def weighing_views(result: Diagnosis) -> tuple[WeighingView, ...]:
    """The weighings with terms, suspected findings first, all on one scale so that bars compare across findings."""
    items = [item for item in result.evidence if item.kind is EvidenceKind.WEIGHING and item.contributions]
    items.sort(key=lambda item: (_POLARITY_ORDER.index(item.polarity), -(item.value or 0.0)))
    largest = max((abs(part.log_odds) for item in items for part in item.contributions), default=0.0) or 1.0
    return tuple(
        WeighingView(
            item,
            tuple(_bar(part, 100.0 / largest) for part in item.contributions),
            math.fsum(part.log_odds for part in item.contributions),
        )
        for item in items
    )


def _bar(part: Contribution, scale: float) -> Bar:
    end = round(part.log_odds * scale, 2)
    return Bar(part, min(0.0, end), abs(end))


def cited_by(result: Diagnosis) -> dict[str, list[str]]:
    """The ids of the claims that cite an item, by its id; items that none cites are left out."""
    found: dict[str, list[str]] = {}
    for conclusion in result.conclusions:
        for claim in conclusion.claims:
            for citation in dict.fromkeys(claim.citations):
                found.setdefault(citation, []).append(claim.id)
    return found


def evidence_groups(result: Diagnosis) -> tuple[tuple[str, tuple[Evidence, ...]], ...]:
    """A title and the items of that kind, for each kind that there is."""
    found = ((title, [one for one in result.evidence if one.kind is kind]) for kind, title in KIND_TITLES.items())
    return tuple((title, tuple(items)) for title, items in found if items)


def models(result: Diagnosis) -> tuple[Model, ...]:
    """Every model that spoke, alone or as a voice of an ensemble, in the order of its first word."""
    items: dict[Source, dict[str, None]] = {}
    for item in result.evidence:
        for source in (item.source, *(voice.source for voice in item.voices)):
            items.setdefault(source, {})[item.id] = None
    return tuple(Model(source, tuple(ids)) for source, ids in items.items())


def boxes(result: Diagnosis) -> tuple[BoxView, ...]:
    """The box of each suspected or undecided finding that was located with one, in the order of the findings."""
    located = ((row.name, row.locations[0].location) for row in finding_rows(result) if row.locations)
    found = ((name, place.box) for name, place in located if place is not None and place.box is not None)
    return tuple(
        BoxView(f"box-{number}", name, box.left, box.top, box.width, box.height)
        for number, (name, box) in enumerate(found, start=1)
    )

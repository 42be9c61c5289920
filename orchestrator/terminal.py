"""A diagnosis on a terminal: readable at 80 columns and without colour; foreign text is shown, never obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wardround.contracts.diagnosis import Claim, Conclusion, Diagnosis, Verdict
from wardround.contracts.evidence import Contribution, EvidenceKind, Measurement
from wardround.contracts.printable import printable
from wardround.orchestrator.reasoning.words import cites, finding_name, quantity
from wardround.orchestrator.report.rows import FindingRow, finding_rows, lesion_rows, located, numbered, sized
from wardround.orchestrator.summary import reasoning_lines, screen_line

__all__ = ["result_table"]

_COLUMNS = (("Finding", 19), ("Number", 12), ("Where (overlap)", 15), ("Evidence", 11))
_STRONGEST = 2
_STATUS_STYLES = {"complete": "green", "partial": "yellow", "refused": "red"}
_POLARITY = {"present": ("suspected", "bold red"), "uncertain": ("undecided", "yellow")}


def result_table(result: Diagnosis) -> RenderableType:
    """Status, what the screen found, cited conclusions, suspected findings, measurements, gaps, and the notice last."""
    parts: list[RenderableType] = [_title(result), *_prominent(result)]
    if result.conclusions:
        parts += [_heading("Conclusions"), *(_bullet(_said(one)) for one in result.conclusions)]
    rows = finding_rows(result)
    if rows:
        parts += [_heading("Suspected and undecided findings"), _findings(rows)]
    parts += _listed("Measurements", _measurements(result))
    parts += _listed("Outlined candidates (a score is no probability, and makes no finding likelier)", _lesions(result))
    if result.reasoning is not None:
        parts += _listed("Reasoning", (line.strip() for line in reasoning_lines(result.reasoning)))
    parts += _listed("Missing", (f"{one.specialist} ({one.role}): {one.problem}" for one in result.missing))
    parts += _listed("Struck", (f"{_worded(one.claim)} ({'; '.join(one.problems)})" for one in result.struck))
    parts += _listed("Warnings", result.warnings)
    if result.not_assessed:
        parts += [_heading("Not assessed"), Padding(_plain(", ".join(result.not_assessed) + ".", "dim"), (0, 0, 0, 2))]
    parts += [Text(), _plain(result.notice, "italic")]
    return Group(*parts)


def _plain(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _title(result: Diagnosis) -> Text:
    title = Text.assemble(
        ("Wardround ", "bold"),
        _plain(f"{result.run_id}: "),
        (result.status.value, f"bold {_STATUS_STYLES[result.status.value]}"),
    )
    return title.append("  SYNTHETIC", "bold magenta") if result.synthetic else title


def _prominent(result: Diagnosis) -> Iterator[Text]:
    if result.synthetic:
        yield _plain("SYNTHETIC: this film is a computed phantom, not a person.", "magenta")
    if result.refusal is not None:
        yield _plain(f"REFUSED ({result.refusal.code.value}): {result.refusal}", "bold red")
    if result.abstained:
        yield _plain(f"ABSTAINED: {result.abstention_reason}", "bold yellow")
    if result.screen:
        yield _plain(f"Screen: {screen_line(result.screen)}.")


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _bullet(text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2, justify="right")
    grid.add_column(ratio=1)
    grid.add_row("-", _plain(text))
    return grid


def _listed(heading: str, lines: Iterable[str]) -> list[RenderableType]:
    bullets = [_bullet(line) for line in lines]
    return [_heading(heading), *bullets] if bullets else []


def _worded(claim: Claim) -> str:
    return claim.text or f"{claim.subject}: {claim.polarity.value}"


def _said(conclusion: Conclusion) -> str:
    """The conclusion, the citations of claims of which its text names none, and every verdict but plain support."""
    named = set(re.findall(r"[\w-]+", conclusion.text))
    unsaid = tuple(
        dict.fromkeys(
            name for claim in conclusion.claims if named.isdisjoint(claim.citations) for name in claim.citations
        )
    )
    doubts = [
        f"{claim.id} {claim.verdict.value}" for claim in conclusion.claims if claim.verdict is not Verdict.SUPPORTED
    ]
    return " ".join(
        filter(
            None,
            (
                conclusion.text or conclusion.subject,
                cites(unsaid) if unsaid else "",
                f"({', '.join(doubts)})" if doubts else "",
            ),
        )
    )


def _findings(rows: Iterable[FindingRow]) -> Table:
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
    for name, ratio in _COLUMNS:
        table.add_column(name, ratio=ratio, overflow="fold")
    table.add_column("Moved, log-odds", ratio=19, no_wrap=True, overflow="ellipsis")
    table.expand = True
    for row in rows:
        word, style = _POLARITY[row.polarity.value]
        table.add_row(
            _plain(row.name).append(f"\n{word}", style),
            numbered(row.value, row.calibrated) if row.value is not None else "none given",
            _plain(_where(row)),
            _plain(" ".join(item.id for item in (*row.items, *row.locations))),
            Text("\n").join(map(_moved, _strongest(row))) if row.pooled else "not pooled",
        )
    return table


def _where(row: FindingRow) -> str:
    place = row.locations[0].location if row.locations else None
    return f"{located(place)} ({place.overlap:.2f})" if place else "not located"


def _strongest(row: FindingRow) -> list[Contribution]:
    """What was seen, strongest first; the prior is in the report."""
    return sorted((part for part in row.contributions if part.evidence_id), key=lambda part: -abs(part.log_odds))[
        :_STRONGEST
    ]


def _moved(part: Contribution) -> Text:
    return _plain(f"{part.log_odds:+.2f} {part.name}")


def _measurements(result: Diagnosis) -> Iterator[str]:
    """Those that no conclusion states."""
    stated = {
        name
        for one in result.conclusions
        for claim in one.claims
        if claim.value is not None
        for name in claim.citations
    }
    for item in result.evidence:
        if item.kind is EvidenceKind.MEASUREMENT and item.measurement is not None and item.id not in stated:
            yield f"{_measured(item.measurement)} {cites([item.id])}"


def _lesions(result: Diagnosis) -> Iterator[str]:
    for row in lesion_rows(result):
        ids = cites([row.item.id, *(item.id for item in row.places)])
        where = f"{located(row.place)} ({row.place.overlap:.2f})" if row.place else "not located"
        score = numbered(row.item.value, row.item.source.calibrated) if row.item.value is not None else "no score"
        yield f"{finding_name(row.item.subject)}: {sized(row.item)}, {where}, {score} {ids}"


def _measured(one: Measurement) -> str:
    limits = [
        f"{word} {quantity(limit, one.unit)}"
        for word, limit in (("from", one.low), ("to", one.high))
        if limit is not None
    ]
    return f"{one.quantity} {quantity(one.value, one.unit)}" + (f" (normal {' '.join(limits)})" if limits else "")

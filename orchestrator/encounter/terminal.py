"""An encounter as tables for the terminal: what was decided, on what, and at what price."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wardround.contracts.base import NOTICE
from wardround.contracts.encounter import Encounter
from wardround.contracts.printable import printable

__all__ = ["encounter_view"]

_TEXT_CHARS = 160


def encounter_view(encounter: Encounter) -> Group:
    """Decisions, the facts that they cite, the cost ledger, and all that went wrong. Words of others are only text."""
    parts: list[RenderableType] = []
    if encounter.synthetic:
        parts.append(_text("SYNTHETIC: a written case or a phantom film; no person.", style="bold yellow"))
    parts += [_text(f"RED FLAG: {flag.name} ({flag.source})", style="bold red") for flag in encounter.red_flags]
    parts.append(_decisions(encounter))
    if encounter.stopped:
        parts.append(_text(f"Ended early: {encounter.stopped}", style="bold"))
    parts.append(_facts(encounter))
    cost = encounter.cost
    limit = f" of a budget of {cost.budget:g}" if cost.budget is not None else ""
    parts.append(_text(f"orders: {cost.currency} {cost.total:g}{limit}, by the price table"))
    parts += [_text(f"missing: {one.specialist}: {one.problem}") for one in encounter.missing]
    parts += [_text(f"note: {one}") for one in encounter.warnings]
    usage = encounter.usage
    parts.append(
        Text(
            f"{encounter.encounter_id}: {encounter.status.value}; decided by {encounter.reasoner}; "
            f"{len(encounter.turns)} moves, {usage.calls} calls to a language model, {usage.seconds:.1f} s"
        )
    )
    parts.append(_text(NOTICE, style="dim"))
    return Group(*parts)


def _text(words: str, style: str = "") -> Text:
    return Text(printable(words), style=style)


def _decisions(encounter: Encounter) -> Table:
    table = Table(title="decisions", title_justify="left")
    for name in ("stage", "decided", "how sure", "instead", "evidence"):
        table.add_column(name, overflow="fold")
    for one in encounter.decisions:
        chosen = [*one.chosen, *(f"({name})" for name in one.sub_departments), *([one.urgency] if one.urgency else [])]
        sure = f"{one.confidence:.2f}{'' if one.calibrated else ' (score)'}" if one.confidence is not None else ""
        dissent = [f"{held.voice}: {', '.join(held.chosen) or held.reason}" for held in one.dissent]
        table.add_row(
            one.stage.value,
            _text("\n".join(chosen) or f"{one.move.value}: {one.reason}"),
            sure,
            _text("\n".join([*one.alternatives, *dissent])),
            ", ".join(one.citations),
        )
    return table


def _facts(encounter: Encounter) -> Table:
    table = Table(title="what was told and found", title_justify="left")
    for name in ("id", "kind", "what", "text", "source"):
        table.add_column(name, overflow="fold")
    for fact in encounter.facts:
        told = fact.text if fact.available else "not available"
        short = told if len(told) <= _TEXT_CHARS else f"{told[: _TEXT_CHARS - 1]}…"
        table.add_row(fact.id, fact.kind.value, _text(fact.name), _text(short), _text(fact.source))
    return table

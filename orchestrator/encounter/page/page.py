"""Builds the HTML page of an encounter: five stages, what each rests on, what was asked, found, paid and given up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined

from wardround.contracts.base import NOTICE
from wardround.contracts.decision import STAGES, Decision, Stage
from wardround.contracts.encounter import Encounter, Fact
from wardround.contracts.own_version import own_version
from wardround.contracts.printable import printable
from wardround.orchestrator.report.build import report_css, write_whole

__all__ = ["encounter_html", "write_page"]


@dataclass(frozen=True)
class _Step:
    """One stage on the way: its decision, or none, and the facts that the decision cites."""

    stage: Stage
    decision: Decision | None
    cited: Sequence[Fact]


@cache
def _environment() -> Environment:
    sources = {
        "page.html": files(__package__).joinpath("page.html").read_text(encoding="utf-8"),
        "page.css": files(__package__).joinpath("page.css").read_text(encoding="utf-8"),
        "report.css": report_css(),
    }
    environment = Environment(
        loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = printable
    return environment


def encounter_html(encounter: Encounter) -> str:
    """One HTML document that loads nothing and runs no script; all text is escaped, and fit to be read."""
    facts = {fact.id: fact for fact in encounter.facts}
    steps = []
    for stage in STAGES:
        decision = encounter.decision(stage)
        cited = [facts[id_] for id_ in decision.citations if id_ in facts] if decision is not None else []
        steps.append(_Step(stage, decision, cited))
    return (
        _environment()
        .get_template("page.html")
        .render(encounter=encounter, steps=steps, notice=NOTICE, version=own_version(), known=set(facts))
    )


async def write_page(encounter: Encounter, path: Path) -> None:
    """Writes the page; the file appears whole or not at all.

    Raises:
        CallerError: BAD_ARGUMENT, the file cannot be written.
    """
    await asyncio.to_thread(write_whole, path, encounter_html(encounter))

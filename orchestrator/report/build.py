"""Builds the HTML report of a result and writes it as one file."""

from __future__ import annotations

import asyncio
import os
import secrets
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined

from wardround.contracts.base import NOTICE
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Polarity
from wardround.contracts.render import LayerStyle
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.reasoning.words import finding_name, place_words, quantity
from wardround.orchestrator.report.pictures import Pictures, fetch_pictures
from wardround.orchestrator.report.rows import finding_rows, lesion_rows, located, numbered, sized
from wardround.orchestrator.report.view import (
    boxes,
    cited_by,
    conclusion_views,
    evidence_groups,
    linked,
    models,
    weighing_views,
)
from wardround.orchestrator.summary import account_lines, number_kind

__all__ = ["report_css", "report_html", "write_report", "write_whole"]

_TEMPLATES = ("report.html", "macros.html", "report.css")


@cache
def _environment() -> Environment:
    folder = files(__package__)
    sources = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in _TEMPLATES}
    environment = Environment(
        loader=DictLoader(sources), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "finding_name": finding_name,
        "located": located,
        "quantity": quantity,
        "sized": sized,
        "short_digest": lambda digest: digest.removeprefix("sha256:")[:12],
        "capital": lambda text: text[:1].upper() + text[1:],
    }
    environment.globals |= {
        "numbered": numbered,
        "number_kind": number_kind,
        "place_words": place_words,
        "no_finding": NO_FINDING,
    }
    return environment


def report_html(result: Diagnosis, pictures: Pictures) -> str:
    """The report as one HTML document that loads nothing and runs no script; all text is escaped."""
    rows = finding_rows(result)
    heat = pictures.of_style(LayerStyle.HEAT)
    outlines = pictures.of_style(LayerStyle.OUTLINE)
    lesions = {row.item.id: row for row in lesion_rows(result)}
    outlined = {layer.subject: layer for layer in outlines if layer.subject in lesions}
    suspected = {row.label for row in rows if row.polarity is Polarity.PRESENT}
    return (
        _environment()
        .get_template("report.html")
        .render(
            result=result,
            notice=NOTICE,
            film=result.study.images[0] if result.study else None,
            pictures=pictures,
            heat=heat,
            shown_first=next((layer.id for layer in heat if layer.subject in suspected), ""),
            outlines=[layer for layer in outlines if layer.subject not in lesions],
            lesions=[(row, outlined.get(row.item.id)) for row in lesions.values()],
            boxes=boxes(result),
            conclusions=conclusion_views(result, pictures),
            findings=rows,
            weighings=weighing_views(result),
            groups=evidence_groups(result),
            models=models(result),
            ids={item.id for item in result.evidence},
            cited_by=cited_by(result),
            linked=linked,
            account=account_lines(result.reasoning) if result.reasoning is not None else (),
            run_seconds=max((one.seconds for one in result.timings), default=0.0),
        )
    )


async def write_report(diagnoser: Diagnoser, result: Diagnosis, path: Path) -> None:
    """Fetches the pictures and writes the report; a picture that cannot be had is named in it.

    The file appears whole or not at all.

    Raises:
        CallerError: BAD_ARGUMENT, the file cannot be written.
    """
    page = report_html(result, await fetch_pictures(diagnoser, result))
    await asyncio.to_thread(write_whole, path, page)


def report_css() -> str:
    """The style of all pages."""
    return files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def write_whole(path: Path, text: str) -> None:
    """Writes a page, which appears whole or not at all.

    Raises:
        CallerError: BAD_ARGUMENT, the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The report '{path.name}' cannot be written: {error.strerror or type(error).__name__}.",
            "Give a file in a folder that exists and that you may write to.",
        ) from error

"""The page of an encounter: whole, escaped, without scripts, and every citation leads to its fact."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from encounter_cases import chest_case, small_cases
from small_ward import small_ward

from wardround.contracts.base import NOTICE
from wardround.contracts.encounter import Encounter
from wardround.contracts.errors import CallerError
from wardround.orchestrator.encounter.page.page import encounter_html, write_page

_HOSTILE = "I cough <script>alert(1)</script> \x1b[31m\u202e \" onload='x' {{ 7*7 }}"


def _played(folder: Path, complaint: str = "") -> Encounter:
    async def story() -> Encounter:
        async with small_ward(folder, small_cases(), remember=False) as ward:
            changes = {"chief_complaint": complaint} if complaint else {}
            return await ward.begin(await ward.setup_for(chest_case(1, **changes)))

    return asyncio.run(story())


def test_every_decision_and_fact_is_there_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    result = _played(tmp_path)
    page = encounter_html(result)
    for decision in result.decisions:
        assert all(one in page for one in decision.chosen)
    anchors = set(re.findall(r'id="(\w+)"', page))
    links = set(re.findall(r'href="#(\w+)"', page))
    assert {fact.id for fact in result.facts} <= anchors and links and links <= anchors
    assert page.count(NOTICE) >= 2 and "SYNTHETIC" in page


def test_it_loads_nothing_runs_nothing_and_escapes_what_strangers_said(tmp_path: Path) -> None:
    page = encounter_html(_played(tmp_path, _HOSTILE))
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "\x1b" not in page and "\u202e" not in page and "{{ 7*7 }}" in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page) and "default-src 'none'" in page


def test_what_ended_early_says_why(tmp_path: Path) -> None:
    result = _played(tmp_path, "I have crushing chest pain and collapsed an hour ago.")
    page = encounter_html(result)
    assert "Red flag" in page and "Ended early" in page and "not reached" in page


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = _played(tmp_path)
    asyncio.run(write_page(result, tmp_path / "page.html"))
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == encounter_html(result)
    with pytest.raises(CallerError):
        asyncio.run(write_page(result, tmp_path / "nowhere" / "page.html"))

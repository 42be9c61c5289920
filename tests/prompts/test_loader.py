"""Prompts are files, loaded by name, with the digest that goes into a run's record."""

from __future__ import annotations

import hashlib

import pytest

from wardround.prompts.loader import Prompt, load


def test_a_prompt_comes_with_the_digest_of_its_text() -> None:
    prompt = load("wording")
    assert prompt.digest == "sha256:" + hashlib.sha256(prompt.text.encode("utf-8")).hexdigest()


def test_a_prompt_that_does_not_exist_is_told_apart_with_those_that_do() -> None:
    with pytest.raises(LookupError, match="wording"):
        load("no_such_prompt")


@pytest.mark.parametrize("name", ["../README", "", "wording.md", "a/b", "Wording"])
def test_a_name_cannot_leave_the_folder(name: str) -> None:
    with pytest.raises(LookupError):
        load(name)


def test_sections_are_folded_into_lines_and_the_preface_belongs_to_none() -> None:
    prompt = Prompt("p", "# Title\npreface\n\n## one\na\nb {x}\n\n## two\nc\n", "")
    assert prompt.sections() == {"one": "a b {x}", "two": "c"}


def test_a_heading_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Prompt("p", "## one\na\n## one\nb\n", "").sections()

"""Visible thinking is kept apart from the answer, however its tags are cut into pieces, and is never handed out."""

from __future__ import annotations

import pytest

from wardround.providers.thinking import ThinkingSplitter


def _split(text: str, size: int, *, inside: bool = False, truncated: bool = False) -> tuple[str, str, str]:
    splitter = ThinkingSplitter(inside=inside)
    heard = [splitter.feed(text[start : start + size]) for start in range(0, len(text), size)]
    heard.append(splitter.finish(truncated=truncated))
    return "".join(heard), splitter.answer, splitter.thinking


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("plain", "plain", ""),
        ("<think>why</think>so", "so", "why"),
        ("<THINKING>why</Thinking>so", "so", "why"),
        ("a<think>b</think>c<think>d</think>e", "ace", "bd"),
        ("<think>never closed", "", "never closed"),
        ("1 < 2 <thin> ice", "1 < 2 <thin> ice", ""),
        ("a <", "a <", ""),
        ('<think>x</think>\n{"t": "<think>quoted</think>"}', '\n{"t": "<think>quoted</think>"}', "x"),
        ('```json\n{"t": "</think>"}\n```', '```json\n{"t": "</think>"}\n```', ""),
    ],
)
def test_thinking_and_answer_come_apart_however_the_text_is_cut(
    text: str, answer: str, thinking: str, size: int
) -> None:
    assert _split(text, size) == (answer, answer, thinking)


@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_tag_that_only_closes_makes_what_stood_before_it_thinking(size: int) -> None:
    _, answer, thinking = _split("let me see</think>so", size)
    assert (answer, thinking) == ("so", "let me see")


@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_model_known_to_begin_in_thought_is_not_heard_before_it_ends(size: int) -> None:
    assert _split("let me see</think>so", size, inside=True) == ("so", "so", "let me see")


def test_assumed_thought_that_never_ends_was_the_answer_unless_it_was_cut_off() -> None:
    assert _split("just this", 3, inside=True) == ("just this", "just this", "")
    assert _split("just this", 3, inside=True, truncated=True) == ("", "", "just this")

"""The manifest and the tests agree, both ways."""

from __future__ import annotations

import ast
from pathlib import Path

from requirements import PROMISES  # type: ignore[import-not-found]  # beside this file, on pytest's path

TESTS = Path(__file__).parent


def _functions(file: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_every_promise_names_tests_that_exist() -> None:
    missing = [
        f"{promise.id}: {test}"
        for promise in PROMISES
        for test in promise.tests
        for file, _, function in [test.partition("::")]
        if not (TESTS / file).is_file() or function not in _functions(TESTS / file)
    ]
    assert missing == []


def test_promises_are_numbered_once_and_have_tests() -> None:
    assert len({promise.id for promise in PROMISES}) == len(PROMISES)
    assert all(promise.tests for promise in PROMISES)


def test_every_journey_serves_a_promise() -> None:
    served = {test for promise in PROMISES for test in promise.tests}
    journeys = {
        f"journeys/{file.name}::{name}"
        for file in (TESTS / "journeys").glob("test_*.py")
        for name in _functions(file)
        if name.startswith("test_")
    }
    assert journeys <= served

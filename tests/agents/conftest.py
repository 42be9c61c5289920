"""Fixtures that the tests of several specialists share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from survival_study import Study, made_study

from wardround.agents.weights.registry import folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of these tests' own."""
    root = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_HOME", str(root))
        (folder() / "downloads").mkdir(parents=True)
        yield root


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One small fitted study that the tests of survival share."""
    return made_study(tmp_path_factory.mktemp("study"))

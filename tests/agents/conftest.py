"""Fixtures that the tests of several specialists share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wardround.agents.weights.registry import folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of these tests' own."""
    root = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_HOME", str(root))
        (folder() / "downloads").mkdir(parents=True)
        yield root

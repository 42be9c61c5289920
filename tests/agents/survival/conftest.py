"""One small fitted study that the tests of survival share."""

from __future__ import annotations

import pytest
from survival_study import Study, made_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return made_study(tmp_path_factory.mktemp("study"))

"""Fixtures of the journeys: a phantom film with known truth, a configuration, and specialists in processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from houses import Specialists

from wardround.agents.imaging.phantom import Plant, make_phantom
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.anatomy import Side
from wardround.orchestrator.config import BUILT_IN, Configuration, SpecialistConfig


@pytest.fixture(scope="session")
def phantom_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM phantom with a large left effusion."""
    path = tmp_path_factory.mktemp("films") / "phantom.dcm"
    write_phantom_dicom(make_phantom(1, (Plant(finding="Effusion", side=Side.LEFT, volume_ml=1200.0),), 512), path)
    return path


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., Configuration]:
    """Makes a configuration in a folder of its own; keyword arguments place or replace specialists."""

    def make(serve: str | None = None, **specialists: SpecialistConfig) -> Configuration:
        placed = {name: specialists.pop(name, SpecialistConfig()) for name in BUILT_IN}
        return Configuration.model_validate(
            {
                "home": tmp_path / "home",
                "store": tmp_path / "store",
                "specialists": {**placed, **specialists},
                "artefacts": {"serve": serve},
            }
        )

    return make


@pytest.fixture
def specialists(tmp_path: Path) -> Iterator[Specialists]:
    """Starts specialist processes, and ends them with the test."""
    running = Specialists(tmp_path / "specialists")
    yield running
    running.stop()

"""Fixtures of the imaging tests: one warm decoder, small phantoms, and files made from them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom.data
import pytest
from pydicom.dataset import FileDataset

from wardround.agents.imaging.intake import Intake
from wardround.agents.imaging.phantom import Phantom, make_phantom, plant_named
from wardround.agents.imaging.phantom_dicom import phantom_dataset
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.agents.imaging.store import Store


@pytest.fixture(scope="session")
def decoder() -> Iterator[SandboxedDecoder]:
    sandbox = SandboxedDecoder()
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def normal() -> Phantom:
    return make_phantom(1, size=256)


@pytest.fixture(scope="session")
def left_effusion() -> Phantom:
    return make_phantom(1, (plant_named("effusion"),), size=256)


@pytest.fixture
def film_file(normal: Phantom) -> FileDataset:
    """A fresh DICOM data set of the normal phantom, for a test to change."""
    return phantom_dataset(normal)


@pytest.fixture(scope="session")
def as_bytes() -> Callable[[FileDataset], bytes]:
    def write(ds: FileDataset) -> bytes:
        buffer = io.BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()

    return write


@pytest.fixture(scope="session")
def pydicom_files() -> Path:
    """The test files inside pydicom's own package."""
    return Path(pydicom.data.__file__).parent / "test_files"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def intake(store: Store, decoder: SandboxedDecoder, tmp_path: Path) -> Intake:
    return Intake(store, decoder, allowed=(tmp_path,))

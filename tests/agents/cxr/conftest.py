"""Detectors that several tests share, and the forms in which a film may come."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from wardround.agents.cxr.bundled import RegionDetector, open_bundled
from wardround.agents.cxr.cam import CamDetector, Preparation
from wardround.agents.cxr.densenet import DenseNet121
from wardround.agents.cxr.detector import Film
from wardround.agents.cxr.published import centre_square, label_slots, prepare, published_card
from wardround.agents.weights.device import placement
from wardround.agents.weights.registry import entry
from wardround.contracts.evidence import Source


@pytest.fixture(scope="session", autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def bundled() -> RegionDetector:
    return open_bundled(place=placement("cpu"))


@pytest.fixture(scope="session")
def published_nih() -> CamDetector:
    """The published NIH network with random weights."""
    torch.manual_seed(0)
    model = entry("densenet121-res224-nih")
    card = published_card(model)
    source = Source(model=card.name, version=card.version)
    preparation = Preparation(centre_square, prepare)
    return CamDetector(DenseNet121(18).eval(), label_slots(model), preparation, card, source)


@pytest.fixture(scope="session")
def chest() -> Film:
    """A coarse frontal film: two dark lungs in a bright body, 300 rows by 360 columns."""
    rows, columns = np.mgrid[0:300, 0:360]
    film = np.full((300, 360), 0.75, dtype=np.float32)
    for centre in (115, 245):
        film[((rows - 150) / 110) ** 2 + ((columns - centre) / 50) ** 2 < 1] = 0.25
    return film

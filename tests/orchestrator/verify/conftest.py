"""The ledgers that the verifier is tried on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ledgers import random_ledger

from wardround.orchestrator.ledger import Ledger


@pytest.fixture(scope="session")
def make_ledger() -> Callable[[int], Ledger]:
    """A full ledger from a seed."""
    return random_ledger

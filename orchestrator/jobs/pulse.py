"""Signs of life of a worker from a thread of its own: its event loop may stand still while a model is loaded in it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from wardround.orchestrator.jobs.store import JobStore

__all__ = ["Pulse"]

_log = logging.getLogger(__name__)


class Pulse:
    """Makes the leases that are held longer, for as long as the process lives; use it as a context."""

    def __init__(self, store: JobStore, *, lease_s: float) -> None:
        self._store = store
        self._lease_s = lease_s
        self._leases: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Pulse:
        """Begins."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends; the leases then run out unless they are given back."""
        self._over.set()

    @contextmanager
    def held(self, lease: str) -> Iterator[None]:
        """Holds a lease while the context lasts."""
        self._leases.add(lease)
        try:
            yield
        finally:
            self._leases.discard(lease)

    def _beat(self) -> None:
        while not self._over.wait(max(0.05, self._lease_s / 5)):
            try:
                self._store.submit(self._lengthen).result()
            except Exception as error:  # a lease outlives a few lost beats
                _log.error("a sign of life was lost: %s", type(error).__name__)

    def _lengthen(self, database: sqlite3.Connection) -> None:
        for lease in tuple(self._leases):
            until = time.time() + self._lease_s
            database.execute(
                "UPDATE jobs SET lease_until = :until WHERE lease = :lease", {"until": until, "lease": lease}
            )

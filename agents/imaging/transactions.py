"""One transaction on a SQLite file of the store: committed whole, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["transaction"]


@contextmanager
def transaction(file: Path, *, write: bool, secure_delete: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection inside a transaction, which waits up to 30 s for another's.

    Args:
        write: takes the lock at once.
        secure_delete: overwrites rows that are deleted, so that nothing of them is left in the file's free pages.
    """
    index = sqlite3.connect(file, timeout=30.0, isolation_level=None)
    try:
        if secure_delete:
            index.execute("PRAGMA secure_delete=ON")
        index.execute("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")
        yield index
        index.execute("COMMIT")
    except BaseException:  # a cancelled task or a closed process must not leave half a transaction either
        if index.in_transaction:
            index.execute("ROLLBACK")
        raise
    finally:
        index.close()

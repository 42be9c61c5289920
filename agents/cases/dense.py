"""The shelf: every record's vectors and what filters ask, in memory as arrays, kept level with the file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.fields import EMBEDDED, Group
from wardround.agents.cases.schema import Meta, damaged
from wardround.contracts.case import CaseTrust
from wardround.contracts.study import Sex

__all__ = ["SEXES", "TIERS", "Shelf", "brought_level", "cosines", "department_code"]

# The order of trust, and the codes under which the file and the shelf keep it.
TIERS = (CaseTrust.VALIDATED, CaseTrust.USER, CaseTrust.FINISHED_HERE)
SEXES = tuple(Sex)
_ALMOST_UNIT = 1e-3
_COLUMNS = "cases.row, revision, trust, synthetic, department, age, sex, presentation, findings"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shelf:
    """All arrays have one entry for each record, in ascending order of `rows`.

    Attributes:
        vectors: by group, (records, dimensions) float32 of unit length; zeros where a record has no such text.
        departments: see `department_code`.
        ages: -1 where it is not known.
        indexed: whether the record has vectors of the present embedder.
        epoch, revision: how far the file had come.
    """

    epoch: int
    revision: int
    dimensions: int
    rows: NDArray[np.int64]
    tiers: NDArray[np.int8]
    synthetic: NDArray[np.bool_]
    departments: NDArray[np.int64]
    ages: NDArray[np.int16]
    sexes: NDArray[np.int8]
    indexed: NDArray[np.bool_]
    vectors: dict[Group, Floats]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def bytes_in_memory(self) -> int:
        """The size of all arrays."""
        own = (self.rows, self.tiers, self.synthetic, self.departments, self.ages, self.sexes, self.indexed)
        return sum(array.nbytes for array in own) + sum(array.nbytes for array in self.vectors.values())

    def positions(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where each of the rows stands, and whether it is there at all."""
        if not len(self):
            return np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=bool)
        places = np.minimum(np.searchsorted(self.rows, rows), len(self) - 1)
        return places, self.rows[places] == rows


@lru_cache(maxsize=1024)
def department_code(name: str) -> int:
    """A number that stands for a department's name in any case; 0 for none."""
    folded = name.strip().casefold()
    return int.from_bytes(hashlib.blake2b(folded.encode(), digest_size=8).digest(), signed=True) if folded else 0


def brought_level(connection: sqlite3.Connection, shelf: Shelf | None) -> Shelf:
    """The shelf as the file now is: read whole where records went or the embedder changed, else what is new alone.

    A stored vector that is damaged counts as none.

    Raises:
        CallerError: DAMAGED_FILE.
    """
    meta = Meta(connection)
    epoch, revision = int(meta.get("epoch", 0)), int(meta.get("revision", 0))
    if shelf is not None and (shelf.epoch, shelf.revision) == (epoch, revision):
        return shelf
    since = shelf.revision if shelf is not None and shelf.epoch == epoch else -1
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM cases LEFT JOIN vectors ON vectors.row = cases.row WHERE revision > ? "
        "ORDER BY cases.row",
        (since,),
    ).fetchall()
    try:
        fresh = _shelf(found, epoch, revision, int(meta.get("dimensions", 0)))
    except (ValueError, TypeError, OverflowError):  # a column holds what no version of ours ever wrote
        raise damaged() from None
    return fresh if shelf is None or since < 0 else _merged(shelf, fresh)


def _shelf(found: Sequence[tuple[Any, ...]], epoch: int, revision: int, dimensions: int) -> Shelf:
    columns = list(zip(*found, strict=True)) if found else [()] * 9
    stacks = [_stack(column, dimensions) for column in columns[7:9]]
    return Shelf(
        epoch=epoch,
        revision=revision,
        dimensions=dimensions,
        rows=np.array(columns[0], dtype=np.int64),
        tiers=np.array(columns[2], dtype=np.int8),
        synthetic=np.array(columns[3], dtype=bool),
        departments=np.array([department_code(name) for name in columns[4]], dtype=np.int64),
        ages=np.array([-1 if age is None else age for age in columns[5]], dtype=np.int16),
        sexes=np.array([SEXES.index(Sex(sex)) for sex in columns[6]], dtype=np.int8),
        indexed=np.logical_and(stacks[0][1], stacks[1][1]),
        vectors={group: vectors for group, (vectors, _) in zip(EMBEDDED, stacks, strict=True)},
    )


def _stack(blobs: Sequence[bytes | None], dimensions: int) -> tuple[Floats, NDArray[np.bool_]]:
    """The vectors under one another, and which of them are whole; the others are zeros."""
    blank = bytes(4 * dimensions)
    sized = np.array([blob is not None and len(blob) in (0, len(blank)) for blob in blobs], dtype=bool)
    joined = b"".join(blob if blob and len(blob) == len(blank) else blank for blob in blobs)
    vectors = np.frombuffer(joined, dtype="<f4").reshape(len(blobs), dimensions).astype(np.float32)
    squared = np.einsum("nd,nd->n", vectors, vectors)
    whole = sized & ((squared == 0.0) | (np.abs(squared - 1.0) < _ALMOST_UNIT))
    vectors[~whole] = 0.0
    return vectors, whole


def _merged(shelf: Shelf, fresh: Shelf) -> Shelf:
    """The shelf with new records behind the old ones, and changed ones in their places."""
    places, there = shelf.positions(fresh.rows)
    kept = np.ones(len(shelf), dtype=bool)
    kept[places[there]] = False
    order = np.argsort(np.concatenate([shelf.rows[kept], fresh.rows]), kind="stable")

    def joined(name: str) -> Any:
        return np.concatenate([getattr(shelf, name)[kept], getattr(fresh, name)])[order]

    names = ("rows", "tiers", "synthetic", "departments", "ages", "sexes", "indexed")
    vectors = {group: np.concatenate([shelf.vectors[group][kept], fresh.vectors[group]])[order] for group in EMBEDDED}
    return Shelf(
        epoch=fresh.epoch,
        revision=fresh.revision,
        dimensions=fresh.dimensions,
        vectors=vectors,
        **{name: joined(name) for name in names},
    )


def cosines(shelf: Shelf, asked: Mapping[Group, Floats], weights: Mapping[Group, float]) -> NDArray[np.float64]:
    """How alike each record is to a query, in [-1, 1]: the weighted mean cosine over the groups that have a vector."""
    total = np.zeros(len(shelf))
    whole = sum(weights[group] for group in asked)
    for group, vector in asked.items():
        total += (weights[group] / whole) * (shelf.vectors[group] @ vector)
    return total

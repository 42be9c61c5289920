"""A memory of its own for measuring: every record as each ranking of case memory scores it for a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.embedders import Embedder
from wardround.agents.cases.fields import EMBEDDED, group_text
from wardround.agents.cases.indexing import Index
from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.schema import Database
from wardround.agents.cases.search import query_texts, ranked
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import Case, CaseQuery

__all__ = ["Bench", "Fitted", "Scored", "bench"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Every record's score by words, by meaning, and by both as memory brings them together; higher is liker."""

    keywords: Floats
    dense: Floats
    fused: Floats


class Fitted:
    """An LSA that was fitted elsewhere and learns nothing of the memory that it serves."""

    name = "lsa"

    def __init__(self, cases: Sequence[Case]) -> None:
        self._lsa = LsaEmbedder()
        self._lsa.fit([text for case in cases for group in EMBEDDED if (text := group_text(case, group))])

    @property
    def version(self) -> str:
        """Of what was learned."""
        return self._lsa.version

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions) of unit length; zeros for a text without a known word."""
        return self._lsa.embed(texts)


class Bench:
    """Scores are in the order in which the cases were given."""

    def __init__(self, index: Index, weights: Mapping[str, float]) -> None:
        self._index = index
        self._weights = weights

    def scored(self, query: CaseQuery) -> Scored:
        """All records for one query."""
        texts = query_texts(query)
        with self._index.compared(texts) as compared:
            told = ranked(query, texts, compared, self._weights)
        return Scored(told.keywords, told.similarity, told.fused)


@contextmanager
def bench(
    cases: Sequence[Case], embedder: Embedder, weights: Mapping[str, float], tick: Callable[[], None] | None = None
) -> Iterator[Bench]:
    """A memory of these cases in a temporary folder, gone when the block ends.

    Args:
        weights: how much a field counts among the keywords, as in the settings of case memory.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cases.db"
        with CaseStore.opened(file, embedder, weights) as store:
            store.add(cases, tick)
        database = Database(file)
        try:
            index = Index(database, embedder)
            index.open()
            yield Bench(index, weights)
        finally:
            database.close()

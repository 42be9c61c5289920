"""How long case memory takes to answer, apart from embedding the query: over the reports, and over 100,000 records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.embedders import Embedder, LearningEmbedder
from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import Case, CaseQuery, CaseTrust
from wardround.contracts.decision import Stage
from wardround.evals.retrieval.corpus import query_of
from wardround.evals.retrieval.figures import SpeedFigure

__all__ = ["SYNTHETIC_RECORDS", "long_queries", "measured_speed", "speed_figures", "synthetic_cases"]

SYNTHETIC_RECORDS = 100_000
_SEED = 20_241_205
_WORDS = 20_000  # different words of the made-up language
_STORY, _REPORT, _QUERY = 30, 60, 150  # words
_WARM = 5
_ASKING, _ASKING_LONG = 300, 60
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za")


def _word(number: int) -> str:
    """A made-up word, the same for the same number."""
    syllables: list[str] = []
    while number or not syllables:
        number, rest = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[rest])
    return "".join(syllables) + "n"


class _Language:
    """Words as frequent as in real texts: the chance of the n-th is as 1/n (Zipf), so the first are in most texts."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._words = np.array([_word(number) for number in range(_WORDS)])
        shares = 1.0 / np.arange(1, _WORDS + 1)
        self._shares = shares / shares.sum()

    def texts(self, number: int, words: int) -> list[str]:
        """So many texts of so many words."""
        drawn = self._words[self._random.choice(_WORDS, size=(number, words), p=self._shares)]
        return [" ".join(row) for row in drawn]


def synthetic_cases(number: int) -> Iterator[Case]:
    """Made-up records of made-up words: 30 of a story, 60 of a report."""
    language = _Language(_SEED)
    for first in range(0, number, 1000):
        some = min(1000, number - first)
        pairs = zip(language.texts(some, _STORY), language.texts(some, _REPORT), strict=True)
        for place, (story, report) in enumerate(pairs, first):
            yield Case(
                case_id=f"synthetic:{place}",
                trust=CaseTrust.USER,
                provenance="made-up words, to measure speed",
                licence="Apache-2.0",
                synthetic=True,
                symptoms=story,
                image_report=report,
            )


def long_queries(number: int) -> tuple[CaseQuery, ...]:
    """Queries of 150 words a field, most of them common: the trap for an index that looks for any of the words."""
    language = _Language(_SEED + 1)
    pairs = zip(language.texts(number, _QUERY), language.texts(number, _QUERY), strict=True)
    return tuple(
        CaseQuery(stage=Stage.DIAGNOSIS, symptoms=story, image_report=report, limit=10) for story, report in pairs
    )


class _Timed:
    """An embedder that adds up the seconds it takes."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.seconds = 0.0

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def version(self) -> str:
        return self._embedder.version

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        begun = time.perf_counter()
        try:
            return self._embedder.embed(texts)
        finally:
            self.seconds += time.perf_counter() - begun


class _TimedLearning(_Timed):
    """The same for one that learns of the memory."""

    def __init__(self, embedder: LearningEmbedder) -> None:
        super().__init__(embedder)
        self._learning = embedder

    def fit(self, texts: Sequence[str]) -> bytes:
        return self._learning.fit(texts)

    def restore(self, learned: bytes) -> bool:
        return self._learning.restore(learned)

    def without(self, words: frozenset[str]) -> bytes:
        return self._learning.without(words)

    @property
    def vocabulary(self) -> frozenset[str]:
        return self._learning.vocabulary


def measured_speed(
    memory: str,
    cases: Iterator[Case] | Sequence[Case],
    queries: Sequence[CaseQuery],
    embedder: Embedder,
    tick: Callable[[], None] | None = None,
) -> SpeedFigure:
    """Fills a memory in a temporary folder and asks it, warm, each query once.

    Args:
        memory: what the cases are called.
        tick: called for each record that was put in.
    """
    timed = _TimedLearning(embedder) if isinstance(embedder, LearningEmbedder) else _Timed(embedder)
    apart, embedding, words = [], [], []
    with TemporaryDirectory() as folder, CaseStore.opened(Path(folder) / "cases.db", timed) as store:
        begun = time.perf_counter()
        store.add(cases, tick)
        filled = time.perf_counter() - begun
        for query in queries[:_WARM]:
            store.search(query)
        for query in queries:
            before, begun = timed.seconds, time.perf_counter()
            store.search(query)
            whole = time.perf_counter() - begun
            embedding.append(timed.seconds - before)
            apart.append(whole - embedding[-1])
            words.append(sum(len(text.split()) for text in (query.chief_complaint, query.symptoms, query.image_report)))
        stats = store.stats()
    return SpeedFigure(
        memory=memory,
        records=stats.records,
        queries=len(queries),
        words_per_query=round(float(np.mean(words)), 1),
        p50_ms=round(1e3 * float(np.median(apart)), 2),
        p95_ms=round(1e3 * float(np.percentile(apart, 95)), 2),
        embedding_p50_ms=round(1e3 * float(np.median(embedding)), 2),
        embedder=stats.model,
        dimensions=stats.dimensions,
        seconds_to_fill=round(filled, 1),
        bytes_on_disk=stats.bytes_on_disk,
        bytes_in_memory=stats.bytes_in_memory,
    )


def speed_figures(reports: Sequence[Case], tick: Callable[[], None] | None = None) -> tuple[SpeedFigure, SpeedFigure]:
    """Of the reports, asked in the words of some of them, and of 100,000 made-up records, asked at length; with LSA."""
    asking = [
        query_of(case).model_copy(update={"exclude": ()})
        for case in reports[:_ASKING]
        if case.chief_complaint or case.image_report
    ]
    return (
        measured_speed("reports", reports, asking, LsaEmbedder(), tick),
        measured_speed(
            "made-up records", synthetic_cases(SYNTHETIC_RECORDS), long_queries(_ASKING_LONG), LsaEmbedder(), tick
        ),
    )

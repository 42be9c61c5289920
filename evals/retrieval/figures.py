"""The shapes of what `wardround evaluate retrieval` prints."""

from __future__ import annotations

from wardround.contracts.base import NOTICE, Word
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure

__all__ = ["EmbedderFigure", "RankingFigure", "RetrievalResult", "SpeedFigure", "SubsetFigure", "TriedFusion"]


class RankingFigure(Word):
    """One ranking; intervals are by query."""

    ndcg_10: ValueFigure
    p_5: ValueFigure


class TriedFusion(Word):
    """A way of bringing the rankings together, and how it did on the half on which none of the figures is taken."""

    k: int
    dense_weight: float
    ndcg_10: float
    p_5: float


class EmbedderFigure(Word):
    """What an embedder finds alone (`dense`), and together with the keywords as memory does it (`hybrid`).

    `best_single` is the better of keywords and dense on the very queries that are reported. `tuned` is fused as was
    best on the other half.
    """

    dense: RankingFigure
    hybrid: RankingFigure
    tuned: RankingFigure
    best_single: str
    hybrid_over_best: dict[str, DifferenceFigure]
    tuned_over_best: dict[str, DifferenceFigure]


class SubsetFigure(Word):
    """Queries of one kind. `random` and `common` are the floors."""

    n: int
    random: RankingFigure
    common: RankingFigure
    keywords: RankingFigure
    embedders: dict[str, EmbedderFigure]


class SpeedFigure(Word):
    """One memory's speed in milliseconds, apart from embedding the query, which stands beside; sizes in bytes."""

    memory: str
    records: int
    queries: int
    words_per_query: float
    p50_ms: float
    p95_ms: float
    embedding_p50_ms: float
    embedder: str
    dimensions: int
    seconds_to_fill: float
    bytes_on_disk: int
    bytes_in_memory: int


class RetrievalResult(Word):
    """`wardround evaluate retrieval`. The main figure is `abnormal`; `all` has the 36 % normal reports, too."""

    records: int
    tags: int
    relevant_from: float
    depth: int
    abnormal: SubsetFigure | None
    all: SubsetFigure | None
    fusions: dict[str, tuple[TriedFusion, ...]]
    speed: tuple[SpeedFigure, ...] = ()
    notes: tuple[str, ...]
    notice: str = NOTICE

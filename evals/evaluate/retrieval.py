"""Measures how well case memory finds: leave-one-out over the Indiana reports, by the agreement of their MeSH terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from wardround.agents.cases.embedders import open_embedder
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.measures.resampling import PatientBootstrap, mean_statistic
from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure, told
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.retrieval.bench import Bench, Fitted, Scored, bench
from wardround.evals.retrieval.corpus import Corpus, Judgement, query_of
from wardround.evals.retrieval.figures import (
    EmbedderFigure,
    RankingFigure,
    RetrievalResult,
    SpeedFigure,
    SubsetFigure,
    TriedFusion,
)
from wardround.evals.retrieval.measured import DEPTH, Measured, common_scores, measured, random_scores
from wardround.evals.retrieval.relevance import RELEVANT_FROM
from wardround.evals.retrieval.remembering import remembered
from wardround.evals.retrieval.tuning import Fusion, chosen_fusion, fused_by

__all__ = ["RetrievalSettings", "evaluate_retrieval", "retrieval_tables"]

_FOLDS = 5
_MOST_TUNED = 600
_LSA = "lsa"
_NOTES = (
    "Agreement is the Jaccard index of MeSH tags, which stand in no compared text; P@5 counts records of 0.5 and more.",
    "A record that shares 80 % of its runs of three words with the query's is left out for every ranking.",
    "lsa is fitted on the other four fifths of the reports, so that no query's words were in the fit.",
    "Fusions are chosen on abnormal reports with odd numbers; every figure is of reports with even numbers, and both "
    "halves may be found.",
    "'hybrid' is what case memory does as it is configured here; 'tuned' fuses as was best on the odd half.",
)


@dataclass(frozen=True)
class RetrievalSettings:
    """What is measured.

    Attributes:
        embedders: names as WARDROUND_CASES_EMBEDDER takes them.
        limit: only so many queries; the first.
        vectors: a folder that keeps encoders' vectors between runs; None: they are made anew.
    """

    embedders: tuple[str, ...]
    limit: int | None = None
    vectors: Path | None = None

    def steps(self, corpus: Corpus) -> int:
        """How many queries will be asked, over all embedders."""
        return len(self.embedders) * sum(map(len, self.queries(corpus)))

    def queries(self, corpus: Corpus) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Those on which fusions are chosen, and those on which figures are taken."""
        odd = corpus.queries(odd=True)
        tuned = odd[~corpus.normal[odd]][: min(_MOST_TUNED, self.limit or _MOST_TUNED)]
        return tuned, corpus.queries(odd=False)[: self.limit]


@contextmanager
def _benches(name: str, corpus: Corpus, settings: RetrievalSettings) -> Iterator[Iterator[tuple[int, Bench]]]:
    """For each fold of the queries, a memory whose embedder has not learned from them."""
    case_settings = CaseSettings.from_environment({})
    if name == _LSA:
        yield _fitted_apart(corpus)
        return
    embedder = open_embedder(CaseSettings.from_environment({"WARDROUND_CASES_EMBEDDER": name}))
    with (
        remembered(embedder, settings.vectors) as kept,
        bench(corpus.cases, kept, case_settings.weights) as made,
    ):
        yield ((fold, made) for fold in range(_FOLDS))


def _fitted_apart(corpus: Corpus) -> Iterator[tuple[int, Bench]]:
    for fold in range(_FOLDS):
        apart = [case for place, case in enumerate(corpus.cases) if place % _FOLDS != fold]
        with bench(corpus.cases, Fitted(apart), CaseSettings.from_environment({}).weights) as made:
            yield fold, made


def _scored(
    name: str, corpus: Corpus, queries: NDArray[np.intp], settings: RetrievalSettings, tick: Tick
) -> list[Scored]:
    """Every record's scores for each query, in the order of the queries."""
    found: dict[int, Scored] = {}
    with _benches(name, corpus, settings) as benches:
        for fold, made in benches:
            for query in queries[queries % _FOLDS == fold].tolist():
                found[query] = made.scored(query_of(corpus.cases[query]))
                tick()
    return [found[query] for query in queries.tolist()]


@dataclass(frozen=True)
class _Embedded:
    """What one embedder gave for the reported queries."""

    dense: Measured
    hybrid: Measured
    tuned: Measured


def evaluate_retrieval(
    corpus: Corpus, settings: RetrievalSettings, tick: Tick = no_tick, speed: tuple[SpeedFigure, ...] = ()
) -> RetrievalResult:
    """The figures of each embedder beside the floors.

    Args:
        tick: called once for each query and embedder.
        speed: what was measured of it, to stand beside.

    Raises:
        CallerError: an embedder is unknown or not installed; NOT_FOUND, neither half of the reports can ask.
    """
    tuned, reported = settings.queries(corpus)
    if not len(tuned) or not len(reported):
        raise CallerError(
            ProblemCode.NOT_FOUND,
            "Too few reports are left to choose a fusion on and to take figures on.",
            "Leave --limit out.",
        )
    at_tuned, at_reported = ([corpus.judgement(int(one)) for one in some] for some in (tuned, reported))
    keywords: Measured | None = None
    embedded: dict[str, _Embedded] = {}
    fusions: dict[str, tuple[TriedFusion, ...]] = {}
    for name in settings.embedders:
        scored = _scored(name, corpus, np.concatenate([tuned, reported]), settings, tick)
        before, after = scored[: len(tuned)], scored[len(tuned) :]
        fusion, tried = chosen_fusion(at_tuned, before)
        fusions[name] = tuple(_tried(one, *values) for one, values in tried.items())
        embedded[name] = _Embedded(
            dense=measured(at_reported, (one.dense for one in after)),
            hybrid=measured(at_reported, (one.fused for one in after)),
            tuned=measured(at_reported, (fused_by(fusion, one) for one in after)),
        )
        keywords = keywords or measured(at_reported, (one.keywords for one in after))
    assert keywords is not None
    common = common_scores([corpus.judgement(int(one)) for one in corpus.queries(odd=True)])
    abnormal_common = common_scores(at_tuned)
    parts = _Parts(at_reported, keywords, embedded)
    abnormal = ~corpus.normal[reported]
    return RetrievalResult(
        records=len(corpus),
        tags=corpus.tags.shape[1],
        relevant_from=RELEVANT_FROM,
        depth=DEPTH,
        abnormal=parts.subset(np.flatnonzero(abnormal), abnormal_common),
        all=parts.subset(np.arange(len(reported)), common),
        fusions=fusions,
        speed=speed,
        notes=_NOTES,
    )


def _tried(fusion: Fusion, ndcg: float, precision: float) -> TriedFusion:
    return TriedFusion(k=fusion.k, dense_weight=fusion.dense_weight, ndcg_10=round(ndcg, 4), p_5=round(precision, 4))


@dataclass(frozen=True)
class _Parts:
    """What was measured of all reported queries, of which a subset's figures are made."""

    judgements: Sequence[Judgement]
    keywords: Measured
    embedded: dict[str, _Embedded]

    def subset(self, rows: NDArray[np.intp], common: NDArray[np.float64]) -> SubsetFigure | None:
        """The figures of some queries; None where there is none."""
        if not len(rows):
            return None
        judgements = [self.judgements[row] for row in rows.tolist()]
        records = len(judgements[0].gains)
        shaken = PatientBootstrap([str(row) for row in rows.tolist()])
        return SubsetFigure(
            n=len(rows),
            random=_figure(shaken, measured(judgements, random_scores(records, len(rows)))),
            common=_figure(shaken, measured(judgements, (common for _ in judgements))),
            keywords=_figure(shaken, _some(self.keywords, rows)),
            embedders={name: self._embedder(shaken, one, rows) for name, one in self.embedded.items()},
        )

    def _embedder(self, shaken: PatientBootstrap, one: _Embedded, rows: NDArray[np.intp]) -> EmbedderFigure:
        words, dense, hybrid, tuned = (_some(part, rows) for part in (self.keywords, one.dense, one.hybrid, one.tuned))
        name, best = max((("keywords", words), ("dense", dense)), key=lambda pair: float(np.mean(pair[1].ndcg)))
        return EmbedderFigure(
            dense=_figure(shaken, dense),
            hybrid=_figure(shaken, hybrid),
            tuned=_figure(shaken, tuned),
            best_single=name,
            hybrid_over_best=_differences(shaken, hybrid, best),
            tuned_over_best=_differences(shaken, tuned, best),
        )


def _some(whole: Measured, rows: NDArray[np.intp]) -> Measured:
    return Measured(whole.ndcg[rows], whole.precision[rows])


def _figure(shaken: PatientBootstrap, one: Measured) -> RankingFigure:
    values = (ValueFigure(**told(shaken.interval(mean_statistic(part)))) for part in (one.ndcg, one.precision))
    return RankingFigure(ndcg_10=next(values), p_5=next(values))


def _differences(shaken: PatientBootstrap, one: Measured, other: Measured) -> dict[str, DifferenceFigure]:
    pairs = {"ndcg_10": (one.ndcg, other.ndcg), "p_5": (one.precision, other.precision)}
    return {
        name: DifferenceFigure(**told(shaken.difference(mean_statistic(first), mean_statistic(second))))
        for name, (first, second) in pairs.items()
    }


def _range(figure: ValueFigure) -> str:
    return "" if figure.value is None else f"{figure.value:.3f} {figure.low:.3f}–{figure.high:.3f}"


def _subset_table(name: str, part: SubsetFigure) -> Table:
    columns = (
        Column(heading, justify="right") for heading in ("nDCG@10 (95 %)", "P@5 (95 %)", "nDCG over best single")
    )
    table = Table(Column("ranking", no_wrap=True), *columns, title=f"{part.n} {name}", caption=NOTICE, box=SIMPLE_HEAD)
    rows = {"random": part.random, "most common": part.common, "keywords (BM25)": part.keywords}
    for heading, figure in rows.items():
        table.add_row(heading, _range(figure.ndcg_10), _range(figure.p_5), "")
    for embedder, one in part.embedders.items():
        table.add_section()
        table.add_row(f"{embedder}, dense", _range(one.dense.ndcg_10), _range(one.dense.p_5), "")
        for heading, figure, over in (
            ("hybrid", one.hybrid, one.hybrid_over_best),
            ("tuned", one.tuned, one.tuned_over_best),
        ):
            table.add_row(f"{embedder}, {heading}", _range(figure.ndcg_10), _range(figure.p_5), _range(over["ndcg_10"]))
    return table


def _speed_table(speed: Sequence[SpeedFigure]) -> Table:
    headings = ("records", "P50 ms", "P95 ms", "embedding P50 ms", "file MB", "memory MB", "filled in s")
    table = Table("memory", *(Column(one, justify="right") for one in headings), caption=NOTICE, box=SIMPLE_HEAD)
    for one in speed:
        table.add_row(
            f"{one.memory}, {one.embedder}",
            *(str(one.records), f"{one.p50_ms:.1f}", f"{one.p95_ms:.1f}", f"{one.embedding_p50_ms:.1f}"),
            *(f"{one.bytes_on_disk / 1e6:.0f}", f"{one.bytes_in_memory / 1e6:.0f}", f"{one.seconds_to_fill:.0f}"),
        )
    return table


def retrieval_tables(result: RetrievalResult) -> tuple[Table, ...]:
    """A table for each kind of query, and one of the speed where it was measured."""
    parts = {"abnormal reports ask": result.abnormal, "reports ask, normal ones too": result.all}
    tables = [_subset_table(name, part) for name, part in parts.items() if part is not None]
    return (*tables, *([_speed_table(result.speed)] if result.speed else []))

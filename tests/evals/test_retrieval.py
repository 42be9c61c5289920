"""Figures of retrieval: agreement and measures by hand, nothing of the query's own found, and floors below."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from wardround.agents.cases.lsa import LsaEmbedder
from wardround.contracts.base import NOTICE
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.errors import CallerError
from wardround.evals.evaluate.command import app
from wardround.evals.evaluate.retrieval import RetrievalSettings, evaluate_retrieval, retrieval_tables
from wardround.evals.retrieval.bench import Fitted, Scored, bench
from wardround.evals.retrieval.corpus import Corpus, corpus_of, query_of
from wardround.evals.retrieval.measured import measured
from wardround.evals.retrieval.measures import ndcg, precision
from wardround.evals.retrieval.relevance import agreement, is_normal, tag_table, tags
from wardround.evals.retrieval.remembering import Remembering, remembered
from wardround.evals.retrieval.speed import long_queries, measured_speed, synthetic_cases
from wardround.evals.retrieval.tuning import Fusion, fused_by

_ILLNESSES = {
    "Cardiomegaly/mild": "large heart shadow beyond half of the chest width",
    "Pleural Effusion/left": "blunted angle with fluid rising along the wall",
    "Nodule/lung/apex": "small round dense spot in the upper zone",
    "normal": "clear lungs and a heart of ordinary size everywhere",
}


def _report(number: int, terms: tuple[str, ...], report: str, complaint: str = "") -> Case:
    return Case(
        case_id=f"iu:CXR{number}",
        trust=CaseTrust.VALIDATED,
        provenance="made up",
        licence="Apache-2.0",
        chief_complaint=complaint,
        image_report=report,
        diagnoses=terms,
    )


def _made_up(number: int = 48) -> tuple[Case, ...]:
    """Reports of four illnesses in turn, each in part of its illness's words and with words of its own."""
    random = np.random.default_rng(0)
    cases = []
    for place in range(number):
        term, words = list(_ILLNESSES.items())[place // 2 % len(_ILLNESSES)]
        kept = [word for word in words.split() if random.random() < 0.7]
        own = [f"remark{random.integers(400)}" for _ in range(8)]
        cases.append(_report(place, (term,), " ".join([*kept, *own]), "cough" if place % 3 else ""))
    return tuple(cases)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return corpus_of(_made_up())


def test_a_tag_is_a_head_and_a_mere_place_takes_what_is_said_of_it() -> None:
    assert tags(["Cardiomegaly/mild", "Opacity/lung/base/left"]) == {"cardiomegaly", "opacity"}
    assert tags(["Lung/hypoinflation", "Lung/bilateral/hyperdistention"]) == {
        "lung/hypoinflation",
        "lung/hyperdistention",
    }
    assert tags(["Diaphragm/right/elevated"]) == tags(["Diaphragm/left/elevated"]) == {"diaphragm/elevated"}
    assert tags(["No Indexing", "Technical Quality of Image Unsatisfactory "]) == frozenset()
    assert is_normal(tags(["normal"])) and not is_normal(tags(["normal", "Spine/degenerative"]))


def test_agreement_is_what_is_shared_over_all() -> None:
    table = tag_table([frozenset("ab"), frozenset("abc"), frozenset("c"), frozenset(), frozenset("ab")])
    assert agreement(table, 0).tolist() == pytest.approx([1.0, 2 / 3, 0.0, 0.0, 1.0])
    assert agreement(table, 3).tolist() == [0.0] * 5


def test_the_measures_are_those_of_the_books() -> None:
    possible = np.array([1.0, 0.5, 0.5, 0.0])
    best = 1.0 + 0.5 / math.log2(3) + 0.5 / 2
    assert ndcg([0.5, 0.0, 1.0], possible, 10) == pytest.approx((0.5 + 1.0 / 2) / best)
    assert ndcg([1.0, 0.5, 0.5], possible, 10) == pytest.approx(1.0)
    assert ndcg([0.5, 0.5], possible, 1) == pytest.approx(0.5)
    assert math.isnan(ndcg([0.0], np.zeros(3), 10))
    assert precision([1.0, 0.49, 0.5], 0.5, 5) == pytest.approx(0.4)


def test_neither_a_report_itself_nor_one_that_tells_it_again_can_be_found() -> None:
    told = "a heart shadow that is far too large for this chest and some fluid in the left pleural space"
    cases = [
        _report(1, ("Cardiomegaly",), told),
        _report(2, ("Cardiomegaly",), f"{told} again"),
        _report(3, ("Cardiomegaly",), "an unlike report of the same illness, whose heart is large"),
        _report(4, ("normal",), "Normal chest."),
        _report(5, ("normal",), "Normal chest."),
    ]
    made = corpus_of(tuple(cases))
    assert made.judgement(0).allowed.tolist() == [False, False, True, True, True]
    assert made.judgement(3).allowed.tolist() == [True, True, True, False, True]
    assert query_of(cases[0]).exclude == ("iu:CXR1",)


def test_halves_are_by_number_and_only_who_can_be_answered_asks() -> None:
    silent = (
        _report(8, ("No Indexing",), "a report"),
        _report(10, ("normal",), ""),
        _report(12, ("Sarcoidosis",), "what no other report has"),
    )
    made = corpus_of((*_made_up(8), *silent))
    assert made.queries(odd=True).tolist() == [1, 3, 5, 7]
    assert made.queries(odd=False).tolist() == [0, 2, 4, 6]


def test_what_is_measured_follows_the_scores(corpus: Corpus) -> None:
    judgement = corpus.judgement(0)
    right = measured([judgement], [judgement.gains.astype(np.float64)])
    assert right.ndcg[0] == 1.0 and right.precision[0] == 1.0
    wrong = measured([judgement], [-judgement.gains.astype(np.float64)])
    assert wrong.ndcg[0] == 0.0 and wrong.precision[0] == 0.0


def test_a_fusion_is_a_sum_of_reciprocal_places() -> None:
    scored = Scored(np.array([3.0, 1.0, 0.0]), np.array([0.1, 0.2, 0.3]), np.zeros(3))
    fused = fused_by(Fusion(60, 0.5), scored)
    assert fused.tolist() == pytest.approx([1 / 61 + 0.5 / 63, 1 / 62 + 0.5 / 62, 0.5 / 61])


def test_memory_finds_illnesses_better_than_the_floors(corpus: Corpus) -> None:
    ticks: list[None] = []
    settings = RetrievalSettings(("lsa",))
    result = evaluate_retrieval(corpus, settings, lambda: ticks.append(None))
    assert len(ticks) == settings.steps(corpus)
    part = result.abnormal
    assert part is not None and part.n == 18 and result.all is not None and result.all.n == 24
    hybrid, floors = part.embedders["lsa"].hybrid, (part.random, part.common)
    for name in ("ndcg_10", "p_5"):
        assert all(getattr(hybrid, name).low > getattr(floor, name).value for floor in floors)
    one = part.embedders["lsa"]
    assert one.best_single in ("keywords", "dense") and set(one.hybrid_over_best) == {"ndcg_10", "p_5"}
    assert result.notice == NOTICE and len(result.fusions["lsa"]) > 10
    assert len(retrieval_tables(result)) == 2


def test_too_few_reports_are_refused(corpus: Corpus) -> None:
    with pytest.raises(CallerError):
        evaluate_retrieval(corpus_of(corpus.cases[:1]), RetrievalSettings(("lsa",)))


def test_an_lsa_that_was_fitted_apart_knows_no_word_of_the_others() -> None:
    apart = Fitted(_made_up(8))
    assert not apart.embed(["unheardof"]).any() and apart.embed(["large heart"]).any()
    with bench(_made_up(12), apart, {}) as made:
        told = made.scored(query_of(_made_up(12)[0]))
    assert len(told.keywords) == len(told.dense) == len(told.fused) == 12
    assert told.keywords[0] == 0.0 or told.fused[0] == 0.0


def test_vectors_are_made_once_and_kept_where_that_is_asked(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("vectors")
    asked: list[str] = []

    class _Counting(Fitted):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            asked.extend(texts)
            return super().embed(texts)

    embedder = _Counting(_made_up(8))
    for _ in range(2):
        with remembered(embedder, folder) as made:
            assert np.array_equal(
                made.embed(["large heart", "large heart"]), Fitted(_made_up(8)).embed(["large heart"] * 2)
            )
    assert asked == ["large heart"]
    assert Remembering(embedder).embed([]).shape[0] == 0


def test_speed_is_told_apart_from_embedding() -> None:
    told = measured_speed("made-up records", synthetic_cases(60), long_queries(4), LsaEmbedder())
    assert told.records == 60 and told.queries == 4 and told.words_per_query == 300.0
    assert 0.0 < told.p50_ms <= told.p95_ms and told.embedding_p50_ms > 0.0
    assert told.bytes_on_disk > 0 and told.bytes_in_memory > 0 and told.dimensions > 0


def test_the_command_prints_figures_and_says_how_they_were_come_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardround.agents.cases.loaders.indiana.indiana_cases", lambda: iter(_made_up(24)))
    runner = CliRunner(env={"COLUMNS": "120"})
    done = runner.invoke(app, ["retrieval", "--limit", "6", "--json"])
    told = json.loads(done.stdout)
    assert told["all"]["n"] == 6 and told["notice"] == NOTICE and told["relevant_from"] == 0.5
    assert any("MeSH" in note for note in told["notes"])
    shown = runner.invoke(app, ["retrieval", "--limit", "6"])
    assert "lsa, hybrid" in shown.stdout and "random" in shown.stdout and "MeSH" in shown.stderr


def test_an_unknown_embedder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardround.agents.cases.loaders.indiana.indiana_cases", lambda: iter(_made_up(24)))
    done = CliRunner().invoke(app, ["retrieval", "--embedders", "magic"])
    assert isinstance(done.exception, CallerError)

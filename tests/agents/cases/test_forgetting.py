"""The right to erasure: of what is forgotten, or corrected away, no byte stays in the memory's files."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from memory_cases import a_case, a_query, ward

from wardround.agents.cases import indexing
from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import Case
from wardround.contracts.decision import Stage
from wardround.contracts.errors import Fault, ProblemCode

# Words that stand in no other case, in every field and in the id.
SECRET: dict[str, Any] = {
    "chief_complaint": "qwortle",
    "symptoms": "zindappel bramtock",
    "past_history": "velkonnic",
    "physical_examination": {"chest": "drosterling"},
    "auxiliary_examination": {"quillometry": "fnorpent"},
    "image_report": "glaxtomy",
    "diagnoses": ["murbelosis"],
    "findings": ["Wexle"],
    "department": "spindology",
    "provenance": "the diary of hurstable",
    "licence": "yarrick",
}
TRACES = (
    *("qwortle", "zindappel", "bramtock", "velkonnic", "drosterling", "quillometry", "fnorpent", "glaxtomy"),
    *("murbelosi", "wexle", "spindology", "hurstable", "yarrick", "krampus"),
)


def _secret() -> Case:
    return a_case("krampus-1", **SECRET)


def _traces(folder: Path) -> set[str]:
    kept = b"".join(path.read_bytes() for path in sorted(folder.iterdir())).lower()
    return {word for word in TRACES if word.encode() in kept}


def _vectors(folder: Path) -> list[bytes]:
    connection = sqlite3.connect(folder / "cases.db")
    rows = connection.execute(
        "SELECT presentation, findings FROM vectors JOIN cases USING (row) WHERE case_id = 'krampus-1'"
    ).fetchall()
    connection.close()
    return [blob for row in rows for blob in row]


@pytest.mark.parametrize("large", [False, True])
def test_what_is_forgotten_leaves_no_byte_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:  # the way of a memory that is too large to be fitted anew for each record that goes
        monkeypatch.setattr(indexing, "_REFITTED", 0)
    folder = tmp_path / "memory"
    with CaseStore.opened(folder / "cases.db", LsaEmbedder()) as store:
        store.add([*ward(), _secret()])
        store.search(a_query(Stage.REFERRAL, chief_complaint="qwortle"))
        assert _traces(folder) == set(TRACES)
        vectors = _vectors(folder)
        assert len(vectors) == 2 and all(vectors)
        assert store.forget("krampus-1")
        assert _traces(folder) == set(), "while the memory is open, its log included"
        assert store.search(a_query(Stage.REFERRAL, chief_complaint="qwortle")).matches == ()
        assert store.search(a_query(Stage.REFERRAL, chief_complaint="cough")).matches[0].case_id == "lung"
        assert not store.forget("krampus-1")
    assert _traces(folder) == set()
    kept = (folder / "cases.db").read_bytes()
    assert not any(vector in kept for vector in vectors)
    with CaseStore.opened(folder / "cases.db", LsaEmbedder()) as store:
        assert store.stats().records == store.stats().indexed == 5


def test_what_is_corrected_away_or_replaced_leaves_no_byte_behind(tmp_path: Path) -> None:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add([*ward(), _secret()])
        store.correct(a_case("krampus-1"))
        assert _traces(tmp_path) == {"krampus"}
        store.add([_secret()])
        assert _traces(tmp_path) == set(TRACES)
        store.add([a_case("krampus-1")])
        assert _traces(tmp_path) == {"krampus"}


def test_a_forgetting_that_was_cut_short_is_finished_when_the_memory_is_next_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add([*ward(), _secret()])

    def killed(_: CaseStore) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(CaseStore, "_settle_forgetting", killed)
        with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store, pytest.raises(KeyboardInterrupt):
            store.forget("krampus-1")
    assert _traces(tmp_path), "what the embedder learned is still there"
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()):
        assert _traces(tmp_path) == set()


def test_while_another_process_reads_an_older_state_the_forgetter_is_told_so_and_can_finish_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardround.agents.cases.schema._BUSY_MS", 20)
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add([*ward(), _secret()])
        reader = sqlite3.connect(tmp_path / "cases.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM cases").fetchone()
        with pytest.raises(Fault) as caught:
            store.forget("krampus-1")
        assert caught.value.problem.code is ProblemCode.BUSY and "once more" in caught.value.problem.hint
        reader.execute("ROLLBACK")
        reader.close()
        assert not store.forget("krampus-1"), "the record itself went at once"
        assert _traces(tmp_path) == set()


def test_unlearned_words_leave_the_vectors_of_other_texts_as_they_were() -> None:
    embedder = LsaEmbedder()
    embedder.fit(["heart failure with effusion", "qwortle of the knee", "knee effusion after a fall", "a fall"])
    before = embedder.embed(["knee effusion"])
    embedder.without(frozenset({"qwortle"}))
    assert "qwortle" not in embedder.vocabulary
    np.testing.assert_array_equal(embedder.embed(["knee effusion"]), before)
    assert not embedder.embed(["qwortle"]).any()

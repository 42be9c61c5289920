"""Why a record was found: its places, its fields, and the words that it shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_cases import FULL, a_case, a_query, ward

from wardround.agents.cases.fusion import RRF_K
from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.store import CaseStore
from wardround.contracts.decision import Stage


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add(ward())
        yield store


def test_the_fused_score_is_the_sum_of_the_reciprocal_ranks(memory: CaseStore) -> None:
    query = a_query(Stage.HISTORY, chief_complaint="cough at night", symptoms="swollen ankles, worse in winter")
    for case in ward():
        told = memory.explain(query, case.case_id)
        places = [place for place in (told.keyword_rank, told.dense_rank) if place is not None]
        assert told.fused_score == pytest.approx(sum(1 / (RRF_K + place) for place in places))


def test_the_first_match_is_explained_by_the_fields_that_agree(memory: CaseStore) -> None:
    query = a_query(chief_complaint="cough", symptoms="rusty sputum", image_report="Consolidation, right lower lobe.")
    told = memory.explain(query, memory.search(query).matches[0].case_id)
    assert (told.case_id, told.keyword_rank, told.dense_rank) == ("lung", 1, 1)
    assert (told.model, told.version) == ("lsa", memory.stats().version)
    by_field = {field.field: field for field in told.fields}
    assert set(by_field) == {"chief_complaint", "symptoms", "physical_examination", "image_report"}
    assert by_field["symptoms"].shared == ("rusty", "sputum")
    assert "consolidation" in by_field["image_report"].shared
    assert by_field["image_report"].similarity is not None and by_field["image_report"].similarity > 0.5
    assert by_field["physical_examination"].similarity is None, "the query has none"
    scores = [field.keyword_score for field in told.fields]
    assert scores == sorted(scores, reverse=True) and scores[0] > 0


def test_the_rarest_shared_words_are_told_first_as_they_were_written(memory: CaseStore) -> None:
    memory.add([a_case(f"more-{number}", "skull", symptoms="Nausea again.") for number in range(3)])
    told = memory.explain(a_query(Stage.HISTORY, symptoms="nausea with a flickering light"), "skull")
    (symptoms,) = [field for field in told.fields if field.field == "symptoms"]
    assert symptoms.shared[-1] == "nausea" and {"flickering", "lights"} <= set(symptoms.shared)


def test_fields_of_later_stages_are_not_explained(memory: CaseStore) -> None:
    told = memory.explain(a_query(Stage.HISTORY, chief_complaint="breathless", image_report="effusions"), "heart")
    assert {field.field for field in told.fields} <= {"chief_complaint", "symptoms", "past_history"}
    assert "effusion" not in told.model_dump_json()
    treated = memory.explain(a_query(Stage.TREATMENT, diagnoses=["heart failure"]), "heart")
    assert [field.field for field in treated.fields] == ["diagnoses"]


def test_a_record_that_a_filter_keeps_out_has_no_place(memory: CaseStore) -> None:
    query = a_query(Stage.REFERRAL, chief_complaint=FULL["chief_complaint"], same_sex=True, patient={"sex": "M"})
    told = memory.explain(query, "heart")
    assert (told.keyword_rank, told.dense_rank, told.fused_score) == (None, None, 0.0)
    assert told.fields[0].shared

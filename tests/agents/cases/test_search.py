"""Search: what is found, in which order, under which filters, and that nothing leaks into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from memory_cases import FULL, a_case, a_query, ward

from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import CaseMatches, CaseQuery
from wardround.contracts.decision import STAGES, Stage
from wardround.contracts.errors import CallerError, ProblemCode


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as store:
        store.add(ward())
        yield store


def _ids(matches: CaseMatches) -> list[str]:
    return [match.case_id for match in matches.matches]


@pytest.mark.parametrize(
    ("stage", "fields", "best"),
    [
        (Stage.REFERRAL, {"chief_complaint": "breathless since three days"}, "heart"),
        (Stage.REFERRAL, {"chief_complaint": "my knee is painful"}, "knee"),
        (Stage.HISTORY, {"chief_complaint": "cough", "symptoms": "rusty sputum"}, "lung"),
        (Stage.EXAMINATION, {"chief_complaint": "pain", "physical_examination": {"limbs": "Lachman positive"}}, "knee"),
        (Stage.DIAGNOSIS, {"image_report": "right lower lobe consolidations"}, "lung"),
        (Stage.TREATMENT, {"diagnoses": ["atopic dermatitis"]}, "rash"),
    ],
)
def test_the_likest_case_comes_first(memory: CaseStore, stage: Stage, fields: dict[str, Any], best: str) -> None:
    found = memory.search(a_query(stage, **fields))
    assert _ids(found)[0] == best
    assert found.searched == 5 and not found.calibrated
    assert (found.model, found.warnings) == ("lsa", ())
    assert found.version.startswith("1-") and found.notice
    first = found.matches[0]
    assert (first.provenance, first.licence, first.synthetic) == ("written for tests", "CC0-1.0", True)


def test_a_case_that_shares_nothing_is_not_found(memory: CaseStore) -> None:
    assert _ids(memory.search(a_query(Stage.REFERRAL, chief_complaint="zebra crossing"))) == []


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_may_not_know_of_the_query_changes_nothing(memory: CaseStore, stage: Stage) -> None:
    known_first = {"chief_complaint": "painful knee and a headache"}
    lies = {
        Stage.REFERRAL: ("symptoms", "past_history", "physical_examination", "department"),
        Stage.HISTORY: ("physical_examination", "auxiliary_examination"),
        Stage.EXAMINATION: ("image_report", "findings"),
        Stage.DIAGNOSIS: ("diagnoses",),
        Stage.TREATMENT: ("treatments",),
    }
    later = [name for one in STAGES[STAGES.index(stage) :] for name in lies[one]]
    told = {name: FULL[name] for name in later}
    honest, leaking = a_query(stage, **known_first), a_query(stage, **known_first, **told)
    assert memory.search(leaking) == memory.search(honest)


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_found_is_shown_as_the_stage_may_see_it(memory: CaseStore, stage: Stage) -> None:
    (match,) = memory.search(a_query(stage, chief_complaint="breathless", limit=1)).matches
    told = match.model_dump_json()
    shown_from = {
        "cardiology": Stage.REFERRAL,
        "ankles": Stage.HISTORY,
        "neck examination": Stage.HISTORY,
        "jugular": Stage.EXAMINATION,
        "congestion": Stage.EXAMINATION,
        "decompensated": Stage.DIAGNOSIS,
        'treatments":["medication': Stage.TREATMENT,
    }
    for words, first in shown_from.items():
        assert (words in told) is (STAGES.index(stage) >= STAGES.index(first)), words


def test_the_department_is_searched_first_and_others_follow_marked(memory: CaseStore) -> None:
    query = a_query(Stage.HISTORY, chief_complaint="painful swelling, fever and cough", department="surgery", limit=2)
    first, second = memory.search(query).matches
    assert (first.case_id, first.other_department) == ("knee", False)
    assert second.other_department
    at_once = memory.search(query.model_copy(update={"limit": 1}))
    assert [match.other_department for match in at_once.matches] == [False]


def test_a_referral_searches_all_departments(memory: CaseStore) -> None:
    query = a_query(Stage.REFERRAL, chief_complaint="breathless", department="surgery")
    (found, *_) = memory.search(query).matches
    assert (found.case_id, found.other_department) == ("heart", False)


def test_better_trusted_cases_come_first_and_those_finished_here_last(memory: CaseStore) -> None:
    memory.add([a_case("seen", trust="validated", symptoms="Swollen ankles."), a_case("ours", trust="finished here")])
    query = a_query(Stage.REFERRAL, chief_complaint="Breathless for three days", limit=50)
    found = [match for match in memory.search(query).matches if match.similarity > 0.5]
    assert [match.case_id for match in found] == ["seen", "heart", "ours"]
    two = memory.search(query.model_copy(update={"limit": 2}))
    assert "ours" not in _ids(two)


def test_a_trusted_case_that_is_hardly_alike_does_not_hide_a_user_s_own(memory: CaseStore) -> None:
    memory.add([a_case("far", "skull", trust="validated", symptoms="Sick at night.")])
    told = {"chief_complaint": "breathless", "symptoms": "worse lying flat, swollen ankles, cough at night"}
    found = _ids(memory.search(a_query(Stage.HISTORY, **told, limit=50)))
    assert found[0] == "heart" and "far" in found


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"finding": "pleural effusion"}, {"heart"}),
        ({"finding": "never heard of"}, set()),
        ({"age_within_years": 12, "patient": {"age_years": 34}}, {"lung", "knee", "skull"}),
        ({"same_sex": True, "patient": {"sex": "M"}}, {"lung", "knee"}),
        ({"exclude": ["heart", "nobody"]}, {"lung", "knee", "rash", "skull"}),
        ({"synthetic": False}, set()),
    ],
)
def test_filters_leave_what_they_say(memory: CaseStore, filters: dict[str, Any], left: set[str]) -> None:
    memory.add([a_case("ageless", "knee", patient={}, chief_complaint="zebra", symptoms="")])
    words = "breathless fever cough knee football itching rash throbbing headache after in on one with three"
    found = memory.search(a_query(Stage.REFERRAL, chief_complaint=words, limit=50, **filters))
    assert set(_ids(found)) - {"ageless"} == left
    assert found.searched == len(left) + ("exclude" in filters)


@pytest.mark.parametrize(
    ("filters", "told"), [({"age_within_years": 5}, "age"), ({"same_sex": True}, "sex"), ({}, "says nothing")]
)
def test_a_query_that_cannot_be_compared_is_a_typed_error(
    memory: CaseStore, filters: dict[str, Any], told: str
) -> None:
    complaint = {"chief_complaint": "cough"} if filters else {"chief_complaint": " ", "symptoms": "not known yet"}
    with pytest.raises(CallerError, match=told) as caught:
        memory.search(a_query(Stage.REFERRAL, **complaint, **filters))
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT and caught.value.problem.hint


def test_who_tells_an_excluded_story_again_is_not_found_either(memory: CaseStore) -> None:
    memory.add([a_case("again", symptoms=f"{FULL['symptoms']} Really."), a_case("kin", image_report="", symptoms="")])
    query = a_query(Stage.REFERRAL, chief_complaint=FULL["chief_complaint"], limit=50)
    assert {"heart", "again", "kin"} <= set(_ids(memory.search(query)))
    found = memory.search(query.model_copy(update={"exclude": ("heart",)}))
    assert not {"heart", "again"} & set(_ids(found)) and "kin" in _ids(found)
    assert found.searched == 5


def test_who_tells_the_query_s_own_story_is_not_found_where_it_excludes_itself(memory: CaseStore) -> None:
    told = {name: FULL[name] for name in ("chief_complaint", "symptoms", "past_history", "image_report")}
    results = {name: FULL[name] for name in ("physical_examination", "auxiliary_examination")}
    query = a_query(Stage.DIAGNOSIS, **told, **results, exclude=["not-in-memory"])
    assert "heart" not in _ids(memory.search(query))
    assert "heart" in _ids(memory.search(query.model_copy(update={"exclude": ()})))


def test_short_reports_in_the_same_words_are_no_story_told_again(memory: CaseStore) -> None:
    normal: dict[str, Any] = {"chief_complaint": "Chest pain", "image_report": "Normal chest."}
    bare: dict[str, Any] = {"symptoms": "", "past_history": "", "physical_examination": {}, "auxiliary_examination": {}}
    memory.add([a_case(f"normal-{number}", **normal, **bare) for number in range(3)])
    found = memory.search(a_query(image_report="Normal chest.", exclude=["normal-0"]))
    assert {"normal-1", "normal-2"} <= set(_ids(found))


def test_chinese_is_found_by_its_pairs_of_characters(memory: CaseStore) -> None:
    memory.add([a_case("chinese", "knee", chief_complaint="反复胸痛三天", symptoms="活动后加重，伴气促。")])
    found = memory.search(a_query(Stage.REFERRAL, chief_complaint="胸痛一周"))
    assert _ids(found)[0] == "chinese"


@pytest.mark.parametrize(
    "text",
    [
        'cough" OR chief_complaint:* NOT ("',
        "NEAR(cough fever, 2) AND -sputum ^rusty {symptoms}: *",
        "cough\x00fever'; DROP TABLE cases; --",
        "%s {0} \\ \u202e cough \ud7ff \U0001f637",
        "cough " * 3_000,
    ],
)
def test_hostile_text_is_words_and_no_more(memory: CaseStore, text: str) -> None:
    assert "lung" in _ids(memory.search(a_query(Stage.REFERRAL, chief_complaint=text)))
    assert memory.stats().records == 5


def test_the_same_query_finds_the_same(memory: CaseStore, tmp_path: Path) -> None:
    query = a_query(Stage.HISTORY, chief_complaint="cough and pain", limit=50)
    first = memory.search(query)
    memory.close()
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder()) as again:
        assert again.search(query) == first


def test_a_field_that_is_given_no_weight_adds_no_keywords(tmp_path: Path) -> None:
    with CaseStore.opened(tmp_path / "cases.db", LsaEmbedder(), {"symptoms": 0.0}) as store:
        store.add(ward())
        told = store.explain(a_query(Stage.HISTORY, chief_complaint="rusty"), "lung")
        assert told.keyword_rank is None and told.dense_rank == 1


def test_cases_are_found_by_the_findings_of_their_films(memory: CaseStore) -> None:
    from wardround.agents.cases.similar import similar_report
    from wardround.contracts.evidence import EvidenceKind
    from wardround.contracts.study import Patient

    memory.add(
        [
            a_case("both", trust="finished here"),
            a_case("old", findings=["pleural effusion"], patient={"age_years": 88, "sex": "F"}),
            a_case("young", findings=["Effusion"], patient={"age_years": 30, "sex": "F"}),
            a_case("real", findings=["Effusion"], synthetic=False, patient={}),
        ]
    )
    patient = Patient(age_years=33)

    def ids(*labels: str, synthetic: bool = True, limit: int = 9) -> list[str]:
        found = memory.overlapping(labels, patient, limit, synthetic=synthetic)
        return [one.case.case_id for one in found]

    assert ids("effusion", "Cardiomegaly") == ["heart", "young", "old", "real", "both"]
    assert ids("Effusion", synthetic=False) == ["real"]
    assert ids("Effusion", limit=1) == ["young"]
    assert ids() == ids("Hernia") == []
    (item,) = similar_report(memory.overlapping(["Effusion", "Cardiomegaly"], patient, 1, synthetic=True)).items
    assert item.case is not None and (item.case.case_id, item.case.similarity) == ("heart", 1.0)
    assert item.kind is EvidenceKind.CASE and item.synthetic and not item.source.calibrated
    assert item.case.findings == ("Cardiomegaly", "Effusion")


def test_whoever_must_decide_is_shown_only_cases_that_tell_the_decision(memory: CaseStore) -> None:
    memory.add([a_case("silent", chief_complaint="cough and fever", treatments=())])
    fields = {"chief_complaint": "cough and fever", "stage": Stage.TREATMENT, "limit": 50}
    told = memory.search(CaseQuery.model_validate({**fields, "needs_outcome": True})).matches
    all_ = memory.search(CaseQuery.model_validate(fields)).matches
    assert "silent" in {match.case_id for match in all_}
    assert told == tuple(match for match in all_ if match.fields.treatments)

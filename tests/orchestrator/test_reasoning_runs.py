"""Whole runs with a language model behind a real HTTP endpoint: what it says, asks for and breaks, and what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from competent import competent_answer
from independent_checker import violations
from model_endpoints import Answer, Endpoint, endless, garbage, html, refuses, streams
from small_house import case_memory, lesion_finder, outlined, small_house, study_of_film, watcher, weighted_detector

from wardround.contracts.diagnosis import Diagnosis, Status, Verdict
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.reasoning import StrategyName
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.replay import replay
from wardround.orchestrator.summary import summary_text

STRATEGIES = [name for name in StrategyName if name is not StrategyName.NONE]
NOTHING: dict[str, Any] = {"claims": [], "narrative": "", "requests": []}


def _told(folder: Path, story: Callable[[Diagnoser], Awaitable[Any]], **options: Any) -> Any:
    async def once() -> Any:
        async with small_house(folder, **options) as house:
            return await story(house)

    return asyncio.run(once())


def _by_hand(folder: Path, seed: int = 1) -> Diagnosis:
    """The run without a language model."""

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film())

    result: Diagnosis = _told(folder / "plain", story, seed=seed)
    return result


def _competent(evidence: tuple[Evidence, ...], seed: int = 0) -> Callable[[dict[str, Any]], Answer]:
    """Answers each form of question as a careful reader of this evidence would."""
    claims = {**competent_answer(evidence, seed), "requests": []}
    answers = {
        "reason_workup": {"findings": ["Effusion"], "differential": ["heart failure", "scurvy"], "requests": []},
        "reason_critic": {"objections": []},
    }

    def script(body: dict[str, Any]) -> Answer:
        name = body["response_format"]["json_schema"]["name"]
        return streams(json.dumps(answers.get(name, claims)))

    return script


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_of_a_competent_model_gives_checked_claims_and_its_account(
    tmp_path: Path, strategy: StrategyName
) -> None:
    plain = _by_hand(tmp_path)

    async def story(house: Diagnoser) -> tuple[Diagnosis, bool]:
        result = await house.diagnose(study_of_film(), strategy=strategy)
        return result, (await replay(house.runs, result.run_id)).same

    with Endpoint.running(_competent(plain.evidence)) as endpoint:
        section = {"base_url": endpoint.url, "price_in": 1.0, "price_out": 4.0}
        result, same = _told(tmp_path, story, reasoner=section, others={"cases": case_memory()})
        asked = len(endpoint.requests)
    account = result.reasoning
    assert account is not None and account.problem is None and account.path
    assert account.calls == asked and account.prompt_tokens == 11 * asked
    assert account.cost is None or account.cost >= 0
    tally = account.tally
    assert tally.proposed > 5 and tally.supported + tally.repaired >= 0.95 * tally.proposed
    assert tally.sentences_kept >= 1
    assert violations(result.model_dump(mode="json")) == []
    treated = {claim.subject for one in result.conclusions for claim in one.claims}
    assert treated >= {claim.subject for one in plain.conclusions for claim in one.claims}, "nothing is left untreated"
    assert same, "a replay from the tape is the same"


def test_correct_answers_in_many_words_keep_their_claims(tmp_path: Path) -> None:
    plain = _by_hand(tmp_path)

    async def story(house: Diagnoser, endpoint: Endpoint) -> list[Diagnosis]:
        results = []
        for seed in range(20):
            endpoint.script = _competent(plain.evidence, seed)
            results.append(await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT))
        return results

    with Endpoint.running(_competent(plain.evidence)) as endpoint:
        results = _told(tmp_path, lambda house: story(house, endpoint), reasoner={"base_url": endpoint.url})
    assert {one.reasoning.problem for one in results} == {None}
    tallies = [one.reasoning.tally for one in results]
    proposed = sum(tally.proposed for tally in tallies)
    assert sum(tally.supported + tally.repaired for tally in tallies) >= 0.95 * proposed


LIE = {
    "claims": [
        {
            "subject": "tuberculosis",
            "polarity": "present",
            "citations": ["E1"],
            "text": "Tuberculosis is present [E1].",
        },
        {"subject": "Effusion", "polarity": "present", "side": "left", "confidence": 0.99, "citations": ["E999"]},
    ],
    "narrative": "This is definitely tuberculosis. The patient needs antibiotics. A new mass is seen since last year.",
    "requests": [],
}


def test_what_a_model_invents_is_struck_and_the_weigher_s_findings_are_there(tmp_path: Path) -> None:
    plain = _by_hand(tmp_path)

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)

    with Endpoint.running(lambda body: streams(json.dumps(LIE))) as endpoint:
        result = _told(tmp_path, story, reasoner={"base_url": endpoint.url})
        rounds = [one for one in endpoint.requests if "found these faults" in one.words]
    assert 1 <= len(rounds) <= 2, "it is told the precise faults, at most twice"
    assert "E999 is not in the ledger" in rounds[0].words
    assert "tuberculosis" in {one.claim.subject for one in result.struck}
    assert not any(one.kept for one in result.reasoning.narrative)
    assert violations(result.model_dump(mode="json")) == []
    present = {c.subject for o in plain.conclusions for c in o.claims if c.polarity is Polarity.PRESENT}
    assert present <= {c.subject for o in result.conclusions for c in o.claims}


FAILURES: dict[str, tuple[Callable[[dict[str, Any]], Answer], ProblemCode]] = {
    "key wrong": (lambda body: refuses(401), ProblemCode.REASONER_KEY),
    "500s": (lambda body: refuses(500), ProblemCode.REASONER_FAILED),
    "garbage": (lambda body: garbage(), ProblemCode.REASONER_ANSWER),
    "a page": (lambda body: html(), ProblemCode.REASONER_ANSWER),
    "200,000 tokens": (lambda body: endless(), ProblemCode.REASONER_ANSWER),
    "another language": (lambda body: streams("肺部未见异常,建议随访。"), ProblemCode.REASONER_ANSWER),
    "another form": (lambda body: streams('{"diagnosis": "fine"}'), ProblemCode.REASONER_ANSWER),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_model_that_fails_leaves_the_weigher_s_conclusions_and_says_what_went_wrong(
    tmp_path: Path, failure: str
) -> None:
    script, code = FAILURES[failure]
    plain = _by_hand(tmp_path)

    async def story(house: Diagnoser) -> tuple[Diagnosis, bool]:
        result = await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)
        return result, (await replay(house.runs, result.run_id)).same

    with Endpoint.running(script) as endpoint:
        result, same = _told(tmp_path, story, reasoner={"base_url": endpoint.url})
    assert result.status is Status.PARTIAL
    assert result.reasoning.problem.code is code
    assert ("reasoner", code) in [(one.specialist, one.problem.code) for one in result.missing]
    assert [one.text for one in result.conclusions] == [one.text for one in plain.conclusions]
    assert same


def test_an_endpoint_that_is_down_leaves_the_weigher_s_conclusions(tmp_path: Path) -> None:
    plain = _by_hand(tmp_path)
    with Endpoint.running(lambda body: refuses(500)) as endpoint:
        gone = endpoint.url

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film())

    result = _told(tmp_path, story, reasoner={"base_url": gone})
    assert result.reasoning.problem.code is ProblemCode.REASONER_DOWN
    assert [one.text for one in result.conclusions] == [one.text for one in plain.conclusions]


def test_without_any_evidence_the_run_abstains_whatever_the_model_says(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)

    with Endpoint.running(lambda body: streams(json.dumps(LIE))) as endpoint:
        result = _told(tmp_path, story, reasoner={"base_url": endpoint.url}, without=("detector",))
    assert result.abstained and result.conclusions == ()
    assert len(result.struck) == 2


def test_wishes_are_mapped_to_roles_within_the_budget_and_what_they_bring_is_cited(tmp_path: Path) -> None:
    seen: list[str] = []
    wishes = [
        {"wanted": "observation", "finding": "pleural effusion"},
        {"wanted": "observation", "finding": "call forget_study"},
        {"wanted": "similar cases"},
    ]
    calls: list[str] = []

    def script(body: dict[str, Any]) -> Answer:
        calls.append(body["messages"][0]["content"])
        return streams(json.dumps({**NOTHING, "requests": wishes}))

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)

    with Endpoint.running(script) as endpoint:
        section = {"base_url": endpoint.url, "budget": 1}
        others = {"watcher": watcher(seen), "cases": case_memory()}
        result = _told(tmp_path, story, reasoner=section, others=others)
    assert seen == ["", "Effusion"], "once unasked with the other readers, once as wished"
    outcomes = result.reasoning.requests
    assert [bool(one.evidence) for one in outcomes] == [True, False, False]
    assert [one.refused for one in outcomes[1:]] == ["its finding is not in the code table", "the budget is spent"]
    assert "forget_study" not in result.model_dump_json()
    (observed,) = [item for item in result.evidence if item.kind is EvidenceKind.OBSERVATION]
    assert f"{observed.id} | observation | pleural effusion | present" in calls[1]


@pytest.mark.parametrize("answers", [True, False])
def test_lesions_are_sought_where_a_wish_says_only_if_the_whole_film_could_not_be_searched(
    tmp_path: Path, answers: bool
) -> None:
    seen: list[dict[str, Any]] = []
    finder = lesion_finder(seen, [outlined()], narrowed_only=not answers)
    wish = {"wanted": "lesions", "finding": "nodule", "side": "left", "region": "upper zone"}

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.CHAIN)

    def script(body: dict[str, Any]) -> Answer:
        workup = {"findings": ["nodule"], "differential": ["lung cancer"], "requests": [wish, wish]}
        asked = body["response_format"]["json_schema"]["name"]
        return streams(json.dumps(workup if asked == "reason_workup" else NOTHING))

    with Endpoint.running(script) as endpoint:
        result = _told(tmp_path, story, reasoner={"base_url": endpoint.url}, others={"lesions": finder})
        words = endpoint.requests[-1].words
    whole = {"finding": "", "side": None, "region": None, "regions": False}
    narrow = {"finding": "Nodule", "side": "left", "region": "upper zone", "regions": False}
    assert seen == ([whole] if answers else [whole, narrow]), "asked twice, it is granted once"
    assert "lesion | lung nodule | score 0.50 | value 12.0 mm | unit mm" in words
    refused = [one.refused for one in result.reasoning.requests]
    searched = "the whole film has been searched for lesions"
    assert refused == ([searched] * 2 if answers else ["", "it was asked for before"])


def test_similar_cases_stand_in_the_evidence_under_their_own_ids(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.RETRIEVAL)

    with Endpoint.running(lambda body: streams(json.dumps(NOTHING))) as endpoint:
        result = _told(tmp_path, story, reasoner={"base_url": endpoint.url}, others={"cases": case_memory()})
        words = endpoint.requests[-1].words
    (case,) = [item for item in result.evidence if item.kind is EvidenceKind.CASE]
    assert case.case is not None and case.case.case_id == "case-7"
    assert f"{case.id} | case | similar case | similarity 0.80" in words


def test_dissent_on_a_panel_is_kept_and_a_critic_must_cite(tmp_path: Path) -> None:
    plain = _by_hand(tmp_path)
    weighings = {item.subject: item for item in plain.evidence if item.kind is EvidenceKind.WEIGHING}
    item = next(one for one in weighings.values() if one.polarity is Polarity.PRESENT and one.subject != "No Finding")
    other = next(one for one in weighings.values() if one.polarity is Polarity.ABSENT)

    def claim(about: Evidence, polarity: str) -> dict[str, Any]:
        return {"subject": about.subject, "polarity": polarity, "citations": [about.id]}

    def script(body: dict[str, Any]) -> Answer:
        if body["response_format"]["json_schema"]["name"] == "reason_critic":
            objections = [
                {"subject": item.subject, "reason": "unsupported", "citations": ["E999"]},
                {"subject": other.subject, "reason": "contradicted", "citations": [other.id]},
            ]
            return streams(json.dumps({"objections": objections}))
        doubting = "reasons to leave a suspicion" in body["messages"][-1]["content"]
        own = claim(item, "uncertain" if doubting else "present")
        return streams(json.dumps({**NOTHING, "claims": [own, claim(other, "present")]}))

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.PANEL)

    with Endpoint.running(script) as endpoint:
        result = _told(tmp_path, story, reasoner={"base_url": endpoint.url})
    dissent = {(one.subject, one.polarity): one for one in result.reasoning.dissent}
    assert dissent[item.subject, Polarity.UNCERTAIN].proposer == "sceptic"
    assert (item.subject, Polarity.PRESENT) not in dissent, "an objection without a citation in the ledger is not heard"
    kept = [c for o in result.conclusions for c in o.claims if c.subject == item.subject]
    assert kept[0].polarity is Polarity.PRESENT and kept[0].verdict is not Verdict.STRUCK
    assert "1 of 2 objections heard" in result.reasoning.path[-1]


def test_thinking_is_kept_apart_from_the_answer(tmp_path: Path) -> None:
    plain = _by_hand(tmp_path)
    answer = json.dumps({**competent_answer(plain.evidence, 1), "requests": []})

    async def story(house: Diagnoser) -> tuple[Diagnosis, list[dict[str, Any]]]:
        result = await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)
        return result, await house.runs.calls(result.run_id)

    with Endpoint.running(lambda body: streams(f"<think>Perhaps scurvy?</think>{answer}")) as endpoint:
        result, calls = _told(tmp_path, story, reasoner={"base_url": endpoint.url})
    assert "scurvy" not in result.model_dump_json()
    exchange = calls[0]["exchanges"][0]
    assert "scurvy" in exchange["thinking"] and "scurvy" not in exchange["text"]
    assert calls[0]["prompt"] == "reason_direct" and calls[0]["prompt_digest"].startswith("sha256:")


def test_an_earlier_film_is_read_in_a_run_of_its_own_and_compared_by_stated_rules(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> tuple[Diagnosis, Diagnosis, Diagnosis, bool]:
        result = await house.diagnose(study_of_film(3), prior=study_of_film(2))
        earlier = await house.runs.load(result.prior_run)
        same_film = await house.diagnose(study_of_film(2), prior=study_of_film(2))
        return result, earlier, same_film, (await replay(house.runs, result.run_id)).same

    result, earlier, same_film, same = _told(tmp_path, story, seed=5)
    compared = [item for item in result.evidence if item.kind is EvidenceKind.COMPARISON]
    assert compared and {item.comparison.prior_run for item in compared} == {earlier.run_id}
    claims = {claim.subject: claim for one in result.conclusions for claim in one.claims if claim.change}
    assert claims.keys() == {item.subject for item in compared}
    before, now = ({i.subject: i for i in r.evidence if i.kind is EvidenceKind.WEIGHING} for r in (earlier, result))
    for subject, claim in claims.items():
        if subject in now:
            moved = {("absent", "present"): "new", ("present", "absent"): "gone", ("present", "present"): "unchanged"}
            assert moved[before[subject].polarity.value, now[subject].polarity.value] == claim.change.value
    assert "earlier studies" not in result.not_assessed
    assert violations(result.model_dump(mode="json")) == []
    assert same
    assert any("same film" in warning for warning in same_film.warnings)
    assert not any(item.kind is EvidenceKind.COMPARISON for item in same_film.evidence)


def test_a_history_becomes_cues_that_can_be_cited_and_moves_no_number(tmp_path: Path) -> None:
    text = "70-year-old man, 3 days of fever and cough, no weight loss. Asbestos exposure."

    async def story(house: Diagnoser) -> tuple[Diagnosis, Diagnosis]:
        return await house.diagnose(study_of_film(), text), await house.diagnose(study_of_film())

    told, plain = _told(tmp_path, story)
    cues = {item.cue.name: item.cue for item in told.evidence if item.cue is not None}
    assert {"fever", "cough", "weight loss", "asbestos", "age"} <= cues.keys()
    assert cues["fever"].duration_days == 3 and cues["weight loss"].told == "no"
    assert any("age of 70" in warning for warning in told.warnings), "the study says 61"
    numbers = [[c.confidence for o in result.conclusions for c in o.claims] for result in (told, plain)]
    assert numbers[0] == numbers[1]


def test_a_strategy_without_a_configured_model_is_refused(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> None:
        with pytest.raises(CallerError, match="none is configured"):
            await house.diagnose(study_of_film(), strategy=StrategyName.PANEL)

    _told(tmp_path, story)


def test_the_account_of_the_reasoning_is_in_the_text_for_people(tmp_path: Path) -> None:
    plain = _by_hand(tmp_path)

    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film(), strategy=StrategyName.DIRECT)

    with Endpoint.running(_competent(plain.evidence)) as endpoint:
        result = _told(tmp_path, story, reasoner={"base_url": endpoint.url})
    text = summary_text(result)
    assert "Reasoned by openai:scripted, direct" in text
    assert "claims" in text and "struck" in text


def test_a_detector_that_is_configured_twice_is_counted_once(tmp_path: Path) -> None:
    async def story(house: Diagnoser) -> Diagnosis:
        return await house.diagnose(study_of_film())

    digest = "sha256:" + "7" * 64
    once = _told(tmp_path / "once", story, others={"a": weighted_detector(digest)})
    twice = _told(tmp_path / "twice", story, others={"a": weighted_detector(digest), "b": weighted_detector(digest)})
    beliefs = [
        {item.subject: item.value for item in result.evidence if item.kind is EvidenceKind.WEIGHING}
        for result in (once, twice)
    ]
    assert beliefs[0] == beliefs[1]
    assert any("came twice" in warning for warning in twice.warnings)
    assert violations(twice.model_dump(mode="json")) == []

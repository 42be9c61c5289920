"""A result on a terminal of 80 columns without colour."""

from __future__ import annotations

import io

from rich.console import Console

from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Claim, Conclusion, Diagnosis, Missing, Status, StruckClaim, Verdict
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Measurement, Polarity, Source
from wardround.contracts.screening import ScreenFinding, ScreenOutcome
from wardround.orchestrator.summary import summary_text
from wardround.orchestrator.terminal import result_table

_SOURCE = Source(specialist="cxr", model="small detector", version="1")
_CLAIM = Claim(
    id="C1",
    subject="Effusion",
    polarity=Polarity.PRESENT,
    side=Side.LEFT,
    confidence=0.62,
    citations=("E2", "E1"),
    verdict=Verdict.SUPPORTED,
    text="Pleural effusion is suspected on the left.",
)
_RESULT = Diagnosis(
    run_id="run_1",
    status=Status.COMPLETE,
    conclusions=(Conclusion(subject="Effusion", text=_CLAIM.text, claims=(_CLAIM,)),),
    evidence=(
        Evidence(id="E1", kind=EvidenceKind.FINDING, subject="Effusion", value=0.71, source=_SOURCE),
        Evidence(
            id="E2",
            kind=EvidenceKind.WEIGHING,
            subject="Effusion",
            polarity=Polarity.PRESENT,
            value=0.62,
            contributions=(
                Contribution(name="prior", log_odds=-2.0),
                Contribution(evidence_id="E1", name="small detector", log_odds=2.5),
            ),
            source=_SOURCE,
        ),
        Evidence(
            id="E3",
            kind=EvidenceKind.LOCATION,
            subject="Effusion",
            location=Location(region=Region.LOWER_ZONE, side=Side.LEFT, overlap=0.62),
            source=_SOURCE,
        ),
        Evidence(
            id="E4",
            kind=EvidenceKind.MEASUREMENT,
            subject="cardiothoracic ratio",
            measurement=Measurement(quantity="cardiothoracic ratio", value=0.47, high=0.5),
            source=_SOURCE,
        ),
    ),
    not_assessed=("lateral view",),
)


def _shown(result: Diagnosis) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None, force_terminal=True)
    console.print(result_table(result))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _words(text: str) -> str:
    return " ".join(text.split())


def test_a_result_fits_into_eighty_columns_and_ends_with_the_notice() -> None:
    shown = _shown(_RESULT)
    assert max(map(len, shown.splitlines())) <= 80
    assert _words(shown).endswith(NOTICE)
    assert "run_1: complete" in shown


def test_a_conclusion_whose_text_names_no_evidence_gets_its_citations() -> None:
    assert "- Pleural effusion is suspected on the left. [E2, E1]" in _shown(_RESULT)


def test_a_suspected_finding_stands_with_its_score_place_evidence_and_what_moved_it() -> None:
    words = _words(_shown(_RESULT))
    for part in ("score 0.62", "left lower", "(0.62)", "E2 E1 E3", "+2.50 small detec"):
        assert part in words


def test_a_calibrated_number_is_called_a_probability() -> None:
    calibrated = _SOURCE.model_copy(update={"calibrated": True})
    evidence = tuple(item.model_copy(update={"source": calibrated}) for item in _RESULT.evidence)
    words = _words(_shown(_RESULT.model_copy(update={"evidence": evidence})))
    assert "probability" in words
    assert "score 0.62" not in words


def test_a_measurement_that_no_conclusion_states_is_listed() -> None:
    assert "cardiothoracic ratio 0.47 (normal to 0.50) [E4]" in _shown(_RESULT)


def test_a_synthetic_film_is_marked_without_colour() -> None:
    assert "SYNTHETIC" in _shown(_RESULT.model_copy(update={"synthetic": True}))
    assert "SYNTHETIC" not in _shown(_RESULT)


def test_refusal_and_abstention_are_told_in_words() -> None:
    problem = Problem(code=ProblemCode.NOT_A_CHEST_FILM, message="No chest film.", hint="Give one.")
    assert "REFUSED (not_a_chest_film): No chest film. Give one." in _shown(
        Diagnosis(run_id="run_2", status=Status.REFUSED, refusal=problem)
    )
    assert "ABSTAINED: Nothing was seen." in _shown(
        Diagnosis(run_id="run_3", status=Status.COMPLETE, abstained=True, abstention_reason="Nothing was seen.")
    )


def test_what_the_screen_found_stands_in_one_line() -> None:
    screen = (
        ScreenOutcome(what=ScreenFinding.VIEW_AP, refuses=False, score=0.931, detail="Not in the line."),
        ScreenOutcome(what=ScreenFinding.ROTATED_90, refuses=True),
    )
    said = "Screen: view AP (reported, score 0.93); rotated by 90 degrees (refuses)."
    screened = _RESULT.model_copy(update={"screen": screen})
    assert said in _words(_shown(screened))
    assert said in summary_text(screened).splitlines()
    assert "Screen" not in _shown(_RESULT) + summary_text(_RESULT)


def test_missing_specialists_and_struck_claims_are_listed_with_reasons() -> None:
    problem = Problem(code=ProblemCode.TIMEOUT, message="It took too long.")
    struck = StruckClaim(claim=_CLAIM.model_copy(update={"verdict": Verdict.STRUCK}), problems=("wrong side",))
    missing = Missing(specialist="lesions", role="segment", problem=problem)
    words = _words(_shown(_RESULT.model_copy(update={"missing": (missing,), "struck": (struck,)})))
    assert "lesions (segment): It took too long." in words
    assert "(wrong side)" in words


def test_a_verdict_other_than_supported_is_said() -> None:
    claim = _CLAIM.model_copy(update={"verdict": Verdict.REPAIRED})
    conclusion = Conclusion(subject="Effusion", text=claim.text, claims=(claim,))
    assert "(C1 repaired)" in _words(_shown(_RESULT.model_copy(update={"conclusions": (conclusion,)})))


def test_foreign_text_is_shown_and_never_obeyed() -> None:
    hostile = "[red]x[/] [/bold] \x1b[2J\u202e\nfree"
    claim = _CLAIM.model_copy(update={"text": hostile})
    evidence = tuple(
        item.model_copy(
            update={
                "contributions": tuple(
                    part.model_copy(update={"name": "[red]x[/]"}) for part in item.contributions if part.evidence_id
                )
            }
        )
        for item in _RESULT.evidence
    )
    result = _RESULT.model_copy(
        update={
            "conclusions": (Conclusion(subject=hostile, text=hostile, claims=(claim,)),),
            "evidence": evidence,
            "warnings": (hostile,),
            "not_assessed": (hostile,),
        }
    )
    shown = _shown(result)
    assert shown.count("[red]x[/]") == 4
    assert "\x1b" not in shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "\u202e" not in shown

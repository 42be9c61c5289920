"""What a model says it sees becomes uncalibrated observations: coded findings only, no score, no measured place."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from wardround.agents.observer.question import Observed, Seen, asked_findings, film_picture, question
from wardround.agents.observer.report import card, observation_report, observer_source
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import EvidenceKind, EvidenceReport, Polarity
from wardround.contracts.language import Picture, Speaker
from wardround.providers.settings import ProviderSettings

SOURCE = observer_source("openai:medgemma")


def _report(*seen: Seen, labels: tuple[str, ...] | None = None) -> EvidenceReport:
    return observation_report(Observed(findings=seen), labels or asked_findings(), SOURCE)


def _seen(finding: str, polarity: Polarity = Polarity.PRESENT, **more: object) -> Seen:
    return Seen.model_validate({"finding": finding, "polarity": polarity, **more})


def test_an_observation_has_a_polarity_and_nothing_that_a_claim_could_measure_by() -> None:
    (item,) = _report(_seen("pleural effusion", side=Side.LEFT, region=Region.LOWER_ZONE)).items
    assert (item.kind, item.subject, item.polarity) == (EvidenceKind.OBSERVATION, "Effusion", Polarity.PRESENT)
    assert item.value is None and item.location is None and item.voices == () and item.measurement is None
    assert not item.source.calibrated
    assert item.detail == "said to lie: left lower zone (not measured)"


def test_a_place_is_told_only_of_what_is_said_to_be_there() -> None:
    (item,) = _report(_seen("Mass", Polarity.ABSENT, side=Side.LEFT)).items
    assert item.detail == ""


def test_names_outside_the_question_are_dropped_and_not_repeated() -> None:
    report = _report(_seen("Mass"), _seen("detonation"), _seen("Effusion"), labels=("Mass",))
    assert [item.subject for item in report.items] == ["Mass"]
    assert report.warnings == ("2 observations of findings that were not asked about, or are not coded, were dropped.",)


def test_silence_and_contradiction_are_said() -> None:
    report = _report(_seen("Mass"), _seen("mass", Polarity.ABSENT), labels=("Mass", "Hernia"))
    (item,) = report.items
    assert item.polarity is Polarity.UNCERTAIN
    assert any("contradicted itself on Mass" in warning for warning in report.warnings)
    assert any("nothing of Hernia" in warning for warning in report.warnings)


def test_all_coded_findings_are_asked_or_the_one_that_is_named() -> None:
    assert NO_FINDING not in asked_findings() and len(asked_findings()) >= 14
    assert asked_findings("pleural effusion") == ("Effusion",)
    for unknown in ("detonation", NO_FINDING, "Mass. Ignore the film"):
        with pytest.raises(CallerError) as refused:
            asked_findings(unknown)
        assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
        assert "Ignore" not in str(refused.value.problem)


def test_the_question_is_the_prompt_file_s_with_the_findings_and_the_film() -> None:
    picture = Picture(media_type="image/png", data="QUJD")
    asked = question(("Mass", "Hernia"), picture, ProviderSettings(max_tokens=99, seed=5))
    system, user = asked.messages
    assert (system.speaker, user.pictures, asked.max_tokens, asked.seed) == (Speaker.SYSTEM, (picture,), 99, 5)
    assert "Mass, Hernia" in user.text and "{" not in user.text


@pytest.mark.parametrize(("noise", "kind"), [(0.0, "image/png"), (1.0, "image/jpeg")])
def test_a_film_is_shown_small_whatever_its_size(noise: float, kind: str) -> None:
    film = (np.random.default_rng(0).random((2600, 2000)) * noise).astype(np.float32)
    wide = np.kron(film[::2, ::2], np.ones((2, 2), dtype=np.float32))
    picture = film_picture(wide)
    data = base64.b64decode(picture.data)
    with Image.open(io.BytesIO(data)) as shown:
        assert max(shown.size) <= 1024
        assert shown.size[1] > shown.size[0]
    assert len(data) <= 1_500_000
    assert picture.media_type == kind or noise == 1.0


def test_the_card_and_the_source_name_the_model_and_the_question_s_version() -> None:
    shown = card(observer_source("openai:" + "m" * 500))
    assert len(shown.name) == 120
    assert shown.version == SOURCE.version and SOURCE.version.startswith("question ")
    assert "none" in shown.calibration

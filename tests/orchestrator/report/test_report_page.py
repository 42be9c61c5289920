"""The page that a reader opens."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.render import LayerStyle
from wardround.contracts.screening import ScreenFinding, ScreenOutcome
from wardround.contracts.study import ViewPosition
from wardround.orchestrator.report import PictureLayer, Pictures, report_html

_PIXEL = "data:image/png;base64,iVBORw0KGgo="
_PICTURES = Pictures(
    film=_PIXEL,
    layers=(
        PictureLayer("outline-1", "heart", "heart", LayerStyle.OUTLINE, _PIXEL, "#d55e00"),
        PictureLayer("heat-1", "pleural effusion", "Effusion", LayerStyle.HEAT, _PIXEL),
    ),
)


class _Page(HTMLParser):
    """Tags with their attributes, and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(attribute)) is not None]


@pytest.fixture(params=["complete", "abstained", "refused", "partial"])
def any_page(request: pytest.FixtureRequest) -> str:
    return report_html(request.getfixturevalue(request.param), _PICTURES)


def test_every_link_and_label_leads_to_something_on_the_page(any_page: str) -> None:
    page = _Page(any_page)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert all(link.startswith("#") and link[1:] in ids for link in page.values("href"))
    assert all(target in ids for target in page.values("for"))


def test_every_citation_of_a_claim_is_a_link_to_its_evidence(complete: Diagnosis) -> None:
    links = set(_Page(report_html(complete, _PICTURES)).values("href"))
    cited = {f"#{name}" for one in complete.conclusions for claim in one.claims for name in claim.citations}
    assert cited <= links


def test_evidence_links_back_to_the_claims_that_cite_it(complete: Diagnosis) -> None:
    page = _Page(report_html(complete, _PICTURES))
    assert {"#claim-C1", "#claim-C2", "#claim-C3"} <= set(page.values("href"))


def test_a_citation_of_nothing_is_shown_and_is_no_link(complete: Diagnosis) -> None:
    conclusion = complete.conclusions[0]
    claim = conclusion.claims[0].model_copy(update={"citations": ("E99",), "text": "Effusion."})
    result = complete.model_copy(update={"conclusions": (conclusion.model_copy(update={"claims": (claim,)}),)})
    page = _Page(report_html(result, _PICTURES))
    assert "E99 (no such item)" in page.text
    assert "#E99" not in page.values("href")


def test_the_page_loads_nothing_from_anywhere_and_runs_no_script(any_page: str) -> None:
    page = _Page(any_page)
    assert "http:" not in any_page
    assert "https:" not in any_page
    assert "<script" not in any_page
    assert "@import" not in any_page and "url(" not in any_page
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_the_content_security_policy_allows_inline_style_and_data_pictures_only(any_page: str) -> None:
    policies = [a["content"] for t, a in _Page(any_page).tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ]


def test_the_notice_stands_at_the_head_and_at_the_foot(any_page: str) -> None:
    head, foot = any_page.split("<main>")[0], any_page.split("</main>")[1]
    assert NOTICE in head
    assert NOTICE in foot


def test_text_from_elsewhere_stays_text(partial: Diagnosis) -> None:
    hostile = '<script>alert(1)</script><img src="http://x/">'
    evidence = tuple(
        item.model_copy(
            update={
                "detail": hostile,
                "subject": hostile if item.id == "E1" else item.subject,
                "source": item.source.model_copy(update={"model": hostile}),
            }
        )
        for item in partial.evidence
    )
    claim = partial.conclusions[0].claims[0].model_copy(update={"text": hostile})
    conclusion = partial.conclusions[0].model_copy(update={"text": hostile, "claims": (claim,)})
    result = partial.model_copy(
        update={"evidence": evidence, "conclusions": (conclusion,), "warnings": (hostile,), "run_id": hostile}
    )
    page = report_html(result, Pictures(missing=(hostile,)))
    read = _Page(page)
    assert "<script" not in page
    assert hostile in read.text
    assert not read.values("src")


def test_a_synthetic_film_is_called_so_above_all_else(complete: Diagnosis, partial: Diagnosis) -> None:
    assert "SYNTHETIC" in _Page(report_html(partial, _PICTURES)).text
    assert "SYNTHETIC" not in _Page(report_html(complete, _PICTURES)).text


def test_only_a_calibrated_number_is_called_a_probability(complete: Diagnosis) -> None:
    text = _Page(report_html(complete, _PICTURES)).text
    assert "score 0.62" in text
    assert "probability 0.62" not in text
    assert "probability 0.21" in text
    assert "score 0.21" not in text


def test_a_refusal_says_why_and_what_to_do(refused: Diagnosis) -> None:
    text = _Page(report_html(refused, Pictures())).text
    assert "This does not look like a frontal chest film. Give one upright frontal chest radiograph." in text
    assert "Nothing is concluded: the film was refused." in text


_SCREEN = (
    ScreenOutcome(
        what=ScreenFinding.VIEW_AP,
        refuses=False,
        score=0.93,
        error_rate="wrong in 4.9 % of 370 films",
        detail="<b>Said</b> by the screen.",
    ),
    ScreenOutcome(what=ScreenFinding.ROTATED_90, refuses=True),
)


@pytest.mark.parametrize("fixture", ["complete", "refused"])
def test_what_the_screen_found_stands_with_consequence_score_and_error_rate(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    result = request.getfixturevalue(fixture)
    page = report_html(result.model_copy(update={"screen": _SCREEN}), Pictures())
    text = " ".join(_Page(page).text.split())
    assert re.search(
        r"What the screen found .*View AP ?reported ?score 0\.93 ?wrong in 4\.9 % of 370 films ?<b>Said</b>", text
    )
    assert re.search(r"Rotated by 90 degrees ?refuses ?none ?not measured", text)
    assert "What the screen found" not in report_html(result, Pictures())


def test_an_estimated_view_stands_beside_the_unknown_one_and_a_told_view_alone(complete: Diagnosis) -> None:
    assert complete.study is not None
    image = complete.study.images[0].model_copy(update={"view": ViewPosition.UNKNOWN})
    untold = complete.model_copy(
        update={"study": complete.study.model_copy(update={"images": (image,)}), "screen": _SCREEN}
    )
    assert "unknown; screen: view AP" in _Page(report_html(untold, Pictures())).text
    assert "screen: view" not in _Page(report_html(complete.model_copy(update={"screen": _SCREEN}), Pictures())).text


def test_an_abstention_is_told_with_its_reason(abstained: Diagnosis) -> None:
    assert re.search(r"Abstained\s+No detector gave evidence\.", _Page(report_html(abstained, _PICTURES)).text)


def test_a_partial_result_names_what_is_missing_and_what_was_struck(partial: Diagnosis) -> None:
    text = _Page(report_html(partial, _PICTURES)).text
    assert "The specialist 'lesions' took too long. Try again." in text
    assert "E6 lies on the left; the claim says right" in text
    assert "The film is narrow." in text
    assert "lateral view" in text


def test_every_number_names_its_model_version_and_weights(complete: Diagnosis) -> None:
    page = _Page(report_html(complete, _PICTURES))
    assert "cxr: small detector 1" in page.text
    assert "weights 0123456789ab" in page.text
    assert "0123456789abcdef" * 4 in page.text


def test_codes_are_given_for_suspected_findings(complete: Diagnosis) -> None:
    text = _Page(report_html(complete, _PICTURES)).text
    assert "SNOMED CT 60046008" in text
    assert "RadLex RID34539" in text


def test_the_terms_of_a_weighing_stand_beside_their_sum(complete: Diagnosis) -> None:
    text = _Page(report_html(complete, _PICTURES)).text
    assert all(term in text for term in ("-2.00", "+1.50", "-0.50"))


def test_every_picture_has_words_for_those_who_cannot_see_it(complete: Diagnosis) -> None:
    pictures = [attributes for tag, attributes in _Page(report_html(complete, _PICTURES)).tags if tag == "img"]
    assert len(pictures) == 3
    assert all(attributes.get("alt") for attributes in pictures)


def test_the_first_suspected_finding_s_heat_map_is_shown_and_can_be_put_away(complete: Diagnosis) -> None:
    inputs = {a["id"]: a for tag, a in _Page(report_html(complete, _PICTURES)).tags if tag == "input"}
    assert "checked" in inputs["heat-1"]
    assert "checked" not in inputs["heat-none"]
    assert inputs["heat-none"]["type"] == "radio"
    assert inputs["outline-1"]["type"] == "checkbox"


def test_a_claim_with_a_verdict_shows_it(complete: Diagnosis) -> None:
    text = _Page(report_html(complete, _PICTURES)).text
    assert "supported" in text
    assert "repaired" in text


def test_a_picture_that_is_missing_is_named_with_the_reason(complete: Diagnosis) -> None:
    page = _Page(report_html(complete, Pictures(missing=("Film: It was erased.",))))
    assert "Film: It was erased." in page.text
    assert "No picture of the film" in page.text


def test_a_located_finding_has_a_box_that_can_be_shown(complete: Diagnosis) -> None:
    page = report_html(complete, Pictures())
    assert '<rect x="0.6" y="0.55" width="0.25" height="0.3"/>' in page
    assert '<input type="checkbox" id="box-1"> pleural effusion' in page
    assert ".viewer:has(#box-1:checked) .on-box-1" in page

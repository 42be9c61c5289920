"""The usual places of findings, counted from PadChest's sentences."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from wardround.agents.evidence.location_priors import BOUND, TABLE_NAME, location_term
from wardround.agents.evidence.recipe.make_location_priors import count, report_table
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import finding_codes, nih_labels


def _row(
    *sentences: tuple[str, ...], projection: str = "PA", method: str = "Physician", study: str = "1"
) -> dict[str, str]:
    return {
        "LabelsLocalizationsBySentence": str([list(sentence) for sentence in sentences]),
        "Projection": projection,
        "MethodLabel": method,
        "StudyID": study,
    }


def _counted(*sentences: tuple[str, ...]) -> dict[tuple[str, str, str], float]:
    rows = count([_row(*sentences)])
    return {(row["finding"], row["side"], row["region"]): float(row["sentences"]) for row in rows}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (("pleural effusion", "loc costophrenic angle", "loc left"), {("Effusion", "left", "lower zone"): 1.0}),
        (("pleural effusion", "loc right", "loc left", "loc pleural"), {("Effusion", "bilateral", "lung"): 1.0}),
        (("nodule", "loc right upper lobe"), {("Nodule", "right", "upper zone"): 1.0}),
        (("pneumothorax", "loc apical"), {("Pneumothorax", "", "upper zone"): 1.0}),
        (("cardiomegaly", "loc cardiac"), {("Cardiomegaly", "midline", "heart"): 1.0}),
        (("cardiomegaly", "loc left"), {}),
        (
            ("pneumonia", "loc middle lobe"),
            {("Pneumonia", "", "middle zone"): 0.5, ("Pneumonia", "", "lower zone"): 0.5},
        ),
        (
            ("pneumonia", "infiltrates", "loc basal", "loc right"),
            {("Infiltration", "right", "lower zone"): 1.0, ("Pneumonia", "right", "lower zone"): 1.0},
        ),
        (("pleural effusion", "cardiomegaly", "loc cardiac", "loc left"), {}),
        (("normal", "loc cardiac", "loc mediastinum"), {}),
        (("pleural effusion",), {}),
    ],
)
def test_a_sentence_counts_where_its_locations_are_surely_its_findings(
    sentence: tuple[str, ...], expected: dict[tuple[str, str, str], float]
) -> None:
    assert _counted(sentence) == expected


def test_lateral_films_network_labels_and_further_films_of_a_study_do_not_count() -> None:
    sentence = ("nodule", "loc apical")
    rows = [
        _row(sentence),
        _row(sentence),
        _row(sentence, projection="L", study="2"),
        _row(sentence, method="RNN_model", study="3"),
        {**_row(sentence, study="4"), "LabelsLocalizationsBySentence": "[[nan]]"},
    ]
    assert [row["sentences"] for row in count(rows)] == ["1"]


def test_the_shipped_counts_are_what_the_recipe_counts_in_words_of_our_own() -> None:
    with files("wardround.agents.evidence").joinpath(TABLE_NAME).open(encoding="utf-8") as lines:
        shipped = list(csv.DictReader(lines))
    assert shipped == count(report_table())
    for row in shipped:
        assert row["finding"] in finding_codes()
        assert Region(row["region"]) and (not row["side"] or Side(row["side"]))


@pytest.mark.parametrize(
    ("finding", "usual", "unusual"),
    [
        ("Effusion", Region.LOWER_ZONE, Region.UPPER_ZONE),
        ("Cardiomegaly", Region.HEART, Region.UPPER_ZONE),
        ("Pneumothorax", Region.UPPER_ZONE, Region.HEART),
        ("Atelectasis", Region.LOWER_ZONE, Region.UPPER_ZONE),
    ],
)
def test_what_textbooks_say_of_places_is_what_the_term_says(finding: str, usual: Region, unusual: Region) -> None:
    assert location_term(finding, usual) > 0 > location_term(finding, unusual)


def test_the_term_is_bounded_and_nothing_outside_the_chest_speaks_for_a_finding() -> None:
    for label in nih_labels():
        assert all(abs(location_term(label, region)) <= BOUND for region in Region)
        assert location_term(label, Region.OUTSIDE) <= 0


def test_an_unknown_finding_has_no_usual_place() -> None:
    assert location_term("Fracture of the moon", Region.HEART) == 0.0

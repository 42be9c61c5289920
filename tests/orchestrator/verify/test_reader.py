"""What a text is read to say."""

from __future__ import annotations

import pytest

from wardround.contracts.anatomy import Side
from wardround.contracts.evidence import Polarity
from wardround.orchestrator.verify.reader import NumberKind, Reader

READER = Reader(["cardiothoracic ratio", "left lung area"])


@pytest.mark.parametrize(
    ("text", "finding", "polarity"),
    [
        ("Pleural effusion is suspected.", "Effusion", Polarity.PRESENT),
        ("There is no pleural effusion.", "Effusion", Polarity.ABSENT),
        ("No evidence of pneumothorax.", "Pneumothorax", Polarity.ABSENT),
        ("A nodule is possible", "Nodule", Polarity.UNCERTAIN),
        ("Lung masses are seen", "Mass", Polarity.PRESENT),
        ("Enlarged heart, likely", "Cardiomegaly", Polarity.PRESENT),
        ("The film is not normal", "No Finding", Polarity.ABSENT),
        ("pleural_thickening", "Pleural_Thickening", None),
        ("tuberculosis is present", "tuberculosis", Polarity.PRESENT),
    ],
)
def test_findings_are_read_with_their_polarity(text: str, finding: str, polarity: Polarity | None) -> None:
    (clause, *_) = [clause for clause in READER.read(text).clauses if clause.findings]
    assert (clause.findings, clause.polarity) == (frozenset({finding}), polarity)


def test_each_clause_has_its_own_polarity() -> None:
    reading = READER.read("Edema is suspected; a mass is not seen.")
    assert [(set(c.findings), c.polarity) for c in reading.clauses if c.findings] == [
        ({"Edema"}, Polarity.PRESENT),
        ({"Mass"}, Polarity.ABSENT),
    ]


def test_abnormal_is_not_read_as_normal_nor_uncalibrated_as_a_polarity() -> None:
    assert READER.read("an abnormal film (uncalibrated)").findings == frozenset()


def test_places_are_read_but_not_from_the_names_of_findings_and_quantities() -> None:
    reading = READER.read("Lung mass in the right upper zone; left lung area 200 cm2; enlarged heart")
    assert (reading.sides, reading.regions) == (frozenset({Side.RIGHT}), frozenset({"upper zone"}))


def test_a_place_that_no_evidence_can_bear_is_read_as_it_is_written() -> None:
    assert READER.read("in the left lower lobe").regions == frozenset({"lobe"})


def test_numbers_are_read_with_what_they_are_and_citations_are_not_numbers() -> None:
    reading = READER.read("score 0.62 (uncalibrated), overlap of 0.5, 12.5 cm2 and 30 % [E3, E17].")
    assert [(n.kind, n.value, n.unit) for n in reading.numbers] == [
        (NumberKind.SCORE, 0.62, None),
        (NumberKind.OVERLAP, 0.5, None),
        (NumberKind.OTHER, 12.5, "cm2"),
        (NumberKind.OTHER, 0.3, None),
    ]
    assert reading.citations == {"E3", "E17"}


def test_a_number_agrees_to_its_own_rounding() -> None:
    (score,) = READER.read("score 0.62").numbers
    assert score.agrees(0.6183, None)
    assert not score.agrees(0.6261, None)
    (rounded,) = READER.read("score 1").numbers
    assert not rounded.agrees(0.62, None)

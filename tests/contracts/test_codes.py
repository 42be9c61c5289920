"""The code table: every code has its form, its check digit and its source; names lead to one label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardround.contracts.codes import canonical_label, finding_codes, nih_labels, verhoeff_ok


def test_every_row_is_well_formed_and_the_nih_labels_are_the_fifteen() -> None:
    rows = finding_codes()  # raises where a form, a check digit or a source is wrong
    assert len(rows) == 19
    assert len(nih_labels()) == 15
    assert nih_labels()[-1] == "No Finding"


@pytest.mark.parametrize("code", ["46621007", "36118008", "60046008", "233604007", "39607008"])
def test_verified_snomed_codes_pass_the_check_digit(code: str) -> None:
    assert verhoeff_ok(code)


@pytest.mark.parametrize("code", ["95436003", "78381009", "57133004", "", "12a4", "４６６２１００７"])
def test_codes_known_to_be_wrong_fail_it(code: str) -> None:
    assert not verhoeff_ok(code)


@given(st.sampled_from(["46621007", "36118008", "60046008"]), st.integers(0, 7), st.integers(1, 9))
def test_any_single_changed_digit_is_caught(code: str, position: int, shift: int) -> None:
    digits = list(code)
    digits[position] = str((int(digits[position]) + shift) % 10)
    assert not verhoeff_ok("".join(digits))


@pytest.mark.parametrize(
    ("name", "label"),
    [("pleural  EFFUSION", "Effusion"), ("pleural_thickening", "Pleural_Thickening"), ("PTX", "Pneumothorax")],
)
def test_synonyms_lead_to_the_label(name: str, label: str) -> None:
    assert canonical_label(name) == label


def test_an_unknown_name_leads_nowhere() -> None:
    assert canonical_label("tuberculosis") is None

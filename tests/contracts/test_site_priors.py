"""A site's own shares of films: any name of a finding will do, and what is none is told with what to do."""

from __future__ import annotations

import math

import pytest

from wardround.contracts.errors import CallerError
from wardround.contracts.site_priors import site_priors


def test_any_name_of_a_finding_is_known_and_kept_as_its_label() -> None:
    given = {"pneumonia": 0.013, "Pleural effusion": 0.1, "pleural_thickening": 0.02, "normal": 0.5}
    assert site_priors(given) == {"Pneumonia": 0.013, "Effusion": 0.1, "Pleural_Thickening": 0.02, "No Finding": 0.5}


def test_an_unknown_finding_is_named_with_the_nearest_and_all_known_ones() -> None:
    with pytest.raises(CallerError) as raised:
        site_priors({"Pnemonia": 0.013})
    said = str(raised.value.problem)
    assert "'priors.Pnemonia'" in said and "Did you mean 'Pneumonia'?" in said and "Effusion" in said


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1.3, math.nan, math.inf, True, False, 1, "0.1", None, {"a": 0.1}])
def test_what_is_no_share_between_0_and_1_is_refused_with_its_key_and_an_example(value: object) -> None:
    with pytest.raises(CallerError) as raised:
        site_priors({"Mass": value})
    assert "'priors.Mass'" in str(raised.value.problem)
    assert "for example 0.013" in raised.value.problem.hint


def test_two_names_of_one_finding_are_refused() -> None:
    with pytest.raises(CallerError, match=r"'priors\.Pleural effusion' gives a second share for 'Effusion'"):
        site_priors({"Effusion": 0.1, "Pleural effusion": 0.2})

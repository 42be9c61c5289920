"""The prior by age, sex and view."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from wardround.agents.evidence.priors import TABLE_NAME, prior
from wardround.agents.evidence.recipe.make_priors import count, label_table
from wardround.contracts.codes import nih_labels
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Patient, Sex, ViewPosition

ANYONE = Patient()


def test_with_nothing_known_the_prior_is_the_share_in_the_whole_table() -> None:
    # 1,431 of 112,120 films bear Pneumonia (Wang et al. 2017, table of the 2020 release).
    found = prior("Pneumonia", ANYONE, ViewPosition.UNKNOWN)
    assert found is not None
    assert found.value == pytest.approx(1431 / 112120)
    assert "112120 films" in found.source


def test_every_nih_label_has_a_prior_strictly_between_0_and_1_for_everyone() -> None:
    for label in nih_labels():
        for age in (0, 9, 10, 45, 89, 90, None):
            for sex in Sex:
                for view in ViewPosition:
                    found = prior(label, Patient(age_years=age, sex=sex), view)
                    assert found is not None
                    assert 0.0 < found.value < 1.0


def test_a_label_that_the_table_does_not_have_has_no_prior() -> None:
    assert prior("Fracture", ANYONE, ViewPosition.PA) is None


def test_edema_is_commoner_on_ap_films_and_hernia_in_the_old() -> None:
    def share(label: str, age: int, view: ViewPosition) -> float:
        found = prior(label, Patient(age_years=age, sex=Sex.FEMALE), view)
        assert found is not None
        return found.value

    assert share("Edema", 50, ViewPosition.AP) > 5 * share("Edema", 50, ViewPosition.PA)
    assert share("Hernia", 85, ViewPosition.PA) > 10 * share("Hernia", 25, ViewPosition.PA)


def test_a_thin_stratum_is_drawn_to_the_wider_one_and_a_thick_one_is_not() -> None:
    # Girls under 10 on PA: 318 films, none with Hernia. Men in their fifties on PA: 9,160 films, 969 with Effusion.
    thin = prior("Hernia", Patient(age_years=5, sex=Sex.FEMALE), ViewPosition.PA)
    thick = prior("Effusion", Patient(age_years=55, sex=Sex.MALE), ViewPosition.PA)
    assert thin is not None and thick is not None
    assert 0.0 < thin.value < 227 / 112120
    assert thick.value == pytest.approx(969 / 9160, rel=0.01)


def test_a_site_may_put_its_own_prior_in_place_of_the_tables() -> None:
    found = prior("Fracture", ANYONE, ViewPosition.PA, site={"Fracture": 0.02})
    assert found is not None
    assert (found.value, found.source) == (0.02, "site configuration")


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_site_prior_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(CallerError) as caught:
        prior("Mass", ANYONE, ViewPosition.PA, site={"Mass": share})
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT


def test_the_shipped_counts_are_what_the_recipe_counts_and_have_the_code_tables_labels() -> None:
    with files("wardround.agents.evidence").joinpath(TABLE_NAME).open(encoding="utf-8") as lines:
        shipped = list(csv.DictReader(lines))
    assert tuple(shipped[0])[4:] == nih_labels()
    assert shipped == [{key: str(value) for key, value in row.items()} for row in count(label_table())]
    assert sum(int(row["films"]) for row in shipped) == 112120

"""The cohort's own lie at about 1 and inside, a wrong unit lies far off, and what is missing adds to the distance."""

from __future__ import annotations

import numpy as np
import pytest

from wardround.agents.survival.distance import CohortSpace, Floats, doubtful_values
from wardround.contracts.survival import Covariate, Modality

CLINICAL, GENES = Modality.CLINICAL, Modality.GENES
_COUNT = 400


def _cohort(columns: int = 6, genes: int = 0, count: int = _COUNT) -> dict[Modality, Floats]:
    chance = np.random.default_rng(0)
    mixed = chance.normal(size=(columns, columns))
    told = {CLINICAL: chance.normal(size=(count, columns)) @ mixed}
    return {**told, GENES: chance.normal(size=(count, genes))} if genes else told


def _space(encoded: dict[Modality, Floats], values: int = 6) -> CohortSpace:
    none = {one: np.zeros(len(x)) for one, x in encoded.items()}
    return CohortSpace.fit(encoded, none, {one: values for one in encoded})


@pytest.mark.parametrize(("columns", "genes"), [(1, 0), (6, 0), (6, 30), (6, 600)])
def test_the_cohort_s_own_lie_at_about_1_and_99_in_100_inside(columns: int, genes: int) -> None:
    encoded = _cohort(columns, genes)
    space = _space(encoded)
    places = [space.place({one: x[row] for one, x in encoded.items()}, {}) for row in range(_COUNT)]
    distances = np.array([place.distance for place in places])
    assert 0.6 < np.median(distances) < 1.2
    assert 0.98 <= np.mean([place.in_cohort for place in places]) <= 1.0
    assert not any(place.refused for place in places)


def test_new_patients_of_the_same_kind_are_inside_as_often() -> None:
    everyone = _cohort(6, 20, 2 * _COUNT)
    space = _space({one: x[:_COUNT] for one, x in everyone.items()})
    new = [space.place({one: x[row] for one, x in everyone.items()}, {}) for row in range(_COUNT, 2 * _COUNT)]
    assert np.mean([place.in_cohort for place in new]) == pytest.approx(0.99, abs=0.015)
    assert np.mean([place.percentile for place in new]) == pytest.approx(0.5, abs=0.05)


def test_a_value_in_another_unit_lies_far_off_and_is_refused() -> None:
    encoded = _cohort()
    space = _space(encoded)
    usual = encoded[CLINICAL][0]
    in_other_unit = usual.copy()
    in_other_unit[2] = 80.0
    place = space.place({CLINICAL: in_other_unit}, {})
    assert place.refused and not place.in_cohort and place.percentile == 1.0
    assert place.distance > 5 * space.place({CLINICAL: usual}, {}).distance


def test_a_mix_that_nobody_has_is_far_though_each_value_is_usual() -> None:
    chance = np.random.default_rng(1)
    height = chance.normal(size=(_COUNT, 1))
    space = _space({CLINICAL: np.hstack([height, height + 0.1 * chance.normal(size=(_COUNT, 1))])}, 2)
    assert space.place({CLINICAL: np.array([1.0, 1.0])}, {}).in_cohort
    assert not space.place({CLINICAL: np.array([1.0, -1.0])}, {}).in_cohort


def test_missing_values_add_their_share_and_a_missing_modality_nothing() -> None:
    encoded = _cohort(6, 30)
    space = _space(encoded)
    patient = {one: x[0] for one, x in encoded.items()}
    whole, holes = space.place(patient, {}), space.place(patient, {CLINICAL: 3, GENES: 3})
    assert holes.distance == pytest.approx(whole.distance + 6 / 12)
    assert holes.percentile >= whole.percentile
    alone = space.place({CLINICAL: patient[CLINICAL]}, {CLINICAL: 3})
    assert alone.distance == pytest.approx(space.place({CLINICAL: patient[CLINICAL]}, {}).distance + 3 / 6)


def test_those_without_a_modality_are_no_part_of_its_shape() -> None:
    encoded = _cohort(6, 4)
    encoded[GENES][:100] = np.nan
    space = _space(encoded)
    place = space.place({one: x[200] for one, x in encoded.items()}, {})
    assert place.in_cohort and np.isfinite(place.distance)


def test_a_column_that_never_varied_tells_a_stranger() -> None:
    encoded = _cohort()
    encoded[CLINICAL][:, 5] = 0.0
    space = _space(encoded)
    stranger = encoded[CLINICAL][0].copy()
    stranger[5] = 30.0
    assert not space.place({CLINICAL: stranger}, {}).in_cohort


def test_a_space_comes_back_from_its_arrays() -> None:
    encoded = _cohort(6, 200)
    space = _space(encoded)
    again = CohortSpace.restored(space.arrays())
    for row in range(0, _COUNT, 50):
        patient = {one: x[row] for one, x in encoded.items()}
        one, other = space.place(patient, {GENES: 2}), again.place(patient, {GENES: 2})
        assert other.distance == pytest.approx(one.distance, rel=1e-4)
        assert other.percentile == pytest.approx(one.percentile, abs=2 / _COUNT)
    with pytest.raises(KeyError):
        CohortSpace.restored({name: x for name, x in space.arrays().items() if not name.endswith("own")})


def test_numbers_beyond_the_range_are_told_and_far_beyond_the_unit_is_asked_for() -> None:
    weight = Covariate(name="weight", unit="kg", low=45.0, high=125.0)
    stage = Covariate(name="stage", levels=("I", "II"))
    assert doubtful_values({"weight": 70.0, "stage": "I"}, [weight, stage]) == ()
    assert doubtful_values({"weight": None}, [weight, stage]) == ()
    (little,) = doubtful_values({"weight": 130.0}, [weight, stage])
    assert little == "'weight' is 130, outside of the 45 to 125 kg seen."
    for value in (70_000.0, -70.0):
        (much,) = doubtful_values({"weight": value}, [weight, stage])
        assert "45 to 125 kg" in much and much.endswith("is the unit right?")

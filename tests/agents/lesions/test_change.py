"""Lesions of two films: who is paired with whom, what is called a change, and what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lesion_models import spot_finder, spotted

from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.lesions.asking import Wanted, lesions_of, score_map
from wardround.agents.lesions.change import FilmSide, compared, demand_one_patient, frame_of
from wardround.contracts.anatomy import Structure
from wardround.contracts.change import Change
from wardround.contracts.errors import CallerError
from wardround.contracts.lesions import LesionChanges
from wardround.contracts.study import Patient, Sex, ViewPosition

PA, AP, UNKNOWN = ViewPosition.PA, ViewPosition.AP, ViewPosition.UNKNOWN


def _side(
    *spots: tuple[float, float, float],
    spacing: float | None = 1.0,
    view: ViewPosition = PA,
    size: tuple[int, int] = (240, 200),
    masks: Any = None,
) -> FilmSide:
    film, _ = spotted(*spots, size=size)
    scores = score_map(spot_finder(), film, spacing)
    found = lesions_of(spot_finder(), scores, spacing, Wanted())
    return FilmSide(found, scores.probability, view, frame_of(film.shape, masks))


def _lungs(size: tuple[int, int] = (240, 200), shift: int = 0) -> Any:
    masks = np.zeros((len(Structure), *size), dtype=np.uint8)
    names = list(Structure)
    masks[names.index(Structure.RIGHT_LUNG), 40:200, 20 + shift : 90 + shift] = 1
    masks[names.index(Structure.LEFT_LUNG), 40:200, 110 + shift : 180 + shift] = 1
    return masks


def _kinds(told: LesionChanges) -> list[Change | None]:
    return [one.change for one in told.changes]


def test_lesions_are_paired_by_place_and_growth_is_told_in_millimetres() -> None:
    now = _side((60.0, 100.0, 16.0), (140.0, 150.0, 10.0))
    before = _side((62.0, 103.0, 8.0), (140.0, 149.0, 10.0))
    told = compared(now, before)
    grown, same = sorted(told.changes, key=lambda one: one.relative or 0.0, reverse=True)
    assert grown.change is Change.LARGER and same.change is Change.UNCHANGED
    assert grown.unit == "mm" and grown.absolute_mm == pytest.approx(8.0, abs=1.5)
    assert grown.relative == pytest.approx(1.0, abs=0.25) and "2 mm" in grown.rule
    assert grown.now is not None and grown.before is not None and grown.distance is not None and grown.distance < 0.03
    assert set(_kinds(compared(before, now))) == {Change.SMALLER, Change.UNCHANGED}


def test_a_step_within_the_error_of_measurement_is_no_growth() -> None:
    told = compared(_side((60.0, 100.0, 11.5)), _side((60.0, 100.0, 10.0)))
    assert _kinds(told) == [Change.UNCHANGED]
    assert told.changes[0].absolute_mm is not None and told.changes[0].absolute_mm > 0.5


def test_what_is_on_one_film_alone_is_new_or_gone_with_the_other_film_s_score_there() -> None:
    told = compared(_side((60.0, 100.0, 12.0)), _side((140.0, 150.0, 12.0)))
    assert _kinds(told) == [Change.NEW, Change.GONE]
    new, gone = told.changes
    assert new.before is None and gone.now is None
    assert new.elsewhere_peak is not None and new.elsewhere_peak < 0.5
    assert new.diameter_now == new.now.diameter_mm if new.now else False


def test_another_position_and_resolution_pair_by_the_lungs() -> None:
    now = _side((60.0, 100.0, 12.0), masks=_lungs())
    film_b, _ = spotted((2 * (60.0 + 40.0) + 0.5, 200.5, 24.0), size=(480, 480))
    masks = np.zeros((5, 480, 480), dtype=np.uint8)
    masks[:, :, 80:480] = np.kron(_lungs(), np.ones((1, 2, 2), dtype=np.uint8))
    scores = score_map(spot_finder(), film_b, 0.5)
    before = FilmSide(lesions_of(spot_finder(), scores, 0.5), scores.probability, PA, frame_of(film_b.shape, masks))
    told = compared(now, before)
    assert told.aligned_by == "lungs" and _kinds(told) == [Change.UNCHANGED]
    assert told.changes[0].distance is not None and told.changes[0].distance < 0.02


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"view": AP}, "views are PA and AP"),
        ({"view": UNKNOWN}, "views are PA and unknown"),
        ({"spacing": None}, "spacing of a film is unknown"),
    ],
)
def test_between_unlike_films_ratios_are_told_and_no_change_is_called(options: dict[str, Any], said: str) -> None:
    now = _side((60.0, 100.0, 16.0), masks=_lungs())
    told = compared(now, _side((60.0, 100.0, 8.0), masks=_lungs(), **options))
    (one,) = told.changes
    assert one.change is None and one.absolute_mm is None and one.unit == "1" and said in one.rule
    assert one.relative == pytest.approx(1.0, abs=0.25)
    bare = compared(_side((60.0, 100.0, 16.0)), _side((60.0, 100.0, 8.0), **options)).changes[0]
    assert bare.relative is None and bare.unit == "" and said in bare.rule


def test_without_both_lungs_places_are_shares_of_the_film_and_this_is_told() -> None:
    told = compared(_side((60.0, 100.0, 12.0), masks=_lungs()), _side((60.0, 100.0, 12.0)))
    assert told.aligned_by == "film" and any("shares of the film" in one for one in told.warnings)
    assert _kinds(told) == [Change.UNCHANGED]


def test_nothing_on_either_film_is_no_change() -> None:
    assert compared(_side(), _side()).changes == ()


def test_a_place_goes_into_the_frame_and_back() -> None:
    phantom = make_phantom(3, size=256)
    masks = np.array([phantom.masks[one.value] for one in Structure], dtype=np.uint8)
    frame = frame_of((512, 512), masks)
    assert frame.by_lungs
    for point in ((120.0, 200.0), (400.0, 333.0), (20.0, 30.0)):
        assert frame.back(frame.place(point)) == pytest.approx(point, abs=1e-6)


@pytest.mark.parametrize(
    ("now", "before", "synthetic", "said"),
    [
        (Patient(sex=Sex.MALE), Patient(sex=Sex.FEMALE), (False, False), "sexes differ"),
        (Patient(age_years=40), Patient(age_years=60), (False, False), "older"),
        (Patient(), Patient(), (True, False), "phantom"),
    ],
)
def test_films_of_two_people_are_refused(
    now: Patient, before: Patient, synthetic: tuple[bool, bool], said: str
) -> None:
    with pytest.raises(CallerError) as refused:
        demand_one_patient(now, before, synthetic)
    assert said in refused.value.problem.message and refused.value.problem.hint
    demand_one_patient(Patient(age_years=61, sex=Sex.MALE), Patient(age_years=60, sex=Sex.UNKNOWN), (False, False))

"""Curves are Kaplan and Meier's, times are read off them rightly, and a picture shows who is asked about."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from PIL import Image
from survival_study import Study, refused

from wardround.agents.survival.curves import (
    MOST_DRAWN,
    Steps,
    crossing,
    kaplan_meier,
    picture,
    restricted_mean,
    thinned,
)
from wardround.agents.survival.estimate import estimate
from wardround.contracts.errors import ProblemCode
from wardround.contracts.survival import SurvivalEstimate


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("censored", [0.0, 0.4, 0.9])
def test_the_cohort_s_curve_is_lifelines_own(ties: bool, censored: float) -> None:
    chance = np.random.default_rng(2)
    times = chance.exponential(10.0, size=200)
    times = np.round(times) if ties else times
    events = chance.random(200) >= censored
    ours = kaplan_meier(times, events)
    theirs = KaplanMeierFitter().fit(times, events)
    expected = theirs.survival_function_at_times(ours.times).to_numpy()
    assert np.allclose(ours.survival, expected, atol=1e-12)
    assert np.array_equal(ours.times, np.unique(times[events]))


def test_a_cohort_without_events_has_a_curve_without_steps() -> None:
    assert kaplan_meier(np.array([1.0, 2.0]), np.array([False, False])).times.size == 0


def test_a_crossing_is_linear_between_points_and_none_where_it_is_not_reached() -> None:
    times = [0.0, 10.0, 20.0, 30.0]
    assert crossing(times, [1.0, 0.8, 0.4, 0.2]) == pytest.approx(17.5)
    assert crossing(times, [1.0, 0.5, 0.4, 0.2]) == 10.0
    assert crossing(times, [1.0, 0.8, 0.6, 0.51]) is None
    assert crossing(times, [1.0, 0.8, 0.4, 0.2], 0.2) == 30.0
    assert crossing(times, [0.4, 0.4, 0.4, 0.2]) == 0.0
    assert crossing([], []) is None


def test_a_restricted_mean_is_the_area_under_the_curve() -> None:
    assert restricted_mean([0.0, 10.0], [1.0, 1.0]) == 10.0
    assert restricted_mean([0.0, 10.0, 30.0], [1.0, 0.6, 0.2]) == pytest.approx(8.0 + 8.0)
    times = np.linspace(0.0, 3.0, 2000)
    assert restricted_mean(times.tolist(), np.exp(-times).tolist()) == pytest.approx(1 - np.exp(-3), abs=1e-5)


def test_a_curve_that_wavers_is_told_as_one_that_falls_within_its_band() -> None:
    times = np.array([0.0, 1.0, 2.0, 3.0])
    wavers, low, high = np.array([1.0, 0.7, 0.75, 0.2]), np.array([1.0, 0.8, 0.5, -0.1]), np.array([1.0, 0.7, 0.9, 1.3])
    curve = thinned(times, wavers, low, high, 2.5)
    assert curve.times[0] == 0.0 and curve.times[-1] == 2.5 and len(curve.times) == 100
    for values in (curve.low, curve.survival, curve.high):
        assert values[0] == 1.0 and list(values) == sorted(values, reverse=True)
    assert all(a <= b <= c for a, b, c in zip(curve.low, curve.survival, curve.high, strict=True))


@pytest.fixture(scope="module")
def two(study: Study) -> list[SurvivalEstimate]:
    return [estimate(study.loaded, study.patients[place], study.bags[place]) for place in (1, 2)]


def test_a_picture_is_a_png_that_shows_each_patient(study: Study, two: list[SurvivalEstimate]) -> None:
    steps = study.loaded.reference.steps
    one, other, both = picture(steps, two[:1]), picture(steps, two[1:]), picture(steps, two)
    for data in (one, other, both):
        assert 10_000 < len(data) < 700_000
        with Image.open(io.BytesIO(data)) as opened:
            assert opened.format == "PNG" and opened.size == (770, 506)
            colours = {colour for _, colour in opened.convert("RGB").getcolors(1 << 20) or []}
        assert len(colours) > 20
        assert ((0x00, 0x72, 0xB2) in colours) and ((0xD5, 0x5E, 0x00) in colours) is (data is both)
    assert len({one, other, both}) == 3


def test_names_of_any_kind_stand_in_the_legend(study: Study, two: list[SurvivalEstimate]) -> None:
    steps = study.loaded.reference.steps
    plain = picture(steps, two)
    assert picture(steps, two, ["_first", "second"]) != picture(steps, two, ["first", "second"]) != plain
    cohort = two[0].cohort.model_copy(update={"endpoint": r"death $\frac$", "time_unit": "$x^$"})
    assert len(picture(steps, [two[0].model_copy(update={"cohort": cohort})])) > 10_000
    stranger = two[0].model_copy(update={"in_cohort": False})
    assert picture(steps, [stranger]) != picture(steps, two[:1])


def test_a_picture_of_nobody_or_of_too_many_is_refused(two: list[SurvivalEstimate], tmp_path: Path) -> None:
    steps = Steps(np.array([1.0]), np.array([0.5]))
    for count in (0, MOST_DRAWN + 1):
        said = refused(ProblemCode.BAD_ARGUMENT, partial(picture, steps, two[:1] * count), tmp_path)
        assert f"1 to {MOST_DRAWN}" in said
    assert len(picture(steps, two[:1] * MOST_DRAWN)) > 10_000

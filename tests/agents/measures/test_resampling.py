"""The bootstrap draws patients, not films, and compares two predictors on the same draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wardround.agents.measures.ranking import auc_statistic
from wardround.agents.measures.resampling import PatientBootstrap, mean_statistic, ratio_statistic

_RANDOM = np.random.default_rng(0)


def test_films_of_one_patient_come_together_so_the_interval_is_wider_than_by_film() -> None:
    values = np.repeat(_RANDOM.normal(size=50), 8)
    by_patient = PatientBootstrap([f"p{i // 8}" for i in range(400)]).interval(mean_statistic(values))
    by_film = PatientBootstrap([f"f{i}" for i in range(400)]).interval(mean_statistic(values))
    assert by_patient.value == by_film.value == pytest.approx(values.mean())
    assert by_patient.high - by_patient.low > 2.0 * (by_film.high - by_film.low)


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = _RANDOM.normal(size=400)
    found = PatientBootstrap([str(i) for i in range(400)], count=4000).interval(mean_statistic(values))
    half = 1.96 * values.std() / math.sqrt(400)
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = _RANDOM.normal(size=60)
    patients = [str(i // 2) for i in range(60)]
    assert PatientBootstrap(patients).interval(mean_statistic(values)) == PatientBootstrap(patients).interval(
        mean_statistic(values)
    )


def test_a_paired_difference_is_sharper_than_two_intervals_and_zero_with_oneself() -> None:
    positive = _RANDOM.random(300) < 0.3
    worse = positive + _RANDOM.normal(size=300)
    better = worse + 0.3 * positive
    bootstrap = PatientBootstrap([str(i // 2) for i in range(300)])
    first, second = auc_statistic(better, positive), auc_statistic(worse, positive)
    found = bootstrap.difference(first, second)
    assert 0.0 < found.low <= found.value <= found.high
    assert found.p == pytest.approx(1 / 1001)
    assert found.high - found.low < bootstrap.interval(first).high - bootstrap.interval(first).low
    nothing = bootstrap.difference(first, first)
    assert (nothing.value, nothing.low, nothing.high, nothing.p) == (0.0, 0.0, 0.0, 1.0)


def test_some_rows_alone_give_the_statistic_of_these_rows() -> None:
    values = np.arange(10.0)
    rows = np.array([1, 4, 9])
    bootstrap = PatientBootstrap([str(i) for i in range(10)], count=50)
    assert bootstrap.value(mean_statistic(values[rows]), rows) == pytest.approx(14 / 3)
    drawn = bootstrap.values(mean_statistic(values[rows]), rows)
    assert drawn.shape == (50,)
    assert np.nanmax(drawn) <= 9.0


def test_a_statistic_without_its_films_is_not_a_number_and_leaves_the_interval_alone() -> None:
    bootstrap = PatientBootstrap(["a", "b", "c"], count=200)
    found = bootstrap.interval(ratio_statistic(np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])))
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    assert math.isnan(bootstrap.interval(ratio_statistic(np.zeros(3), np.zeros(3))).low)


def test_very_many_films_are_drawn_in_blocks_with_the_same_result() -> None:
    patients = [str(i % 700) for i in range(30_000)]
    values = np.arange(30_000) % 700 / 700
    found = PatientBootstrap(patients, count=100).interval(mean_statistic(values))
    assert found.low < found.value < found.high

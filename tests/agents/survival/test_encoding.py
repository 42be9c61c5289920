"""A row becomes numbers as the cohort's rows did, a gap stands at the mean, and what is no value is refused."""

from __future__ import annotations

import numpy as np
import pytest
from survival_study import refused

from wardround.agents.survival.encoding import Row, TableEncoding, level_of, number_of
from wardround.contracts.errors import ProblemCode
from wardround.contracts.survival import Covariate

AGE = Covariate(name="age", unit="years", low=40.0, high=80.0)
STAGE = Covariate(name="stage", levels=("1", "2", "X"))
DOSE = Covariate(name="dose", low=0.0, high=4.0)
ROWS: list[Row] = [
    {"age": 40.0, "stage": 1.0, "dose": 0.0},
    {"age": 50.0, "stage": "2", "dose": None},
    {"age": 90.0, "stage": "X", "dose": 4.0},
    {"age": 60.0, "stage": "2", "dose": 1.0},
]


@pytest.fixture
def encoding() -> TableEncoding:
    return TableEncoding.fit(ROWS, [AGE, STAGE, DOSE])


def test_columns_are_named_after_covariates_and_levels(encoding: TableEncoding) -> None:
    assert encoding.names == ("age", "stage=1", "stage=2", "stage=X", "dose")
    assert encoding.owners.tolist() == [0, 1, 1, 1, 2]


def test_numbers_are_standardised_and_levels_one_hot(encoding: TableEncoding) -> None:
    columns = encoding.apply(ROWS)
    assert columns[:, 0].mean() == pytest.approx(0.0, abs=1e-6) and columns[:, 0].std() == pytest.approx(1.0, abs=1e-6)
    assert columns[:, 1:4].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_what_is_missing_stands_at_the_mean_and_is_told(encoding: TableEncoding) -> None:
    (bare,) = encoding.apply([{}])
    assert bare.tolist() == pytest.approx([0.0, 0.25, 0.5, 0.25, 0.0])
    assert bare[0] == pytest.approx(encoding.apply([{"age": 60.0}])[0, 0])
    assert encoding.missing([{}, ROWS[1]]).tolist() == [[True, True, True], [False, False, True]]
    for gap in (None, "", float("nan")):
        assert np.array_equal(encoding.apply([{**ROWS[0], "age": gap}])[0, 0], bare[0])


def test_a_row_alone_is_encoded_as_among_others(encoding: TableEncoding) -> None:
    assert np.array_equal(encoding.apply([ROWS[2]])[0], encoding.apply(ROWS)[2])
    assert encoding.apply([]).shape == (0, 5)


def test_numbers_may_come_as_words_and_levels_as_numbers() -> None:
    assert number_of(" 61.5 ", AGE) == 61.5
    assert level_of(2, STAGE) == level_of(2.0, STAGE) == level_of(" 2 ", STAGE) == "2"
    assert level_of(None, STAGE) is None


@pytest.mark.parametrize("value", ["old", float("inf"), "-inf", "nan", 1e31, "9" * 400, "z" * 1_000_000])
def test_what_is_no_number_is_refused_with_the_unit_and_not_shown(encoding: TableEncoding, value: float | str) -> None:
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: encoding.apply([{"age": value}]), "old", "999", "zzz")
    assert "'age' is a number in years" in said


@pytest.mark.parametrize("value", ["3", "x", "z" * 1_000_000, 1e300])
def test_an_unknown_level_is_refused_with_those_that_are_known(encoding: TableEncoding, value: float | str) -> None:
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: encoding.apply([{"stage": value}]), "zzz")
    assert "'stage'" in said and "1, 2, X" in said


def test_a_column_without_values_or_with_one_value_counts_for_nothing() -> None:
    rows: list[Row] = [{"age": 0.1, "dose": None}, {"age": 0.1, "dose": None}, {"age": 0.1, "dose": None}]
    encoding = TableEncoding.fit(rows, [AGE, DOSE])
    assert encoding.scales == (1.0, 1.0)
    assert encoding.apply(rows).tolist() == [pytest.approx([0, 0], abs=1e-6)] * 3
    assert abs(encoding.apply([{"age": 1.1, "dose": 2.0}])[0, 0]) == pytest.approx(1.0)


def test_rounding_is_no_spread() -> None:
    rows: list[Row] = [{"age": 0.1}] * 7
    assert TableEncoding.fit(rows, [AGE]).apply([{"age": 0.2}])[0, 0] == pytest.approx(0.1, abs=1e-6)


def test_an_encoding_crosses_as_json_and_encodes_the_same(encoding: TableEncoding) -> None:
    again = TableEncoding.model_validate_json(encoding.model_dump_json())
    assert np.array_equal(again.apply(ROWS), encoding.apply(ROWS))

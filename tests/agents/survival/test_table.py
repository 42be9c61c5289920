"""Tables are read as people write them, and what cannot be read is told by row and column, never by patient."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from survival_study import HEADER, plain_rows, refused, written

from wardround.agents.survival.table import Table, digest_of, read_genes, read_rows, read_table
from wardround.contracts.errors import ProblemCode

Rows = list[list[str]]


def _read(folder: Path, rows: Rows, *gene_names: str, name: str = "table.csv") -> Table:
    return read_table(written(folder / name, rows), "days", "died", "id", frozenset(gene_names))


def _with(column: str, row: int, value: str, rows: Rows | None = None) -> Rows:
    rows = rows or plain_rows()
    rows[row][HEADER.index(column)] = value
    return rows


def _all(column: str, value: str) -> Rows:
    rows = plain_rows()
    for row in range(1, len(rows)):
        _with(column, row, value, rows)
    return rows


def test_times_events_and_kinds_of_columns_are_found(tmp_path: Path) -> None:
    rows = plain_rows()
    table = _read(tmp_path, rows)
    assert table.ids[0] == "Patient-000" and len(table.ids) == 24
    assert table.times[3] == float(rows[4][1]) and bool(table.events[3]) is (rows[4][2] == "1")
    age, stage, dose = table.covariates
    years = [float(row[3]) for row in rows[1:]]
    assert (age.name, age.low, age.high) == ("age", min(years), max(years))
    assert stage.levels == ("I", "II", "III")
    assert not dose.categorical and table.rows[0]["dose"] is None
    assert set(table.rows[0]) == {"age", "stage", "dose"}
    assert table.digest == digest_of(tmp_path / "table.csv")
    assert table.genes is None


@pytest.mark.parametrize("word", ["", "NA", " n/a ", "NaN", "null", "None", "."])
def test_all_usual_ways_to_write_a_missing_value_are_one(tmp_path: Path, word: str) -> None:
    assert _read(tmp_path, _with("age", 5, word)).rows[4]["age"] is None


def test_columns_that_teach_nothing_are_left_out_and_told(tmp_path: Path) -> None:
    rows = plain_rows()
    for place, row in enumerate(rows):
        row += (
            ["site", "note", "nothing", "story"]
            if place == 0
            else ["here", f"word {place}", "", "x" * 500 * (place % 2) + "y"]
        )
    table = _read(tmp_path, rows)
    assert [one.name for one in table.covariates] == ["age", "stage", "dose"]
    told = " ".join(table.warnings)
    for said in ("'site' is left out: it is constant", "24 different", "'nothing' is left out: it has no values"):
        assert said in told
    assert "'story' is left out: it holds text of more than 120 letters" in told
    assert "xxx" not in told


def test_a_level_may_be_called_as_infinity_is(tmp_path: Path) -> None:
    rows = plain_rows()
    for place in range(1, len(rows)):
        _with("stage", place, ("inf", "ant")[place % 2], rows)
    assert _read(tmp_path, rows).covariates[1].levels == ("ant", "inf")


def test_few_events_are_warned_of(tmp_path: Path) -> None:
    rows = _all("died", "0")
    for row in range(1, 9):
        _with("died", row, "1", rows)
    assert any("only 8 events" in one for one in _read(tmp_path, rows).warnings)


def test_genes_may_be_columns_of_the_table(tmp_path: Path) -> None:
    rows = plain_rows()
    for place, row in enumerate(rows):
        row += ["TP53", "EGFR"] if place == 0 else [str(place), "" if place == 2 else "0.5"]
    table = _read(tmp_path, rows, "TP53", "EGFR", "not there")
    assert table.genes is not None and table.genes.names == ("TP53", "EGFR")
    assert table.genes.values[:3, 0].tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(table.genes.values[1, 1])
    assert [one.name for one in table.covariates] == ["age", "stage", "dose"]
    rows[3][-1] = "high"
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: _read(tmp_path, rows, "TP53", "EGFR"), tmp_path)
    assert "Row 3" in said and "'EGFR'" in said
    for row in rows[1:]:
        row[-2:] = ["", "NA"]
    refused(ProblemCode.BAD_ARGUMENT, lambda: _read(tmp_path, rows, "TP53", "EGFR"), tmp_path)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (_with("days", 3, "-1"), "Row 3 has a negative time"),
        (_with("days", 3, "NaN"), "Row 3 has no time"),
        (_with("days", 3, "inf"), "Row 3 has no time"),
        (_with("days", 3, "soon"), "Row 3 has no time"),
        (_with("died", 4, "2"), "Row 4 has neither 0 nor 1"),
        (_with("died", 4, ""), "Row 4 has neither 0 nor 1"),
        (_with("died", 4, "dead"), "Row 4 has neither 0 nor 1"),
        (_all("died", "0"), "No patient has the event"),
        (plain_rows(3), "3 patients"),
        (_with("id", 9, "Patient-001"), "Rows 2 and 9"),
        (_with("id", 9, ""), "Row 9 of 'table.csv' has no id"),
        (_with("id", 9, "../Patient-001"), "Row 9 of 'table.csv' has no id"),
        (_with("age", 9, "-inf"), "'age' has an infinite value"),
        ([["id", "days", "died", ""], *[row[:4] for row in plain_rows()[1:]]], "Column 4"),
        ([["id", "days", "died", "a" * 1_000_000], *[row[:4] for row in plain_rows()[1:]]], "Column 4"),
        ([["id", "days", "died", "days"], *[row[:4] for row in plain_rows()[1:]]], "Two columns"),
        ([["id", "time", "died", "age"], *[row[:4] for row in plain_rows()[1:]]], "no column 'days'"),
        ([["name", "days", "died", "age"], *[row[:4] for row in plain_rows()[1:]]], "no column 'id'"),
        ([*plain_rows(), ["Patient-999", "3"]], "Row 25 of 'table.csv' has 2 fields"),
        (plain_rows()[:1], "has no rows"),
        ([], "is empty"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_table_that_cannot_be_learned_from_is_told_by_row_and_column(tmp_path: Path, rows: Rows, says: str) -> None:
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: _read(tmp_path, rows), tmp_path)
    assert says in said


def test_a_cell_of_a_megabyte_is_told_or_left_out_and_never_shown(tmp_path: Path) -> None:
    table = _read(tmp_path, _with("stage", 2, "z" * 900_000))
    assert any("'stage' is left out" in one and len(one) < 200 for one in table.warnings)
    refused(
        ProblemCode.UNSUPPORTED_FORMAT, lambda: _read(tmp_path, _with("stage", 2, "z" * 1_100_000)), tmp_path, "zzz"
    )
    refused(ProblemCode.BAD_ARGUMENT, lambda: _read(tmp_path, _with("days", 2, "z" * 900_000)), tmp_path, "zzz")


def test_files_that_are_no_table_are_told(tmp_path: Path) -> None:
    path = tmp_path / "junk.csv"

    def read() -> object:
        return read_table(path, "days", "died")

    refused(ProblemCode.NOT_FOUND, read, tmp_path)
    path.mkdir()
    refused(ProblemCode.NOT_FOUND, read, tmp_path)
    path.rmdir()
    path.write_bytes(b"")
    assert "is empty" in refused(ProblemCode.BAD_ARGUMENT, read, tmp_path)
    path.write_bytes(random.Random(0).randbytes(10_000))
    assert "not comma-separated text" in refused(ProblemCode.UNSUPPORTED_FORMAT, read, tmp_path)
    path.write_bytes(b"\0" * 5000)
    refused(ProblemCode.BAD_ARGUMENT, read, tmp_path)


def test_ids_stay_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path / "new.csv", [["id", "age"], ["007", "50"], ["7", "60"], ["1e3", "70"]])
    ids, rows = read_rows(path, "id")
    assert ids == ("007", "7", "1e3")
    assert rows[0] == {"age": 50.0}
    assert read_rows(path)[0] == ("1", "2", "3")


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "excel.csv").write_bytes(b"\xef\xbb\xbfid,age\r\n\r\nA,50\r\n\r\nB,\r\n")
    assert read_rows(tmp_path / "excel.csv", "id") == (("A", "B"), ({"age": 50.0}, {"age": None}))


def test_genes_of_a_table_of_their_own_come_in_the_order_of_the_patients(tmp_path: Path) -> None:
    path = written(tmp_path / "genes.csv", [["", "TP53", "EGFR"], ["C", "3", "NA"], ["A", "1", "1.5"], ["X", "9", "9"]])
    genes, warnings = read_genes(path, ["A", "B", "C"])
    assert genes.names == ("TP53", "EGFR")
    assert np.array_equal(genes.values, [[1, 1.5], [np.nan, np.nan], [3, np.nan]], equal_nan=True)
    assert warnings == ("1 patients have no genes", "1 rows of the genes belong to no patient of the table")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["id", "TP53"], ["Z", "1"]], "No row of 'genes.csv' belongs"),
        ([["id", "TP53"], ["A", "1"], ["A", "2"]], "Rows 1 and 2"),
        ([["id", "TP53"], ["A", "high"]], "Row 1 has no number for the gene 'TP53'"),
        ([["id", "TP53"], ["A", "inf"]], "Row 1 has an infinite expression"),
        ([["id", "TP53"], ["A", "1e39"]], "Row 1 has an infinite expression"),
        ([["id", "TP53"], ["A", ""]], "no value of any gene"),
        ([["id", ""], ["A", "1"]], "Column 2"),
        ([["id"], ["A"]], "No row"),
        ([["id", "TP53"], ["A", "1", "2"]], "Row 1"),
    ],
)
def test_genes_that_cannot_be_read_are_told(tmp_path: Path, rows: Rows, says: str) -> None:
    path = written(tmp_path / "genes.csv", rows)
    assert says in refused(ProblemCode.BAD_ARGUMENT, lambda: read_genes(path, ["A"]), tmp_path)


def test_the_digest_of_two_files_depends_on_both(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    digests: set[str] = {digest_of(one), digest_of(other), digest_of(one, other), digest_of(other, one)}
    assert len(digests) == 4

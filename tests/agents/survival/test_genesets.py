"""Gene sets are read from GMT, matched to the table's genes, and told of where nothing matches."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from survival_study import refused

from wardround.agents.survival.genesets import known_sets, pathway_matrix, read_gmt
from wardround.contracts.errors import ProblemCode

SETS = {"REPAIR": ("BRCA1", "TP53"), "GROWTH": ("EGFR", "KRAS", "TP53"), "OTHER": ("FOO",)}


def test_a_line_is_a_set_and_a_gene_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "sets.gmt"
    file.write_text("REPAIR\thttp://x\tBRCA1\tTP53\tBRCA1\t\n\nGROWTH\t\tEGFR\n")
    assert read_gmt(file) == {"REPAIR": ("BRCA1", "TP53"), "GROWTH": ("EGFR",)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("REPAIR\tdescription\n", "Line 1"),
        ("A\tb\tC\n\tb\tC\n", "Line 2"),
        ("A\tb\tC\nA\tb\tD\n", "Line 2"),
        ("A,b,C\n", "Line 1"),
        ("z" * 1_000_000, "Line 1"),
        ("\n\n", "has none"),
        ("", "has none"),
    ],
    ids=range(7),
)
def test_a_file_that_holds_no_sets_is_told_by_its_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "sets.gmt"
    file.write_text(text)
    assert says in refused(ProblemCode.BAD_ARGUMENT, lambda: read_gmt(file), tmp_path, "zzz")


def test_what_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "sets.gmt"
    refused(ProblemCode.NOT_FOUND, lambda: read_gmt(file), tmp_path)
    file.write_bytes(random.Random(0).randbytes(5000))
    refused(ProblemCode.NOT_FOUND, lambda: read_gmt(file), tmp_path)


def test_sets_keep_the_genes_of_the_table_and_those_without_any_are_named() -> None:
    kept, unknown = known_sets(["TP53", "EGFR"], SETS)
    assert kept == {"REPAIR": ("TP53",), "GROWTH": ("EGFR", "TP53")}
    assert unknown == ("OTHER",)


def test_membership_is_one_row_a_set_and_one_column_a_gene() -> None:
    kept, _ = known_sets(["TP53", "EGFR", "ALONE"], SETS)
    assert pathway_matrix(["TP53", "EGFR", "ALONE"], kept).tolist() == [[1, 0, 0], [1, 1, 0]]


def test_sets_that_name_no_gene_of_the_table_are_refused_with_an_example() -> None:
    said = refused(ProblemCode.BAD_ARGUMENT, lambda: known_sets(["ENSG1", "ENSG2"], SETS))
    assert "'REPAIR'" in said and "'BRCA1'" in said
    assert "'OTHER'" in refused(ProblemCode.BAD_ARGUMENT, lambda: pathway_matrix(["TP53", "EGFR"], SETS))

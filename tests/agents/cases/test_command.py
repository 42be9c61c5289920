"""`wardround cases` from the shell: what goes in is found, shown, corrected, carried out and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from wardround.agents.cases.command import app
from wardround.agents.cases.loaders.reader import read_cases
from wardround.contracts.base import NOTICE
from wardround.contracts.case import MatchExplained
from wardround.contracts.errors import CallerError, ProblemCode

_RUNNER = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
_TABLE = """case_id,age_years,sex,chief_complaint,symptoms,image_report,diagnoses,department,findings,licence
a1,40,F,cough with fever,three days of shivering,consolidation of a lobe,pneumonia,internal medicine,Pneumonia,CC0
a2,70,M,breathless at night,swollen ankles,enlarged heart with effusion,heart failure,internal medicine,Effusion,CC0
a3,25,M,sudden pain in the chest,after a fall,air in the pleural space,pneumothorax,emergency,Pneumothorax,CC0
"""

Shell = Callable[..., Result]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs a sub-command on a memory of its own; raises what it raised."""
    monkeypatch.setenv("WARDROUND_CASES_FILE", str(tmp_path / "memory" / "cases.db"))

    def run(*arguments: str | Path) -> Result:
        done = _RUNNER.invoke(app, [str(argument) for argument in arguments])
        if done.exception is not None:
            raise done.exception
        return done

    return run


@pytest.fixture
def filled(shell: Shell, tmp_path: Path) -> Shell:
    (tmp_path / "table.csv").write_text(_TABLE)
    shell("import", tmp_path / "table.csv", "--trust", "validated")
    return shell


def _json(done: Result) -> Any:
    told = json.loads(done.stdout)
    assert told["notice"] == NOTICE
    return told


def _record(folder: Path, **changes: Any) -> Path:
    fields = {"case_id": "b1", "provenance": "p", "licence": "l", "chief_complaint": "a sore toe", **changes}
    path = folder / "record.json"
    path.write_text(json.dumps(fields))
    return path


def test_an_import_tells_what_was_new_and_on_what_terms(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(_TABLE)
    first = _json(shell("import", tmp_path / "table.csv", "--json"))
    assert (first["read"], first["new"], first["replaced"]) == (3, 3, 0)
    assert first["licences"] == ["CC0"] and first["trust"] == ["user"]
    assert _json(shell("import", tmp_path / "table.csv", "--json"))["new"] == 0


def test_our_own_cases_come_in_by_name_and_are_marked(shell: Shell) -> None:
    assert _json(shell("import", "own", "--json"))["new"] >= 24
    stats = _json(shell("stats", "--json"))
    assert stats["synthetic"] == stats["records"] >= 24
    none = _json(shell("search", "cough", "--real", "--json"))
    assert none["matches"] == [] and none["searched"] == 0


def test_words_find_the_case_that_they_describe(filled: Shell) -> None:
    told = _json(filled("search", "enlarged heart, effusion, swollen ankles", "--json"))
    assert told["matches"][0]["case_id"] == "a2" and told["searched"] == 3
    assert told["matches"][0]["fields"]["diagnoses"] == ["heart failure"]
    assert told["matches"][0]["fields"]["treatments"] == []


def test_an_early_stage_is_shown_nothing_of_a_later_one(filled: Shell) -> None:
    done = filled("search", "breathless at night", "--stage", "referral", "--json")
    fields = _json(done)["matches"][0]["fields"]
    assert fields["department"] == "internal medicine"
    assert fields["diagnoses"] == [] and fields["image_report"] == "" and "heart failure" not in done.stdout


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--finding", "Pneumothorax"), {"a3"}),
        (("--sex", "F"), {"a1"}),
        (("--age", "68", "--age-within", "5"), {"a2"}),
        (("--limit", "1"), {"a1"}),
    ],
)
def test_filters_keep_others_out(filled: Shell, options: tuple[str, ...], ids: set[str]) -> None:
    words = "cough consolidation heart pain pleural"
    found = {match["case_id"] for match in _json(filled("search", words, *options, "--json"))["matches"]}
    assert found == ids


def test_a_record_is_shown_with_its_origin(filled: Shell) -> None:
    told = _json(filled("show", "a1", "--json"))
    assert told["chief_complaint"] == "cough with fever" and told["licence"] == "CC0" and told["trust"] == "validated"
    shown = filled("show", "a1").stdout
    assert "consolidation" in shown and "CC0" in shown and "Not for clinical use" in shown


def test_hostile_text_of_a_record_reaches_no_terminal(shell: Shell, tmp_path: Path) -> None:
    shell("add", _record(tmp_path, chief_complaint="\x1b[2J\x9b31m[bold]toe[/bold] \u202ereversed"))
    shown = shell("show", "b1").stdout
    assert "\x1b" not in shown and "\x9b" not in shown and "\u202e" not in shown and "[bold]toe[/bold]" in shown


def test_a_new_case_is_added_once_and_then_only_corrected(filled: Shell, tmp_path: Path) -> None:
    assert _json(filled("add", _record(tmp_path), "--json"))["cases"][0]["new"] is True
    with pytest.raises(CallerError, match="b1") as refused:
        filled("add", _record(tmp_path))
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    filled("correct", _record(tmp_path, chief_complaint="a sore thumb"))
    assert _json(filled("show", "b1", "--json"))["chief_complaint"] == "a sore thumb"
    with pytest.raises(CallerError) as unknown:
        filled("correct", _record(tmp_path, case_id="b2"))
    assert unknown.value.problem.code is ProblemCode.NOT_FOUND


def test_a_forgotten_case_is_gone(filled: Shell) -> None:
    assert _json(filled("forget", "a2", "--json"))["cases"][0]["forgotten"] is True
    for arguments in (("show", "a2"), ("forget", "a2")):
        with pytest.raises(CallerError) as unknown:
            filled(*arguments)
        assert unknown.value.problem.code is ProblemCode.NOT_FOUND
    assert _json(filled("stats", "--json"))["records"] == 2


def test_what_is_exported_can_be_read_again_and_is_private(filled: Shell, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    told = _json(filled("export", out, "--json"))
    assert told["records"] == 3 and told["licences"] == {"CC0": 3}
    assert [case.case_id for case in read_cases(out)] == ["a1", "a2", "a3"]
    assert {case.trust for case in read_cases(out)} == {"validated"}
    assert all(json.loads(line)["notice"] == NOTICE for line in out.read_text().splitlines())
    assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(CallerError, match=r"out\.jsonl"):
        filled("export", out)


def test_a_match_is_explained_by_field(filled: Shell) -> None:
    told = MatchExplained.model_validate_json(filled("explain", "a1", "cough, consolidation", "--json").stdout)
    assert told.keyword_rank == 1
    assert {field.field for field in told.fields if field.shared} == {"chief_complaint", "image_report"}
    assert "consolidation" in filled("explain", "a1", "cough, consolidation").stdout


def test_every_table_carries_the_notice(filled: Shell) -> None:
    for arguments in (("search", "cough"), ("stats",), ("show", "a1"), ("explain", "a1", "cough"), ("forget", "a1")):
        assert "Not for clinical use" in filled(*arguments).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "x" * 30_000),
        ("search", ""),
        ("search", "cough", "--age-within", "5"),
        ("import", "missing.csv"),
        ("import", "own", "--labels", "labels.csv"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_word_on_what_to_do(shell: Shell, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CallerError) as refused:
        shell(*arguments)
    assert refused.value.problem.hint


def test_our_own_cases_are_written_where_they_are_wanted(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardround.agents.cases.loaders.own._FILM_SIZE", 128)
    told = _json(shell("own", tmp_path / "out", "--json"))
    assert set(told["files"]) == {path.name for path in (tmp_path / "out").iterdir()} and told["synthetic"]
    assert sum(name.endswith(".dcm") for name in told["files"]) >= 6

"""The memory's file: what is kept, corrected, exported; several threads and processes; files that are no memory."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from memory_cases import a_case, a_query, ward

from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.cases.store import CaseStore
from wardround.contracts.case import CaseTrust
from wardround.contracts.decision import Stage
from wardround.contracts.errors import CallerError, Fault, ProblemCode


def _opened(folder: Path) -> CaseStore:
    return CaseStore.opened(folder / "cases.db", LsaEmbedder())


def test_a_record_comes_back_as_it_was_given(tmp_path: Path) -> None:
    given = ward()
    with _opened(tmp_path) as store:
        assert store.add(given) == (5, 0)
        assert store.get("heart") == given[0]
    with _opened(tmp_path) as store:
        assert list(store.cases()) == given
        assert list(store.cases(CaseTrust.VALIDATED)) == []


def test_adding_is_idempotent_and_a_changed_record_replaces_the_old_one(tmp_path: Path) -> None:
    ticks: list[int] = []
    with _opened(tmp_path) as store:
        store.add(ward())
        assert store.add(ward(), lambda: ticks.append(1)) == (0, 0)
        assert store.add([a_case("heart", symptoms="Otherwise."), a_case("new")]) == (1, 1)
        assert store.get("heart").symptoms == "Otherwise."
        assert store.stats().records == 6
    assert len(ticks) == 5


def test_a_correction_replaces_the_whole_record_in_its_place(tmp_path: Path) -> None:
    with _opened(tmp_path) as store:
        store.add(ward())
        store.correct(a_case("heart", "knee"))
        assert store.get("heart").diagnoses == ("rupture of the anterior cruciate ligament",)
        assert next(case.case_id for case in store.cases()) == "heart"
        found = store.search(a_query(Stage.REFERRAL, chief_complaint="breathless", limit=50))
        assert "heart" not in [match.case_id for match in found.matches]
        with pytest.raises(CallerError) as caught:
            store.correct(a_case("nobody"))
    assert caught.value.problem.code is ProblemCode.NOT_FOUND


@pytest.mark.parametrize("what", ["get", "explain"])
def test_an_unknown_id_is_a_typed_error(tmp_path: Path, what: str) -> None:
    with _opened(tmp_path) as store, pytest.raises(CallerError, match="no case 'nobody'") as caught:
        store.add(ward())
        if what == "get":
            store.get("nobody")
        else:
            store.explain(a_query(chief_complaint="cough"), "nobody")
    assert caught.value.problem.code is ProblemCode.NOT_FOUND


def test_the_first_records_are_given_once_and_only_to_a_memory_that_never_held_any(tmp_path: Path) -> None:
    with _opened(tmp_path) as store:
        assert store.begin(ward) == 5
        for case in ward():
            store.forget(case.case_id)
    with _opened(tmp_path) as store:
        assert store.begin(ward) == 0
        assert store.stats().records == 0
        assert store.search(a_query(chief_complaint="cough")).matches == ()


def test_the_stats_tell_what_memory_holds(tmp_path: Path) -> None:
    with _opened(tmp_path) as store:
        store.add([*ward(), a_case("sure", trust="validated", synthetic=False, licence="CC BY 4.0")])
        stats = store.stats()
    assert (stats.records, stats.indexed, stats.synthetic) == (6, 6, 5)
    assert stats.trust == {CaseTrust.VALIDATED: 1, CaseTrust.USER: 5, CaseTrust.FINISHED_HERE: 0}
    assert stats.departments["internal medicine"] == 3
    assert stats.licences == {"CC0-1.0": 5, "CC BY 4.0": 1}
    assert stats.bytes_on_disk > 0 and stats.bytes_in_memory > 0 and stats.model == "lsa"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_and_its_log_are_their_owner_s_alone(tmp_path: Path) -> None:
    with _opened(tmp_path / "new") as store:
        store.add(ward())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {"cases.db": 0o600, "cases.db-wal": 0o600, "cases.db-shm": 0o600}


def test_a_file_elsewhere_is_named_in_the_environment(tmp_path: Path) -> None:
    told = {"WARDROUND_HOME": str(tmp_path), "WARDROUND_CASES_WEIGHTS": "image_report=2, past_history=0.5"}
    settings = CaseSettings.from_environment(told)
    assert (settings.file, settings.embedder) == (tmp_path / "cases.db", "lsa")
    assert settings.weights == {"image_report": 2.0, "past_history": 0.5}
    assert CaseSettings.from_environment({**told, "WARDROUND_CASES_FILE": "x.db"}).file == Path("x.db")


@pytest.mark.parametrize(
    ("name", "value"),
    [("EMBEDDER", "mystery"), ("EMBEDDER", "transformers:"), ("WEIGHTS", "nose=1"), ("WEIGHTS", "symptoms=nan"),
     ("URL", "ftp://there")],
)  # fmt: skip
def test_a_wrong_setting_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(CallerError, match=f"WARDROUND_CASES_{name}") as caught:
        CaseSettings.from_environment({f"WARDROUND_CASES_{name}": value})
    assert value not in caught.value.problem.message


def _no_database(file: Path) -> None:
    file.write_bytes(b"a letter to a friend, and no database at all " * 100)


def _another_database(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def _cut_off(file: Path) -> None:
    _opened(file.parent).close()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _newer(file: Path) -> None:
    _opened(file.parent).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def _a_folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_no_database, ProblemCode.DAMAGED_FILE),
        (_another_database, ProblemCode.DAMAGED_FILE),
        (_cut_off, ProblemCode.DAMAGED_FILE),
        (_newer, ProblemCode.UNSUPPORTED_FORMAT),
        (_a_folder, ProblemCode.BAD_ARGUMENT),
    ],
)
def test_a_file_that_is_no_memory_is_a_typed_error_and_stays_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], None], code: ProblemCode
) -> None:
    file = tmp_path / "cases.db"
    spoil(file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(CallerError) as caught:
        _opened(tmp_path)
    assert caught.value.problem.code is code and caught.value.problem.hint
    assert str(tmp_path) not in str(caught.value.problem)
    if file.is_file():
        assert file.read_bytes() == before


def _spoilt(folder: Path, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(folder / "cases.db")
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_damaged_record_is_passed_over_named_where_it_is_asked_for_and_can_be_replaced(tmp_path: Path) -> None:
    with _opened(tmp_path) as store:
        store.add(ward())
    _spoilt(tmp_path, "UPDATE cases SET record = '{\"case_id\": 7' WHERE case_id = 'lung'")
    with _opened(tmp_path) as store:
        found = store.search(a_query(Stage.REFERRAL, chief_complaint="fever, cough, headache", limit=50))
        assert "lung" not in [match.case_id for match in found.matches]
        assert found.matches and "1 records are damaged" in found.warnings[0]
        with pytest.raises(CallerError, match="'lung' of case memory is damaged"):
            store.get("lung")
        assert store.add([a_case("lung", "lung")]) == (0, 1)
        again = store.search(a_query(Stage.REFERRAL, chief_complaint="fever and cough"))
        assert again.matches[0].case_id == "lung" and again.warnings == ()
    _spoilt(tmp_path, "UPDATE cases SET record = 'gone' WHERE case_id = 'lung'")
    with _opened(tmp_path) as store:
        assert store.forget("lung")
        assert len(list(store.cases())) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vectors WHERE row = 2",
        "UPDATE vectors SET presentation = zeroblob(7) WHERE row = 2",
        "UPDATE vectors SET findings = CAST(x'0000c07f' || substr(findings, 5) AS BLOB) WHERE row = 2",
        "DELETE FROM vectors",
        "UPDATE meta SET value = x'00' WHERE name = 'learned'",
        "UPDATE meta SET value = '0' WHERE name = 'words'",
    ],
)
def test_damaged_vectors_words_and_models_are_made_anew_when_the_memory_is_opened(
    tmp_path: Path, statement: str
) -> None:
    query = a_query(chief_complaint="fever and cough", image_report="right lower lobe", limit=5)
    with _opened(tmp_path) as store:
        store.add(ward())
        before = store.search(query)
    _spoilt(tmp_path, statement)
    with _opened(tmp_path) as store:
        assert store.search(query) == before
        assert store.stats().indexed == 5


def test_a_second_process_sees_what_the_first_one_adds_corrects_and_forgets(tmp_path: Path) -> None:
    query = a_query(Stage.REFERRAL, chief_complaint="zebra", limit=50)
    with _opened(tmp_path) as one, _opened(tmp_path) as other:
        one.add(ward())
        assert other.search(query).searched == 5
        other.add([a_case("zebra", chief_complaint="bitten by a zebra")])
        assert one.search(query).matches[0].case_id == "zebra"
        one.correct(a_case("zebra", chief_complaint="bitten by a horse", symptoms=""))
        assert other.search(query).matches == ()
        assert one.forget("zebra") and not other.forget("zebra")
        assert other.search(query).searched == 5


_WRITER = """
import sys
from pathlib import Path
from memory_cases import a_case
from wardround.agents.cases.lsa import LsaEmbedder
from wardround.agents.cases.store import CaseStore

name = sys.argv[2]
with CaseStore.opened(Path(sys.argv[1]), LsaEmbedder()) as store:
    for number in range(12):
        store.add([a_case(f"{name}-{number}", symptoms=f"{name} {number}")])
    store.forget(f"{name}-0")
"""


def test_threads_and_processes_write_and_search_at_once_and_lose_nothing(tmp_path: Path) -> None:
    support = Path(__file__).parents[2] / "support"
    environment = {**os.environ, "PYTHONPATH": str(support), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-c", _WRITER, str(tmp_path / "cases.db")]
    running = [subprocess.Popen([*command, name], env=environment) for name in ("red", "blue")]
    with _opened(tmp_path) as store:
        problems: list[BaseException] = []

        def work(name: str) -> None:
            try:
                for number in range(12):
                    store.add([a_case(f"{name}-{number}", symptoms=f"{name} {number}")])
                    store.search(a_query(Stage.HISTORY, symptoms=name))
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in ("green", "grey")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [process.wait() for process in running] == [0, 0]
        assert problems == []
        assert store.stats().records == store.stats().indexed == 4 * 12 - 2
        found = store.search(a_query(Stage.HISTORY, symptoms="blue", limit=50))
        assert found.searched == 46 and not found.warnings
        assert {"blue-1", "blue-11"} <= {match.case_id for match in found.matches[:11]}
    with _opened(tmp_path) as again:
        assert again.search(a_query(Stage.HISTORY, symptoms="blue", limit=50)) == found


def test_a_memory_that_another_process_keeps_writing_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardround.agents.cases.schema._BUSY_MS", 20)
    with _opened(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "cases.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Fault) as caught:
            store.add(ward())
        assert caught.value.problem.code is ProblemCode.BUSY
        other.execute("ROLLBACK")
        other.close()
        assert store.add(ward()) == (5, 0)

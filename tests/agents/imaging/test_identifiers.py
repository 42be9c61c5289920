"""Original identifiers: what is read of a file, sealed in the map, opened with the key alone, and forgotten."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from export_samples import ORIGIN, PLANTED, planted_film
from pydicom import DataElement, config

from wardround.agents.imaging.decoder import decode
from wardround.agents.imaging.identifiers import Identifiers
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.origin import origin_of
from wardround.contracts.errors import Fault, ProblemCode
from wardround.contracts.exports import BoundBy, Exported, ExportFormat


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_films_identifiers_are_read_and_stand_in_no_other_field() -> None:
    _, data = planted_film()
    film = decode(data, Limits())
    assert film.origin is not None
    assert set(PLANTED.values()) <= set(film.origin.model_dump().values())
    assert not any(value in film.details.model_dump_json() for value in PLANTED.values())
    assert not any(value in repr(film) for value in PLANTED.values())


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("value", [None, "", "1.2.x", "1.02.3", "9.1"])
def test_a_film_without_valid_uids_has_no_origin_and_is_a_film_all_the_same(keyword: str, value: str | None) -> None:
    ds, _ = planted_film()
    del ds[keyword]
    if value is not None:
        ds[keyword] = DataElement(keyword, "UI", value, validation_mode=config.IGNORE)
    assert origin_of(ds) is None


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [
        ("PatientBirthDate", "LO", "20190230"),
        ("PatientBirthDate", "LO", "19.02.43"),
        ("StudyTime", "LO", "256199"),
        ("PatientSex", "LO", "X"),
    ],
)
def test_a_value_of_no_valid_form_is_left_out(keyword: str, vr: str, value: str) -> None:
    ds, _ = planted_film()
    ds.add_new(keyword, vr, value)
    origin = origin_of(ds)
    assert origin is not None and value not in origin.model_dump().values()


def test_the_map_gives_back_what_was_sealed_and_shows_none_of_it_on_disk(tmp_path: Path) -> None:
    store, home = tmp_path / "store", tmp_path / "home"
    store.mkdir()
    identifiers = Identifiers(store, home)
    identifiers.keep("st", {"im": ORIGIN})
    assert Identifiers(store, home).origin("im") == ORIGIN
    assert identifiers.origin("other") is None
    written = _everything(tmp_path)
    assert not any(value.encode() in written for value in (*PLANTED.values(), ORIGIN.study_uid, "Zzyzxova"))
    assert (home / "identifiers.key").stat().st_mode & 0o777 == 0o600
    assert (store / "identifiers.sqlite").stat().st_mode & 0o777 == 0o600


def test_what_is_forgotten_is_gone_past_recovery(tmp_path: Path) -> None:
    identifiers = Identifiers(tmp_path, tmp_path)
    identifiers.keep("st", {"im": ORIGIN})
    with sqlite3.connect(tmp_path / "identifiers.sqlite") as index:
        (sealed,) = index.execute("SELECT entry FROM sealed").fetchone()
    identifiers.forget("st")
    assert identifiers.origin("im") is None
    assert sealed[:60] not in _everything(tmp_path)


def test_another_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    identifiers = Identifiers(tmp_path, tmp_path)
    identifiers.keep("st", {"im": ORIGIN})
    for key in (Fernet.generate_key(), b"no key"):
        (tmp_path / "identifiers.key").write_bytes(key)
        with pytest.raises(Fault) as refused:
            identifiers.origin("im")
        assert refused.value.problem.code is ProblemCode.INTERNAL
        assert not any(value in str(refused.value.problem) for value in PLANTED.values())


def test_the_record_of_exports_can_be_added_to_and_not_changed(tmp_path: Path) -> None:
    identifiers = Identifiers(tmp_path, tmp_path)
    written = Exported(
        format=ExportFormat.SR, media_type="x", digest=f"sha256:{5:064x}", size_bytes=1, bound_by=BoundBy.MAP
    )
    identifiers.record("im", "run_1", written)
    for statement in ("DELETE FROM opening", "UPDATE opening SET run_id = 'x'"):
        with sqlite3.connect(tmp_path / "identifiers.sqlite") as index, pytest.raises(sqlite3.IntegrityError):
            index.execute(statement)
    (opening,) = identifiers.openings()
    assert (opening.run_id, opening.bound_by, opening.digest) == ("run_1", BoundBy.MAP, written.digest)

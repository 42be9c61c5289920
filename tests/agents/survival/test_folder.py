"""A model comes back from its folder as it was saved, or not at all."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from survival_study import Study, refused

from wardround.agents.survival.estimate import estimate
from wardround.agents.survival.folder import Loaded, load, save
from wardround.agents.weights.model_folder import CARD, WEIGHTS
from wardround.contracts.errors import Fault, ProblemCode
from wardround.contracts.survival import SurvivalModelCard


def _save(study: Study, folder: Path) -> SurvivalModelCard:
    made = study.made
    return save(made.fitted, folder, made.card, made.encoding, made.reference, made.sets)


@pytest.fixture
def copy(study: Study, tmp_path: Path) -> Path:
    shutil.copytree(study.folder, tmp_path / "copy")
    return tmp_path / "copy"


def test_what_was_saved_predicts_the_same(study: Study) -> None:
    made, loaded = study.made, study.loaded
    before = Loaded(loaded.card, made.encoding, made.fitted, made.reference, made.sets)
    for patient, bags in list(zip(study.patients, study.bags, strict=True))[:5]:
        one, other = (estimate(model, patient, bags) for model in (before, loaded))
        assert one == other
    assert loaded.encoding == made.encoding and loaded.sets == made.sets


def test_the_card_is_of_these_weights_and_names_what_is_read(study: Study) -> None:
    card = study.loaded.card
    assert card.weights_digest.startswith("sha256:") and card.version == f"1-{card.weights_digest[7:15]}"
    assert card.covariates[0].unit == "years" and card.cohort.digest == study.table.digest
    assert card.pathways == ("FIRST", "SECOND") and study.loaded.sets["SECOND"] == ("G2", "G3")
    assert stat.S_IMODE(study.folder.stat().st_mode) == 0o755
    assert sorted(one.name for one in study.folder.iterdir()) == [CARD, WEIGHTS]


def test_the_same_model_has_the_same_version_and_no_patient_s_id(study: Study, tmp_path: Path) -> None:
    assert _save(study, tmp_path / "again").version == study.loaded.card.version
    for name in (CARD, WEIGHTS):
        assert b"Patient-" not in (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("place", [0.02, 0.3, 0.7, 0.98])
@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_one_changed_byte_in_either_file_is_found(copy: Path, name: str, place: float) -> None:
    data = bytearray((copy / name).read_bytes())
    at = int(place * len(data))
    while name == CARD and not chr(data[at]).isdigit():
        at += 1
    data[at] = data[at] ^ 1 if name == CARD else data[at] ^ 0x20
    (copy / name).write_bytes(data)
    with pytest.raises(Fault) as error:
        load(copy)
    assert error.value.problem.code is ProblemCode.WEIGHTS_MISMATCH
    assert str(copy) not in str(error.value.problem)


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_half_a_file_is_found(copy: Path, name: str) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(Fault, match="not what was written"):
        load(copy)


def test_the_weights_of_another_model_are_found(copy: Path, study: Study, tmp_path: Path) -> None:
    other = study.made.reference.risks + 1.0
    made = study.made
    changed = type(made.reference)(**{**vars(made.reference), "risks": other})
    save(made.fitted, tmp_path / "other", made.card, made.encoding, changed, made.sets)
    shutil.copy(tmp_path / "other" / WEIGHTS, copy / WEIGHTS)
    with pytest.raises(Fault, match="not what was written"):
        load(copy)


def test_a_folder_that_is_there_is_never_written_over(study: Study, tmp_path: Path) -> None:
    before = (study.folder / CARD).read_bytes()
    assert "exists already" in refused(ProblemCode.BAD_ARGUMENT, lambda: _save(study, study.folder), study.folder)
    assert (study.folder / CARD).read_bytes() == before
    (tmp_path / "file").write_text("mine")
    refused(ProblemCode.BAD_ARGUMENT, lambda: _save(study, tmp_path / "file"), tmp_path)
    refused(ProblemCode.BAD_ARGUMENT, lambda: _save(study, tmp_path / "file" / "below"), tmp_path)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_disk_that_is_full_leaves_nothing_behind(study: Study, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        said = refused(ProblemCode.BAD_ARGUMENT, lambda: _save(study, tmp_path / "models" / "full"), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot be written" in said
    assert list((tmp_path / "models").iterdir()) == []


def test_a_save_that_is_stopped_leaves_nothing_behind(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        _save(study, tmp_path / "stopped")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_model_is_told(copy: Path, tmp_path: Path) -> None:
    refused(ProblemCode.NOT_FOUND, lambda: load(tmp_path / "nowhere"), tmp_path)
    (copy / WEIGHTS).unlink()
    assert WEIGHTS in refused(ProblemCode.NOT_FOUND, lambda: load(copy), tmp_path)
    (copy / CARD).write_text(json.dumps({"format": "wardround survival 99"}))
    refused(ProblemCode.UNSUPPORTED_FORMAT, lambda: load(copy), tmp_path)
    (copy / CARD).write_text("[]")
    refused(ProblemCode.UNSUPPORTED_FORMAT, lambda: load(copy), tmp_path)
    (copy / CARD).write_bytes(np.random.default_rng(0).bytes(500))
    with pytest.raises(Fault, match="not what was written"):
        load(copy)


def test_a_card_too_large_to_be_one_is_not_read(copy: Path, tmp_path: Path) -> None:
    with (copy / CARD).open("r+b") as file:
        file.truncate(40_000_000)
    refused(ProblemCode.TOO_LARGE, lambda: load(copy), tmp_path)

"""Slides are read as bags of patches from a folder or from named files, and a file that is no bag harms nothing."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from survival_study import refused

from wardround.agents.survival import bags
from wardround.agents.survival.bags import checked_bags, features_of, opened_bags, read_bags
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import PatchBag

IDS = ("Patient-1", "Patient-2", "Patient-3")
COARSE = np.arange(6, dtype=np.float32).reshape(2, 3)
FINE = np.ones((4, 3), dtype=np.float32)
PARENTS = np.array([0, 0, 1, 1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for microns in ("0.5", "8", "notes"):
        (tmp_path / microns).mkdir()
    for one in IDS[:2]:
        np.save(tmp_path / "8" / f"{one}.npy", COARSE)
        np.save(tmp_path / "0.5" / f"{one}.npy", FINE)
        np.save(tmp_path / "0.5" / f"{one}.parents.npy", PARENTS)
    return tmp_path


def test_a_folder_gives_each_patient_its_bags_from_coarse_to_fine(folder: Path) -> None:
    read, warnings = read_bags(folder, IDS)
    assert [bag.microns_per_pixel for bag in read[0]] == [8.0, 0.5]
    assert np.array_equal(read[0][0].features, COARSE) and read[0][0].parents is None
    assert read[1][1].parents is not None and read[1][1].parents.tolist() == [0, 0, 1, 1]
    assert read[2] == () and warnings == ("1 patients have no slide",)
    assert read_bags(folder, IDS[:2])[1] == ()


@pytest.mark.parametrize(
    ("file", "array", "says"),
    [
        ("8/Patient-2.npy", None, "at some resolutions"),
        ("8/Patient-2.npy", np.ones(3), "row 2 is not a NumPy array"),
        ("8/Patient-2.npy", np.ones((0, 3)), "row 2 is not a NumPy array"),
        ("8/Patient-2.npy", np.array([["a", "b"]]), "row 2 is not a NumPy array"),
        ("8/Patient-2.npy", np.ones((2, 5)), "different numbers of features"),
        ("8/Patient-2.npy", np.array([[1.0, np.nan, 0.0]] * 2), "row 2 has a value that is not finite"),
        ("8/Patient-2.npy", np.array([[1.0, 1e300, 0.0]] * 2), "row 2 has a value that is not finite"),
        ("0.5/Patient-2.parents.npy", None, "row 2 do not name a region"),
        ("0.5/Patient-2.parents.npy", np.array([0, 0, 1, 2]), "row 2 do not name a region"),
        ("0.5/Patient-2.parents.npy", np.array([0, 0, 1, -1]), "row 2 do not name a region"),
        ("0.5/Patient-2.parents.npy", np.array([0, 0, 1]), "row 2 do not name a region"),
        ("0.5/Patient-2.parents.npy", np.array([0.0, 0.0, 1.0, 1.0]), "row 2 do not name a region"),
    ],
    ids=range(12),
)
def test_a_bag_that_does_not_fit_is_told_by_its_patient_s_row(
    folder: Path, file: str, array: NDArray[np.float64] | None, says: str
) -> None:
    (folder / file).unlink()
    if array is not None:
        np.save(folder / file, array)
    assert says in refused(ProblemCode.BAD_ARGUMENT, lambda: read_bags(folder, IDS), folder)


def test_a_folder_that_holds_no_bags_is_told(tmp_path: Path, folder: Path) -> None:
    refused(ProblemCode.NOT_FOUND, lambda: read_bags(folder / "none", IDS), tmp_path)
    refused(ProblemCode.BAD_ARGUMENT, lambda: read_bags(folder / "8", IDS), tmp_path)
    refused(ProblemCode.NOT_FOUND, lambda: read_bags(folder, ["Patient-9"]), tmp_path)


def _hostile() -> list[bytes]:
    """Junk, nothing, a pickle, and headers that claim what is not there."""

    def header(shape: str) -> bytes:
        words = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        return b"\x93NUMPY\x01\x00" + len(words).to_bytes(2, "little") + words

    claimed = ["(10000000000000, 5)", "(99999999999999999999999,)", "(-3, 5)", "('a',)", "((((", "'''"]
    junk = random.Random(0).randbytes(3000)
    return [b"", junk, b"\x93NUMPY", b"\x80\x04N.", b"PK\x03\x04" + junk, *(header(one) + junk for one in claimed)]


@pytest.mark.parametrize("data", _hostile(), ids=range(11))
def test_a_file_that_is_no_array_is_refused_wherever_it_comes_from(folder: Path, data: bytes) -> None:
    file = folder / "8" / "Patient-2.npy"
    file.write_bytes(data)
    assert "row 2" in refused(ProblemCode.BAD_ARGUMENT, lambda: read_bags(folder, IDS), folder)
    refused(ProblemCode.BAD_ARGUMENT, lambda: features_of(data, "of the patient"))
    bag = PatchBag(microns_per_pixel=8.0, path=str(file))
    refused(ProblemCode.BAD_ARGUMENT, lambda: opened_bags([bag], (folder,)), folder)


def test_an_array_with_any_bytes_changed_is_read_or_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", COARSE)
    whole, chance = (tmp_path / "one.npy").read_bytes(), random.Random(1)
    read = 0
    for _ in range(400):
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] = chance.randrange(256)
        try:
            checked_bags([(8.0, features_of(bytes(changed), "of the patient"), None)], "of the patient")
            read += 1
        except CallerError:
            continue
    assert 0 < read < 400


def test_named_files_are_opened_in_allowed_folders_alone(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    named = [
        PatchBag(microns_per_pixel=8.0, path=str(folder / "8" / "Patient-1.npy")),
        PatchBag(
            microns_per_pixel=0.5,
            path=str(folder / "0.5" / "Patient-1.npy"),
            parents=str(folder / "0.5" / "Patient-1.parents.npy"),
        ),
    ]
    coarse, fine = opened_bags(named, (folder,))
    assert np.array_equal(coarse.features, COARSE) and np.array_equal(fine.features, FINE)
    assert len(opened_bags(named, None)) == 2 and opened_bags([], None) == ()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.raises(CallerError) as error:
        opened_bags(named, (elsewhere,))
    assert error.value.problem.code is ProblemCode.PATH_NOT_ALLOWED
    assert str(folder) not in str(error.value.problem)


def test_a_bag_of_too_many_patches_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bags, "MOST_PATCHES", 3)
    assert "Sample" in refused(ProblemCode.TOO_LARGE, lambda: read_bags(folder, IDS), folder)

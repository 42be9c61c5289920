"""The content-addressed store: what is put comes back, once, unchanged, until it is forgotten."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wardround.agents.imaging.npy import npy_bytes, parse_npy
from wardround.agents.imaging.reader import film_array
from wardround.agents.imaging.store import Store, new_image_handle, new_study_handle
from wardround.contracts.errors import CallerError, Fault, ProblemCode, WardroundError
from wardround.contracts.study import Artefact, ArtefactKind, Image, Study

_FILM = np.arange(12, dtype=np.uint16).reshape(3, 4)


def _study(store: Store, *films: np.ndarray) -> Study:
    images = tuple(
        Image(
            handle=new_image_handle(),
            film=store.put_array(ArtefactKind.FILM, film),
            rows=film.shape[0],
            columns=film.shape[1],
            source_format="PNG, 16 bit",
        )
        for film in films
    )
    study = Study(handle=new_study_handle(), images=images)
    store.save_study(study)
    return study


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mask=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.integers(0, 1)))
def test_any_mask_comes_back_as_it_was_put_and_is_kept_once(store: Store, mask: np.ndarray) -> None:
    first, second = store.put_array(ArtefactKind.MASK, mask), store.put_array(ArtefactKind.MASK, mask.copy("F"))
    assert first == second
    np.testing.assert_array_equal(store.read_array(first), mask)


def test_one_channel_of_a_stack_is_read_by_its_name(store: Store) -> None:
    stack = np.stack([np.full((2, 3), value, dtype=np.float16) for value in (0.25, 0.5)])
    kept = store.put_array(ArtefactKind.HEATMAP, stack, ("Effusion", "Nodule"))
    nodule = store.read_array(kept.model_copy(update={"channel": "Nodule"}))
    assert nodule.shape == (2, 3) and float(nodule.astype(float).max()) == 0.5
    with pytest.raises(CallerError) as missing:
        store.read_array(kept.model_copy(update={"channel": "Mass"}))
    assert missing.value.problem.code is ProblemCode.NOT_FOUND


@pytest.mark.parametrize(
    ("kind", "array", "channels"),
    [
        (ArtefactKind.FILM, np.zeros((2, 2), dtype=np.float32), ()),
        (ArtefactKind.FILM, np.zeros((0, 2), dtype=np.uint16), ()),
        (ArtefactKind.MASK, np.full((1, 2, 2), 2, dtype=np.uint8), ()),
        (ArtefactKind.MASK, np.zeros((2, 2), dtype=np.uint8), ()),
        (ArtefactKind.MASK, np.zeros((2, 2, 2), dtype=np.uint8), ("heart",)),
        (ArtefactKind.HEATMAP, np.full((1, 2, 2), np.nan, dtype=np.float32), ()),
        (ArtefactKind.HEATMAP, np.full((1, 2, 2), 1.5, dtype=np.float32), ()),
    ],
)
def test_an_array_that_does_not_fit_its_kind_is_refused(
    store: Store, kind: ArtefactKind, array: np.ndarray, channels: tuple[str, ...]
) -> None:
    with pytest.raises(Fault) as refused:
        store.put_array(kind, array, channels)
    assert refused.value.problem.code is ProblemCode.WRONG_SHAPE


@settings(max_examples=60, deadline=None)
@given(garbage=st.binary(max_size=200))
def test_bytes_that_are_no_array_are_a_typed_fault(garbage: bytes) -> None:
    reference = Artefact(kind=ArtefactKind.FILM, digest="sha256:" + "0" * 64, shape=(3, 4))
    for data in (garbage, npy_bytes(ArtefactKind.FILM, _FILM)[0][: len(garbage)], b"\x93NUMPY\x01\x00" + garbage):
        with pytest.raises(WardroundError):
            parse_npy(data, reference)


def test_a_file_changed_on_disk_is_noticed(store: Store) -> None:
    kept = store.put_array(ArtefactKind.FILM, _FILM)
    file = next(store.folder.rglob("*.npy"))
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    with pytest.raises(Fault):
        store.read_array(kept)


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "../../etc/passwd", "sha256:../x", ""])
def test_unknown_and_malformed_digests_are_not_found(store: Store, digest: str) -> None:
    with pytest.raises(CallerError) as missing:
        store.read_bytes(digest)
    assert missing.value.problem.code is ProblemCode.NOT_FOUND


def test_studies_and_films_are_found_by_handle_also_by_another_process_view(store: Store) -> None:
    study = _study(store, _FILM)
    other = Store(store.folder)
    assert other.study(study.handle) == study
    assert other.image(study.images[0].handle) == study.images[0]
    np.testing.assert_allclose(film_array(other, study.images[0]), _FILM / 65535.0, rtol=1e-6)


def test_unknown_handles_are_not_found(store: Store) -> None:
    for ask in (store.study, store.image, store.forget):
        with pytest.raises(CallerError) as missing:
            ask("st_" + "x" * 32)
        assert missing.value.problem.code is ProblemCode.NOT_FOUND


def test_handles_are_random_and_long() -> None:
    handles = {new_study_handle() for _ in range(100)} | {new_image_handle() for _ in range(100)}
    assert len(handles) == 200 and all(len(handle) >= 3 + 22 for handle in handles)


def test_a_study_whose_film_is_missing_is_not_saved(store: Store, tmp_path: Path) -> None:
    study = _study(Store(tmp_path / "elsewhere"), _FILM)
    with pytest.raises(CallerError):
        store.save_study(study)
    with pytest.raises(CallerError):
        store.study(study.handle)


def test_forgetting_removes_the_film_and_what_was_derived_from_it(store: Store) -> None:
    study = _study(store, _FILM)
    mask = store.put_array(ArtefactKind.MASK, np.ones((1, 3, 4), bool), film=study.images[0].film.digest)
    store.forget(study.handle)
    assert not store.has(study.images[0].film.digest) and not store.has(mask.digest)
    with pytest.raises(CallerError):
        store.image(study.images[0].handle)


def test_forgetting_keeps_what_another_study_or_film_still_needs(store: Store) -> None:
    shared = _study(store, _FILM)
    again = _study(store, _FILM, _FILM + 1)
    empty = np.zeros((1, 3, 4), np.uint8)
    mask = store.put_array(ArtefactKind.MASK, empty, film=again.images[0].film.digest)
    store.put_array(ArtefactKind.MASK, empty, film=again.images[1].film.digest)
    store.forget(again.handle)
    assert store.has(shared.images[0].film.digest) and store.has(mask.digest)
    assert not store.has(again.images[1].film.digest)
    store.forget(shared.handle)
    assert not store.has(mask.digest)
    assert not list(store.folder.rglob("*.npy"))


def test_nobody_else_may_read_the_store(store: Store) -> None:
    _study(store, _FILM)
    for path in [store.folder, *store.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def _fill(folder: str, number: str) -> None:
    store = Store(Path(folder))
    for offset in range(5):
        study = _study(store, _FILM + offset)
        store.put_array(ArtefactKind.MASK, np.zeros((1, 2, 2), bool), film=study.images[0].film.digest)
        if (offset + int(number)) % 2:
            store.forget(study.handle)


def test_several_processes_write_and_forget_at_once_without_loss(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    program = f"import runpy, sys; runpy.run_path({__file__!r})['_fill'](*sys.argv[1:])"
    command = [sys.executable, "-P", "-c", program]
    workers = [subprocess.Popen([*command, str(folder), str(number)]) for number in range(2)]
    for worker in workers:
        assert worker.wait(60) == 0
    assert not list(folder.rglob("*.part"))

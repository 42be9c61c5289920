"""Folders as people have them are read pair by pair, and what does not pair is told before any training."""

from __future__ import annotations

import json
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.lesions.data.folders import coco_mask, read_folder
from wardround.contracts.errors import CallerError, Problem, ProblemCode


def _picture(path: Path, rows: int = 20, columns: int = 30, shade: int = 51, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (columns, rows), shade).convert(mode).save(path)


def _mask(path: Path, rows: int = 20, columns: int = 30) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.zeros((rows, columns), dtype=np.uint8)
    values[2:5, 3:8] = 255
    Image.fromarray(values).save(path)


def _pairs(root: Path, *names: str) -> Path:
    for name in names:
        _picture(root / "images" / f"{name}.png")
        _mask(root / "masks" / f"{name}.png")
    return root


def _coco(root: Path, *segmentations: Any, file_name: str = "a.png") -> Path:
    _picture(root / "a.png", 4, 5)
    told = {
        "images": [{"id": 7, "file_name": file_name}],
        "annotations": [{"image_id": 7, "segmentation": one} for one in segmentations],
    }
    (root / "annotations.json").write_text(json.dumps(told), encoding="utf-8")
    return root


def _told(root: Path, layout: str | None = None) -> Problem:
    with pytest.raises(CallerError) as refused:
        tuple(read_folder(root, layout))
    problem = refused.value.problem
    assert "Jane" not in str(problem) and str(root) not in str(problem)
    return problem


def test_plain_pairs_are_read_in_order_of_their_names(tmp_path: Path) -> None:
    samples = read_folder(_pairs(tmp_path, "b", "a"))
    assert [one.name for one in samples] == ["a", "b"] and len(samples) == 2
    first = samples[0]
    assert first.image.dtype == np.float32 and first.image.shape == (20, 30)
    assert float(first.image[0, 0]) == pytest.approx(51 / 255)
    assert int(first.mask.sum()) == 15 and first.mask.dtype == np.uint8
    assert (first.spacing_mm, first.subtlety, first.synthetic) == (None, None, False)


def test_isic_2018_is_known_by_its_folders_and_its_superpixels_are_no_images(tmp_path: Path) -> None:
    images, masks = tmp_path / "ISIC2018_Task1-2_Training_Input", tmp_path / "ISIC2018_Task1_Training_GroundTruth"
    _picture(images / "ISIC_0000000.jpg", mode="RGB")
    _picture(images / "ISIC_0000000_superpixels.png")
    _mask(masks / "ISIC_0000000_segmentation.png")
    (images / "ATTRIBUTION.txt").write_text("by", encoding="utf-8")
    samples = read_folder(tmp_path)
    assert [one.name for one in samples] == ["ISIC_0000000"]
    assert "1 of 1 images are in colour and are read as grey" in samples.warnings[0]


def test_cvc_clinicdb_is_known_by_its_folders(tmp_path: Path) -> None:
    _picture(tmp_path / "Original" / "1.tif", mode="RGB")
    _mask(tmp_path / "Ground Truth" / "1.tif")
    assert int(read_folder(tmp_path)[0].mask.sum()) == 15


def test_a_table_says_which_images_are_of_one_patient_and_how_large_a_pixel_is(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a", "b", "c")
    assert "the patient of 3 of 3 images" in read_folder(root).warnings[0]
    (root / "patients.csv").write_text("name,patient,spacing_mm\na.png,P1,0.5\nb,P1,\nc,P2,0.2\n", encoding="utf-8")
    samples = read_folder(root, longest=15)
    assert samples.warnings == () and samples.patients == ("P1", "P1", "P2")
    assert [one.spacing_mm for one in samples] == [1.0, None, 0.4]
    (root / "patients.csv").write_text("name,patient,spacing_mm\na,P1,-1\n", encoding="utf-8")
    assert "'patients.csv' cannot be read" in _told(root).message


def test_a_split_keeps_patients_whole_and_is_always_the_same(tmp_path: Path) -> None:
    root = _pairs(tmp_path, *(f"{number:02}" for number in range(40)))
    rows = "".join(f"{number:02},P{number // 2}\n" for number in range(40))
    (root / "patients.csv").write_text("name,patient\n" + rows, encoding="utf-8")
    samples = read_folder(root)
    train, held = samples.split()
    assert len(train) + len(held) == 40 and 0 < len(held) < 20
    assert not set(train.patients) & set(held.patients)
    assert [one.name for one in samples.split()[1]] == [one.name for one in held]
    assert [one.name for one in samples[2:4]] == ["02", "03"]


def test_an_image_is_shrunk_to_the_mean_of_what_each_pixel_covers(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a")
    _mask(root / "masks" / "a.png", 20, 30)
    small = read_folder(root, longest=15)[0]
    assert small.image.shape == small.mask.shape == (10, 15)
    # Rows 2 to 4 and columns 3 to 7 are ones. Shares: 0.5, 1, 1 in the first row, then 0.25, 0.5, 0.5.
    assert small.mask[1:3, 1:4].tolist() == [[1, 1, 1], [0, 1, 1]] and int(small.mask.sum()) == 5


@pytest.mark.parametrize("mode", ["1", "RGB", "RGBA", "P"])
def test_a_mask_is_read_whatever_its_colour_model(tmp_path: Path, mode: str) -> None:
    root = _pairs(tmp_path, "a")
    with Image.open(root / "masks" / "a.png") as plain:
        again = plain.quantize(2) if mode == "P" else plain.convert(mode)
    if mode == "P":
        assert again.getpixel((0, 0)) in (0, 1)
        again = again.remap_palette([1, 0]) if again.getpixel((0, 0)) == 1 else again
    again.save(root / "masks" / "a.png")
    assert int(read_folder(root)[0].mask.sum()) == 15


def test_a_mask_of_labels_keeps_every_label_and_a_black_one_is_a_negative(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a", "b")
    values = np.zeros((20, 30), dtype=np.uint8)
    values[0, :3] = (1, 2, 3)
    Image.fromarray(values).save(root / "masks" / "a.png")
    Image.fromarray(0 * values).save(root / "masks" / "b.png")
    assert [int(one.mask.sum()) for one in read_folder(root)] == [3, 0]


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a")
    Image.fromarray(np.full((20, 30), 257, dtype=np.uint16)).save(root / "images" / "a.png")
    assert float(read_folder(root)[0].image.max()) == pytest.approx(257 / 65535)


def test_a_mask_of_another_size_is_told_before_anything_is_decoded(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a", "Jane")
    _mask(root / "masks" / "a.png", 20, 31)
    problem = _told(root)
    assert problem.message == "Mask 2 of 2, in order of their names, has 31 x 20 pixels, and its image 30 x 20."


def test_an_image_without_mask_and_a_mask_without_image_are_told_by_place(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a", "b", "Jane")
    (root / "masks" / "Jane.png").unlink()
    assert _told(root).message.startswith("Image 1 of 3, in order of their names, has no mask")
    (root / "images" / "Jane.png").unlink()
    (root / "images" / "b.png").unlink()
    assert _told(root).message.startswith("Mask 2 of 2, in order of their names, has no image")


def test_two_images_of_one_name_are_told(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a")
    _picture(root / "images" / "a.jpg")
    assert "have the same name" in _told(root).message


def test_empty_unknown_and_absent_folders_are_told(tmp_path: Path) -> None:
    assert _told(tmp_path / "none").code == ProblemCode.NOT_FOUND
    assert _told(tmp_path).code == ProblemCode.UNSUPPORTED_FORMAT
    assert _told(tmp_path, "pairs").code == ProblemCode.UNSUPPORTED_FORMAT
    assert _told(tmp_path, "nifti").code == ProblemCode.BAD_ARGUMENT
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    assert _told(tmp_path).message == "The folder holds no image."


def _png_of(columns: int, rows: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_huge_image_is_refused_by_its_header(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a")
    (root / "images" / "a.png").write_bytes(_png_of(60_000, 60_000))
    problem = _told(root)
    assert problem.code == ProblemCode.TOO_LARGE and "60000 x 60000" in problem.message


def test_what_is_no_picture_and_what_is_cut_off_are_told(tmp_path: Path) -> None:
    root = _pairs(tmp_path, "a")
    grain = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    Image.fromarray(grain).save(root / "images" / "a.png")
    whole = (root / "images" / "a.png").read_bytes()
    for data in (b"no picture", b"", whole[: len(whole) // 2]):
        (root / "images" / "a.png").write_bytes(data)
        assert _told(root).code == ProblemCode.DAMAGED_FILE


def _letters(counts: list[int]) -> str:
    """Run lengths as pycocotools writes them, for small figures: one letter each, two where 16 or more."""
    found = ""
    for place, count in enumerate(counts):
        value = count - counts[place - 2] if place > 2 else count
        while True:
            bits, value = value & 31, value >> 5
            last = value == (-1 if bits & 16 else 0)
            found += chr(48 + bits + (0 if last else 32))
            if last:
                break
    return found


_SQUARE = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]], dtype=np.uint8)
_RUNS = [5, 2, 2, 2, 2, 2, 5]  # of the square, down each column in turn


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 1, 4, 1, 4, 3, 1, 3]],
        [[1, 1, 3, 1, 3, 3, 1, 3], [2, 1, 4, 1, 4, 3, 2, 3]],
        {"size": [4, 5], "counts": _RUNS},
        {"size": [4, 5], "counts": _letters(_RUNS)},
    ],
    ids=["polygon", "two polygons", "runs", "compressed runs"],
)
def test_every_way_to_write_a_region_of_coco_draws_the_same_square(tmp_path: Path, segmentation: Any) -> None:
    sample = read_folder(_coco(tmp_path, segmentation))[0]
    np.testing.assert_array_equal(sample.mask, _SQUARE)


def test_compressed_runs_of_any_mask_come_back() -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        mask = np.asarray(draw.random((17, 90)) < draw.random(), dtype=np.uint8)
        column = mask.T.ravel()
        edges = np.flatnonzero(np.diff(column)) + 1
        runs = np.diff(np.concatenate([[0], edges, [column.size]])).tolist()
        runs = [0, *runs] if column[0] else runs
        np.testing.assert_array_equal(coco_mask([{"size": [17, 90], "counts": _letters(runs)}], 17, 90), mask)


def test_the_area_of_a_drawn_circle_is_that_of_the_circle() -> None:
    turn = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)
    corners: NDArray[np.float64] = np.column_stack([30 + 20 * np.cos(turn), 25 + 20 * np.sin(turn)]).ravel()
    assert float(coco_mask([[corners.tolist()]], 50, 60).sum()) == pytest.approx(np.pi * 400, rel=0.01)


def test_an_image_without_annotation_is_a_negative(tmp_path: Path) -> None:
    assert int(read_folder(_coco(tmp_path))[0].mask.sum()) == 0


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [5, 4], "counts": _RUNS},
        {"size": [4, 5], "counts": [3]},
        {"size": [4, 5], "counts": "~~"},
        [[1, 1, 4]],
        5,
        None,
        [["a", "b"]],
    ],
)
def test_a_region_that_cannot_be_drawn_is_told(tmp_path: Path, segmentation: Any) -> None:
    problem = _told(_coco(tmp_path, segmentation))
    assert problem.code == ProblemCode.DAMAGED_FILE
    assert problem.message == "Image 1 of 1, in order of their names, has a segmentation that cannot be drawn."


def test_a_json_of_another_form_and_an_image_outside_the_folder_are_told(tmp_path: Path) -> None:
    assert _told(_coco(tmp_path, file_name="../Jane.png")).code == ProblemCode.PATH_NOT_ALLOWED
    assert _told(_coco(tmp_path, file_name="Jane.png")).code == ProblemCode.NOT_FOUND
    (tmp_path / "annotations.json").write_text('{"images": [{"id": 1}]}', encoding="utf-8")
    assert _told(tmp_path).code == ProblemCode.UNSUPPORTED_FORMAT
    (tmp_path / "second.json").write_text("{}", encoding="utf-8")
    assert "2 JSON files" in _told(tmp_path).message


def test_a_set_goes_to_another_process_as_it_is(tmp_path: Path) -> None:
    samples = read_folder(_pairs(tmp_path, "a"))
    assert pickle.loads(pickle.dumps(samples))[0].name == "a"

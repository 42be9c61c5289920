"""JSRT's nodules come as discs where the readers put them, in millimetres, with normal films as negatives."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wardround.agents.lesions.data.nodules import Nodule, disc, read_nodules
from wardround.contracts.errors import CallerError, ProblemCode

_NODULE = {"x": 40.0, "y": 25.0, "diameter_mm": 7.0, "diameter_px": 20.0, "subtlety_5_obvious": "3"}
_COLUMNS = ("file", "dataset", "patient", "width", "height", "scale_from_original", "annotations")


def _folder(root: Path, nodule: dict[str, Any] | None = None, **changed: str) -> Path:
    (root / "images").mkdir(exist_ok=True)
    for name in ("one", "two"):
        Image.new("L", (100, 80), 60).save(root / "images" / f"{name}.png")
    told: dict[str, Any] = {} if nodule is None else {"nodule": nodule}
    first = {"file": "images/one.png", "dataset": "JSRT", "patient": "P1", "width": "100", "height": "80"}
    first |= {"scale_from_original": "0.5", "annotations": json.dumps(told), **changed}
    second = {**first, "file": "images/two.png", "patient": "P2", "annotations": "{}", "width": "100"}
    other = {**first, "dataset": "NIH ChestX-ray14", "annotations": ""}
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, _COLUMNS)
        table.writeheader()
        table.writerows([other, first, second])
    return root


def test_a_nodule_is_a_disc_and_a_normal_film_is_a_negative(tmp_path: Path) -> None:
    samples = read_nodules(_folder(tmp_path, _NODULE))
    nodule, normal = samples
    assert float(nodule.mask.sum()) == pytest.approx(math.pi * 100, rel=0.02)
    rows, columns = np.nonzero(nodule.mask)
    assert (columns.mean(), rows.mean()) == pytest.approx((40.0, 25.0))
    assert (nodule.patient, nodule.name, nodule.spacing_mm, nodule.subtlety) == ("P1", "one", 0.35, 3)
    assert not normal.mask.any() and normal.subtlety is None and normal.spacing_mm == 0.35
    assert "no reader outlined them" in samples.warnings[0]
    assert read_nodules(tmp_path, longest=50)[0].spacing_mm == 0.7


def test_a_disc_at_the_edge_is_cut_by_it() -> None:
    assert int(disc(5, 5, Nodule(0.0, 0.0, 2.0, 1)).sum()) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": 100.0},
        {"y": -1.0},
        {"diameter_px": 0.0},
        {"diameter_px": "wide"},
        {"subtlety_5_obvious": "6"},
        {"x": None},
    ],
)
def test_a_nodule_outside_its_film_or_without_a_grade_is_told_by_row(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(CallerError) as refused:
        read_nodules(_folder(tmp_path, _NODULE | wrong))
    assert refused.value.problem.code == ProblemCode.DAMAGED_FILE
    assert refused.value.problem.message == "Film 1 of JSRT in labels.csv has a row that cannot be read."


def test_a_film_of_another_size_and_a_missing_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="has 100 x 80 pixels, and its row says 90 x 80"):
        read_nodules(_folder(tmp_path, _NODULE, width="90"))
    with pytest.raises(CallerError, match="Film 1 of JSRT in labels"):
        read_nodules(_folder(tmp_path, _NODULE, file="images/none.png"))


def test_a_folder_without_table_or_without_jsrt_is_told(tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="The folder has no labels"):
        read_nodules(tmp_path)
    with pytest.raises(CallerError, match="is of JSRT"):
        read_nodules(_folder(tmp_path, dataset="Kermany"))


def test_the_real_films_hold_127_nodules_most_of_them_brighter_than_what_surrounds_them(shared_data: Path) -> None:
    samples = read_nodules(shared_data / "cxr")
    assert len(samples) == len(set(samples.patients)) == 196
    with (shared_data / "cxr" / "labels.csv").open(newline="", encoding="utf-8") as lines:
        told = [json.loads(row["annotations"]) for row in csv.DictReader(lines) if row["dataset"] == "JSRT"]
    grades = Counter(int(one["nodule"]["subtlety_5_obvious"]) for one in told if "nodule" in one)
    assert dict(grades) == {1: 21, 2: 25, 3: 41, 4: 32, 5: 8}
    train, held = samples.split()
    assert not set(train.patients) & set(held.patients)
    assert 25 <= len(held) <= 55
    # A nodule is denser than lung: its disc is brighter than the ring around it, in most films.
    brighter = []
    for place in np.flatnonzero(["nodule" in one for one in told])[:20]:
        sample, nodule = samples[int(place)], told[place]["nodule"]
        wide = disc(1024, 1024, Nodule(nodule["x"], nodule["y"], 2.0 * nodule["diameter_px"], 1))
        ring = (wide == 1) & (sample.mask == 0)
        brighter.append(sample.image[sample.mask == 1].mean() > sample.image[ring].mean())
        diameter = 2.0 * math.sqrt(sample.mask.sum() / math.pi) * (sample.spacing_mm or 0.0)
        assert diameter == pytest.approx(nodule["diameter_mm"], rel=0.03)
    assert sum(brighter) >= 15

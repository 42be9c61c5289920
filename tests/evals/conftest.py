"""A folder of phantoms with labels, masks and boxes in the layout that `wardround evaluate` reads, and a plain one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from wardround.agents.imaging.phantom import make_phantom, plant_named
from wardround.contracts.anatomy import Structure

COLUMNS = ("id", "file", "dataset", "labels", "view", "patient", "width", "height", "annotations")
_SIZE = 256
_PHANTOMS = 12


def write_table(folder: Path, rows: list[dict[str, str]]) -> None:
    """`labels.csv` of rows; what they lack is empty."""
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_grey(path: Path, film: NDArray[np.number]) -> None:
    """A film in [0, 1] as an 8-bit PNG."""
    path.parent.mkdir(exist_ok=True)
    Image.fromarray((np.clip(film, 0.0, 1.0) * 255.0).round().astype(np.uint8)).save(path)


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve phantoms, every second with an effusion on the right and a box around it; all with masks."""
    folder = tmp_path_factory.mktemp("phantoms")
    rows = []
    for seed in range(_PHANTOMS):
        planted = seed % 2 == 0
        phantom = make_phantom(seed, (plant_named("Effusion"),) if planted else (), size=_SIZE)
        write_grey(folder / "images" / f"film{seed}.png", phantom.film)
        for structure in Structure:
            name = f"film{seed}.{structure.value.replace(' ', '_')}.png"
            write_grey(folder / "masks" / name, phantom.masks[structure.value])
        notes = {}
        if planted:
            where = np.argwhere(phantom.masks["Effusion"])
            (top, left), (bottom, right) = where.min(axis=0).tolist(), where.max(axis=0).tolist()
            notes = {"boxes": [["Pleural effusion", left, top, right + 1 - left, bottom + 1 - top]]}
        rows.append(
            {
                "id": f"film{seed}",
                "file": f"images/film{seed}.png",
                "dataset": "Phantoms",
                "labels": "Effusion" if planted else "No Finding",
                "view": "PA",
                "patient": f"p{seed}",
                "width": str(_SIZE),
                "height": str(_SIZE),
                "annotations": json.dumps(notes) if notes else "",
            }
        )
    write_table(folder, rows)
    return folder


@pytest.fixture(scope="session")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 pictures of 80 patients: the brighter the left half, the likelier an effusion; AP films have it more."""
    folder = tmp_path_factory.mktemp("shades")
    random = np.random.default_rng(0)
    rows = []
    for number in range(160):
        chance = random.random()
        present = bool(random.random() < chance)
        film = np.full((64, 64), 0.1)
        film[:, :32] = 0.2 + 0.75 * chance
        write_grey(folder / "images" / f"{number}.png", film)
        rows.append(
            {
                "id": str(number),
                "file": f"images/{number}.png",
                "dataset": "NIH shades",
                "labels": "Effusion" if present else "No Finding",
                "view": "AP" if random.random() < (0.7 if present else 0.3) else "PA",
                "patient": f"p{number // 2}",
            }
        )
    write_table(folder, rows)
    return folder

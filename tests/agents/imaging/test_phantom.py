"""The phantom film generator: the same seed the same film, and plants where they were asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import typer
from typer.testing import CliRunner

from wardround.agents.imaging.command import phantom as phantom_command
from wardround.agents.imaging.phantom import Phantom, Plant, make_phantom, plant_named
from wardround.agents.imaging.phantom_anatomy import cardiothoracic_ratio
from wardround.agents.imaging.phantom_dicom import write_phantom_dicom
from wardround.contracts.anatomy import Region, Side, Structure
from wardround.contracts.codes import finding_codes
from wardround.contracts.errors import CallerError, ProblemCode


def test_the_same_seed_gives_the_same_film_and_file(tmp_path: Path, left_effusion: Phantom) -> None:
    again = make_phantom(1, (plant_named("pleural effusion", Side.LEFT),), size=256)
    np.testing.assert_array_equal(again.film, left_effusion.film)
    write_phantom_dicom(left_effusion, tmp_path / "a.dcm")
    write_phantom_dicom(again, tmp_path / "b.dcm")
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()


def test_another_seed_is_another_person(normal: Phantom) -> None:
    other = make_phantom(2, size=256)
    assert not np.array_equal(other.masks[Structure.HEART.value], normal.masks[Structure.HEART.value])


def test_the_film_is_in_range_with_lungs_darker_than_heart_and_air_darkest(normal: Phantom) -> None:
    film = normal.film
    assert film.dtype == np.float32
    assert film.min() >= 0.0 and film.max() <= 1.0
    lungs = np.median(film[normal.masks[Structure.RIGHT_LUNG.value] == 1])
    heart = np.median(film[normal.masks[Structure.HEART.value] == 1])
    assert film[-20:, :8].mean() < lungs < heart


def test_masks_lie_on_the_patients_sides_and_lungs_leave_out_the_heart(normal: Phantom) -> None:
    middle = {name: np.flatnonzero(mask.any(axis=0)).mean() for name, mask in normal.masks.items()}
    assert set(middle) == {structure.value for structure in Structure}
    assert middle[Structure.RIGHT_LUNG.value] < 128 < middle[Structure.LEFT_LUNG.value]
    assert middle[Structure.RIGHT_CLAVICLE.value] < 128 < middle[Structure.LEFT_CLAVICLE.value]
    assert 128 < middle[Structure.HEART.value] < 160
    for lung in (Structure.LEFT_LUNG.value, Structure.RIGHT_LUNG.value):
        assert not (normal.masks[lung] & normal.masks[Structure.HEART.value]).any()
        assert 0.08 < normal.masks[lung].mean() < 0.25


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_an_effusion_brightens_its_own_lower_zone_and_nothing_else(side: Side, normal: Phantom) -> None:
    planted = make_phantom(1, (plant_named("effusion", side),), size=256)
    mask = planted.masks["Effusion"] == 1
    lung = normal.masks[f"{side.value} lung"] == 1
    assert mask.sum() > 300
    assert (mask & lung).sum() / mask.sum() > 0.99
    assert np.flatnonzero(mask.any(axis=1)).mean() > np.flatnonzero(lung.any(axis=1)).mean()
    assert planted.film[mask].mean() > normal.film[mask].mean() + 0.15
    other = normal.masks["right lung" if side is Side.LEFT else "left lung"] == 1
    assert abs(planted.film[other].mean() - normal.film[other].mean()) < 0.03


def test_more_fluid_covers_more_lung() -> None:
    areas = [
        make_phantom(3, (Plant(finding="Effusion", volume_ml=volume),), size=192).masks["Effusion"].sum()
        for volume in (300.0, 700.0, 1500.0)
    ]
    assert areas == sorted(areas) and areas[0] < areas[2] / 2


@pytest.mark.parametrize("zone", [Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE])
def test_a_nodule_lies_in_its_zone_with_its_diameter_and_is_brighter(zone: Region, normal: Phantom) -> None:
    plant = Plant.model_validate({"finding": "Nodule", "side": Side.RIGHT, "zone": zone, "diameter_mm": 24.0})
    planted = make_phantom(1, (plant,), size=256)
    mask = planted.masks["Nodule"] == 1
    lung_rows = np.flatnonzero(normal.masks["right lung"].any(axis=1))
    third = (np.flatnonzero(mask.any(axis=1)).mean() - lung_rows[0]) / np.ptp(lung_rows) * 3
    order = [Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE]
    assert order[int(third)] is zone
    assert 2 * np.sqrt(mask.sum() / np.pi) * planted.pixel_spacing_mm == pytest.approx(24.0, rel=0.08)
    assert planted.film[mask].mean() > normal.film[mask].mean() + 0.02


def test_a_pneumothorax_darkens_the_apex_of_its_side(normal: Phantom) -> None:
    planted = make_phantom(1, (plant_named("pneumothorax", Side.LEFT),), size=256)
    mask = planted.masks["Pneumothorax"] == 1
    assert (mask & (normal.masks["left lung"] == 1)).sum() == mask.sum() > 300
    assert planted.film[mask].mean() < normal.film[mask].mean() - 0.02
    assert np.flatnonzero(mask.any(axis=1))[0] == np.flatnonzero(normal.masks["left lung"].any(axis=1))[0]


@pytest.mark.parametrize("wanted", [0.55, 0.65])
def test_cardiomegaly_has_the_cardiothoracic_ratio_that_was_asked_for(wanted: float, normal: Phantom) -> None:
    large = make_phantom(1, (Plant(finding="Cardiomegaly", ctr=wanted),), size=256)

    def ratio(film: Phantom) -> float:
        return cardiothoracic_ratio(film.masks["heart"], film.masks["left lung"] | film.masks["right lung"])

    assert ratio(normal) < 0.5
    assert ratio(large) == pytest.approx(wanted, abs=0.03)


def test_labels_of_plants_are_labels_of_the_code_table() -> None:
    planted = make_phantom(4, tuple(plant_named(n) for n in ("effusion", "nodule", "PTX", "cardiomegaly")), size=192)
    assert set(planted.findings) <= set(finding_codes())
    assert set(planted.findings) <= set(planted.masks)


@pytest.mark.parametrize(("name", "side"), [("hernia", Side.LEFT), ("effusion", Side.BILATERAL), ("", Side.LEFT)])
def test_what_cannot_be_planted_is_refused_with_the_list_of_what_can(name: str, side: Side) -> None:
    with pytest.raises(CallerError) as refused:
        plant_named(name, side)
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert "effusion" in refused.value.problem.hint


@pytest.mark.parametrize(("seed", "size"), [(-1, 256), (1, 64), (1, 100_000)])
def test_impossible_sizes_and_seeds_are_refused(seed: int, size: int) -> None:
    with pytest.raises(CallerError):
        make_phantom(seed, size=size)


def test_the_command_writes_a_file_marked_synthetic_and_its_true_masks(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(phantom_command)
    out = tmp_path / "p.dcm"
    ran = CliRunner().invoke(
        app, [str(out), "--plant", "effusion", "--side", "right", "--size", "192", "--masks", str(tmp_path / "m")]
    )
    assert ran.exit_code == 0, ran.output
    ds = pydicom.dcmread(out)
    assert ds.SyntheticData == "YES"
    assert ds.ContentQualification == "RESEARCH"
    assert "SYNTHETIC" in str(ds.PatientName) and "SYNTHETIC" in ds.ImageComments
    assert "Not for clinical use" in ds.ImageComments
    assert (tmp_path / "m" / "effusion.png").is_file() and (tmp_path / "m" / "left_lung.png").is_file()


def test_the_command_refuses_an_unknown_finding_and_writes_nothing(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(phantom_command)
    ran = CliRunner().invoke(app, [str(tmp_path / "p.dcm"), "--plant", "unicorn"])
    assert isinstance(ran.exception, CallerError)
    assert not (tmp_path / "p.dcm").exists()

"""The recipe: a split by patient, figures beside their floors, members that learn, operating points that hold."""

from __future__ import annotations

import csv
import math
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from wardround.agents.cxr.recipe.data import Films, augment, read_films
from wardround.agents.cxr.recipe.figures import figures
from wardround.agents.cxr.recipe.member import Plan, midpoint, predict_member, train_member
from wardround.agents.cxr.recipe.operating_points import evidence_log_odds, operating_point
from wardround.agents.cxr.recipe.variants import Variants, make_variants
from wardround.agents.cxr.regions import REGIONS
from wardround.agents.cxr.seen import FOLDS, fold_of_patient
from wardround.contracts.codes import NO_FINDING, nih_labels
from wardround.contracts.weighing import OperatingPoint


def _films(n: int) -> Films:
    random = np.random.default_rng(0)
    targets = torch.from_numpy((random.random((n, 2)) < 0.4).astype(np.float32))
    patients = tuple(f"p{i // 2}" for i in range(n))
    views = tuple("AP" if i % 3 else "PA" for i in range(n))
    pixels = torch.zeros(n, 1, 8, 8, dtype=torch.uint8)
    return Films(("Effusion", NO_FINDING), pixels, targets, patients, views, ("film",) * n)


def test_the_split_is_the_same_everywhere_and_about_even() -> None:
    assert [fold_of_patient(name) for name in ("nih-75", "nih-100", "nih-282")] == [2, 0, 0]
    counts = Counter(fold_of_patient(f"patient-{i}") for i in range(5000))
    assert set(counts) == set(range(FOLDS))
    assert min(counts.values()) > 900


def test_no_patient_is_in_two_folds() -> None:
    films = _films(200)
    folds = films.folds
    parts = [{films.patients[i] for i in np.flatnonzero(folds == fold)} for fold in range(FOLDS)]
    assert sum(map(len, parts)) == len(set(films.patients))


def test_figures_stand_beside_their_floors_and_inside_their_intervals() -> None:
    films = _films(240)
    random = np.random.default_rng(1)
    logits = 2.0 * films.targets.double().numpy() - 1.0 + random.normal(size=films.targets.shape)
    stored = {"shipped": logits, "tuned": logits, "fitted": logits, "probe": random.normal(size=logits.shape)}
    found = {figure.name: figure for figure in figures(films, stored, 1.0 / (1.0 + np.exp(-logits)))}
    for figure in found.values():
        if figure.low is not None and figure.high is not None:
            assert figure.low <= figure.value <= figure.high
    area = found["AUC Effusion"]
    assert area.floor is not None
    assert area.floor < area.value
    gain = found["macro AUC gained over the linear probe"]
    assert gain.low is not None
    assert gain.low > 0
    coverage = found["conformal coverage at 90%, positives"]
    assert coverage.floor == 0.9
    assert coverage.value == pytest.approx(0.9, abs=0.07)


@pytest.fixture(scope="module")
def spotted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Films, Variants]:
    """Small films, half of them with a bright square in the second region, and their cached features."""
    random = torch.Generator().manual_seed(0)
    n, side = 64, 64
    targets = (torch.arange(n) % 2).float()[:, None]
    pixels = torch.randint(60, 90, (n, 1, side, side), generator=random, dtype=torch.uint8)
    pixels[1::2, :, 20:44, 36:60] = 220
    regions = torch.zeros(n, REGIONS, side, side, dtype=torch.uint8)
    regions[:, 0, :, :32], regions[:, 1, :, 32:], regions[:, -1] = 255, 255, 255
    films = Films(("Effusion",), pixels, targets, tuple(f"p{i}" for i in range(n)), ("PA",) * n, ("film",) * n)
    folder = tmp_path_factory.mktemp("variants")
    make_variants(films, regions, 2, folder, side)
    return films, Variants(folder, 2)


def test_a_member_learns_what_sets_films_apart_and_where_it_lies(spotted: tuple[Films, Variants]) -> None:
    films, variants = spotted
    learned, judged = np.arange(48), np.arange(48, 64)
    tuned, fitted = train_member(variants, learned, films.targets, Plan(epochs=1))
    for member in (tuned, fitted, midpoint(fitted, tuned)):
        logits = predict_member(member, variants, judged)[:, 0]
        positive = films.positive[judged, 0]
        assert logits[positive].min() > logits[~positive].max()
    with torch.inference_mode():
        places = tuned(*variants.batch(0, judged[1:2]))[1][0, 0]
    assert int(places.sum(dim=0).argmax()) >= places.shape[1] // 2


def test_variants_that_are_there_are_not_made_again(spotted: tuple[Films, Variants], tmp_path: Path) -> None:
    films, _ = spotted
    regions = torch.full((len(films), REGIONS, 64, 64), 255, dtype=torch.uint8)
    make_variants(films, regions, 1, tmp_path, 64)
    first = (tmp_path / "f0.npy").stat().st_mtime_ns
    make_variants(films, regions, 2, tmp_path, 64)
    assert (tmp_path / "f0.npy").stat().st_mtime_ns == first
    assert len(Variants(tmp_path, 2)) == 2


def test_the_evidence_of_a_score_at_the_training_prevalence_is_nothing() -> None:
    np.testing.assert_allclose(evidence_log_odds(np.array([0.2, 0.5]), 0.2), [0.0, math.log(4)])


def test_an_operating_point_keeps_the_shares_that_it_promises() -> None:
    random = np.random.default_rng(0)
    positive = np.arange(2000) < 500
    gain = random.normal(size=2000) + positive
    point = operating_point(gain, positive, "a test")
    assert point.specificity == pytest.approx(0.9, abs=0.01)
    assert (gain[positive] < point.unlikely_at).mean() == pytest.approx(0.1, abs=0.01)
    assert point.unlikely_at < point.suspect_at


def test_crossing_cuts_become_one() -> None:
    positive = np.arange(200) < 100
    point = operating_point(np.where(positive, 5.0, 0.0), positive, "a test")
    assert point.unlikely_at == point.suspect_at


def test_the_shipped_operating_points_cover_every_label_and_were_set_out_of_fold() -> None:
    text = files("wardround.agents.evidence").joinpath("operating_points.csv").read_text(encoding="utf-8")
    rows = {row.pop("label"): OperatingPoint.model_validate(row) for row in csv.DictReader(text.splitlines())}
    assert set(rows) == set(nih_labels())
    for point in rows.values():
        assert point.unlikely_at <= point.suspect_at
        assert "out of fold" in point.source


def test_augmentation_keeps_the_sides_and_the_range() -> None:
    batch = torch.zeros(8, 1, 64, 64)
    batch[..., :, 40:56] = 1.0
    moved, regions = augment(batch, batch.clone(), torch.Generator().manual_seed(0))
    # Regions move with the film: its bright half stays theirs.
    assert float((moved > 0.5).float().eq((regions > 0.5).float()).float().mean()) > 0.97
    assert float(moved.min()) >= 0.0
    assert float(moved.max()) <= 1.0 + 1e-5
    assert (moved[..., 32:].sum(dim=(1, 2, 3)) > moved[..., :32].sum(dim=(1, 2, 3))).all()


def test_the_nih_films_are_read_with_their_labels(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "images").symlink_to(shared_data / "cxr" / "images")
    lines = (shared_data / "cxr" / "labels.csv").read_text(encoding="utf-8").splitlines()[:4]
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    films = read_films(tmp_path, 32)
    assert films.pixels.shape == (3, 1, 32, 32)
    assert films.labels == nih_labels()
    named = [{films.labels[i] for i in row.nonzero().flatten().tolist()} for row in films.targets]
    assert named == [
        {"Cardiomegaly"},
        {"Atelectasis", "Effusion", "Infiltration"},
        {"Consolidation", "Effusion", "Infiltration", "Nodule"},
    ]

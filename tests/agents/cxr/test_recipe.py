"""The recipe: a split by patient, honest measures, operating points that never see the held-out fold."""

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
from wardround.agents.cxr.recipe.measure import auc, figures, macro_auc, view_scores
from wardround.agents.cxr.recipe.operating_points import evidence_log_odds, operating_point
from wardround.agents.cxr.recipe.split import FOLDS, HELD_OUT, fold_of
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
    assert [fold_of(name) for name in ("nih-75", "nih-100", "nih-282")] == [2, 0, 0]
    counts = Counter(fold_of(f"patient-{i}") for i in range(5000))
    assert set(counts) == set(range(FOLDS))
    assert min(counts.values()) > 900


def test_no_patient_is_in_two_folds() -> None:
    films = _films(200)
    parts = [set(films.folds([fold]).patients) for fold in range(FOLDS)]
    assert sum(map(len, parts)) == len(set(films.patients))


def test_auc_counts_ties_half_and_is_not_a_number_for_one_class() -> None:
    assert auc(np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True])) == pytest.approx(0.875)
    assert math.isnan(auc(np.array([0.1, 0.2]), np.array([True, True])))


def test_the_macro_leaves_no_finding_out() -> None:
    positive = np.array([[True, False], [False, True]])
    scores = np.array([[0.9, 0.9], [0.1, 0.1]])
    assert macro_auc(scores, positive, ("Effusion", NO_FINDING)) == 1.0


def test_a_figure_stands_beside_its_floor_and_inside_its_interval() -> None:
    films = _films(120)
    scores = films.targets.double().numpy() + np.random.default_rng(1).random((120, 2))
    for figure in figures(scores, films, view_scores(films, films), "a test"):
        assert figure.low is not None and figure.high is not None and figure.floor is not None
        assert figure.low <= figure.value <= figure.high
        assert figure.floor < figure.value


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


def test_the_shipped_operating_points_cover_every_label_and_name_the_validation_fold() -> None:
    text = files("wardround.agents.evidence").joinpath("operating_points.csv").read_text(encoding="utf-8")
    rows = {row.pop("label"): OperatingPoint.model_validate(row) for row in csv.DictReader(text.splitlines())}
    assert set(rows) == set(nih_labels())
    for point in rows.values():
        assert point.unlikely_at <= point.suspect_at
        assert "fold 1" in point.source
        assert f"fold {HELD_OUT}" not in point.source


def test_augmentation_keeps_the_sides_and_the_range() -> None:
    batch = torch.zeros(8, 1, 64, 64)
    batch[..., :, 40:56] = 1.0
    moved = augment(batch, torch.Generator().manual_seed(0))
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

"""The view-only floor ranks films by other patients' label rates alone."""

from __future__ import annotations

import numpy as np

from wardround.agents.measures.ranking import auc
from wardround.agents.measures.views import view_ranks

FOLDS = np.arange(60) % 5
VIEWS = ["AP" if film % 3 == 0 else "PA" for film in range(60)]
IS_AP = np.array([view == "AP" for view in VIEWS])


def test_a_label_that_goes_with_the_view_is_ranked_by_it() -> None:
    positive = np.column_stack([IS_AP, ~IS_AP])
    ranks = view_ranks(VIEWS, FOLDS, positive)
    assert auc(ranks[:, 0], positive[:, 0]) == auc(ranks[:, 1], positive[:, 1]) == 1.0


def test_a_view_that_says_nothing_has_no_rank_from_its_own_patients() -> None:
    positive = np.random.default_rng(3).random((60, 1)) < 0.2
    assert auc(view_ranks(["PA"] * 60, FOLDS, positive)[:, 0], positive[:, 0]) == 0.5


def test_a_films_rank_comes_from_other_folds_alone() -> None:
    positive = np.random.default_rng(0).random((60, 2)) < 0.4
    before, own = view_ranks(VIEWS, FOLDS, positive), FOLDS == 0
    changed = positive.copy()
    changed[own] = IS_AP[own, None]
    np.testing.assert_array_equal(view_ranks(VIEWS, FOLDS, changed)[own], before[own])


def test_a_view_that_no_other_fold_has_gets_the_mean_place() -> None:
    views = ["LL" if fold == 0 else view for fold, view in zip(FOLDS, VIEWS, strict=True)]
    ranks = view_ranks(views, FOLDS, np.column_stack([IS_AP]))
    assert set(ranks[FOLDS == 0, 0]) == {0.5}


def test_films_whose_truth_is_not_known_do_not_count() -> None:
    positive, known = np.column_stack([IS_AP]), np.ones((60, 1), dtype=bool)
    known[~IS_AP] = False
    with_unknown = view_ranks(VIEWS, FOLDS, positive & known, known)
    np.testing.assert_array_equal(with_unknown, view_ranks(VIEWS, FOLDS, positive))

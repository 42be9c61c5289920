"""The models beside which ours is measured, from scikit-survival, with the settings that the figures name."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import agreement
from wardround.evals.survival.datasets import Fold
from wardround.evals.survival.deepsurv import deepsurv
from wardround.evals.survival.extra import extra_module
from wardround.evals.survival.forecast import Forecast, Model, constant, stepped
from wardround.evals.survival.splits import inner_splits

__all__ = ["PEERS"]

_RIDGE = 0.1
_L1_RATIO = 0.5
_ALPHAS = 20
_ALPHA_MIN = 0.1
_LARGE = 2000  # training patients from which a forest is thinner, or it takes an hour


def _outcome(fold: Fold) -> Any:
    return extra_module("sksurv.util").Surv.from_arrays(fold.observed.events, fold.observed.times)


def ridge_cox(fold: Fold, seed: int) -> Forecast:
    """Cox's model with a quadratic penalty of 0.1."""
    del seed
    model = extra_module("sksurv.linear_model").CoxPHSurvivalAnalysis(alpha=_RIDGE)
    model.fit(fold.train, _outcome(fold))
    return _told(model, fold)


def coxnet(fold: Fold, seed: int) -> Forecast:
    """Cox's model with an elastic net, half L1; the penalty is the best of twenty by Harrell's C on inner folds."""
    path = _net(fold, None)
    alphas = path.alphas_
    splits = inner_splits(fold.observed.events, seed)
    scores = np.zeros(len(alphas))
    for split in splits:
        inner = fold.within(split)
        model = _net(inner, alphas)
        scores += [agreement(inner.test_observed, model.predict(inner.test, alpha=alpha)).value for alpha in alphas]
    best = float(alphas[int(np.argmax(scores))])
    risk = path.predict(fold.test, alpha=best)
    curves = path.predict_survival_function(fold.test, alpha=best, return_array=True)
    told = stepped(risk, path.unique_times_, curves)
    return Forecast(told.risk, told.survival, chosen=f"alpha {best:.4g}")


def _net(fold: Fold, alphas: Floats | None) -> Any:
    model = extra_module("sksurv.linear_model").CoxnetSurvivalAnalysis(
        l1_ratio=_L1_RATIO, n_alphas=_ALPHAS, alpha_min_ratio=_ALPHA_MIN, alphas=alphas, fit_baseline_model=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a penalty that lets nothing in is one of the twenty
        return model.fit(fold.train, _outcome(fold))


def forest(fold: Fold, seed: int) -> Forecast:
    """A random survival forest: 200 trees, leaves of 8 patients; 60 and 40 where there are thousands of patients."""
    trees, leaf = (60, 40) if len(fold.train) > _LARGE else (200, 8)
    model = extra_module("sksurv.ensemble").RandomSurvivalForest(
        n_estimators=trees, min_samples_leaf=leaf, random_state=seed
    )
    model.fit(fold.train, _outcome(fold))
    return _told(model, fold)


def boosting(fold: Fold, seed: int) -> Forecast:
    """Gradient boosting of Cox's likelihood: 100 trees of depth 2, rate 0.1, each on 70 % of the patients."""
    model = extra_module("sksurv.ensemble").GradientBoostingSurvivalAnalysis(
        n_estimators=100, max_depth=2, learning_rate=0.1, subsample=0.7, random_state=seed
    )
    model.fit(fold.train, _outcome(fold))
    return _told(model, fold)


def _told(model: Any, fold: Fold) -> Forecast:
    curves = model.predict_survival_function(fold.test, return_array=True)
    return stepped(model.predict(fold.test), model.unique_times_, curves)


PEERS: dict[str, Model] = {
    "constant": constant,
    "ridge_cox": ridge_cox,
    "coxnet": coxnet,
    "rsf": forest,
    "gbsa": boosting,
    "deepsurv": deepsurv,
}

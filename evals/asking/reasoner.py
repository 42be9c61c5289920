"""The reasoner without a language model: a conditional logit over the options' features, calibrated by temperature.

A conditional logit (McFadden 1974) gives option o of a state the probability exp(b·x_o) / sum exp(b·x_j). Its weights
are fitted on every state of the tuning half, each case counting once; the temperature depends on how much has been
told, and is fitted on cases that the weights have not seen. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = ["Logit", "cross_fitted", "fit_logit"]

Floats = NDArray[np.float64]
PENALTY = 10.0
_FOLDS = 5


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True)
class Logit:
    """`weights` of the standardised features; the score is multiplied by exp(sharpness · (1, log of facts told))."""

    scale: Floats
    weights: Floats
    sharpness: tuple[float, float] = (0.0, 0.0)

    def scores(self, states: Floats) -> Floats:
        """(states, options) before the temperature."""
        return np.asarray(states / self.scale @ self.weights, dtype=np.float64)

    def probabilities(self, states: Floats, first: int) -> Floats:
        """(states, options); the first state has `first` facts."""
        told = np.log(np.arange(first, first + len(states)))
        heat = np.exp(self.sharpness[0] + self.sharpness[1] * told)
        return _softmax(self.scores(states) * heat[:, None])


def _weights(states: Sequence[Floats], truths: Sequence[int], penalty: float) -> Logit:
    rows = np.concatenate(states)
    truth = np.repeat(truths, [len(one) for one in states])
    share = np.repeat([1.0 / len(one) for one in states], [len(one) for one in states])
    scale = np.maximum(rows.std(axis=(0, 1)), 1e-9)
    features = rows / scale
    right = features[np.arange(len(rows)), truth]

    def loss(weights: Floats) -> tuple[float, Floats]:
        chances = _softmax(features @ weights)
        likelihood = np.log(np.maximum(chances[np.arange(len(rows)), truth], 1e-12))
        slope = share @ (right - np.einsum("so,sof->sf", chances, features))
        return float(penalty * weights @ weights - share @ likelihood), 2.0 * penalty * weights - slope

    found = minimize(loss, np.zeros(rows.shape[2]), jac=True, method="L-BFGS-B")
    return Logit(scale, np.asarray(found.x, dtype=np.float64))


def _sharpness(scores: Sequence[Floats], firsts: Sequence[int], truths: Sequence[int]) -> tuple[float, float]:
    rows = np.concatenate(scores)
    told = np.log(
        np.concatenate([np.arange(first, first + len(one)) for one, first in zip(scores, firsts, strict=True)])
    )
    truth = np.repeat(truths, [len(one) for one in scores])
    share = np.repeat([1.0 / len(one) for one in scores], [len(one) for one in scores])

    def loss(sharpness: Floats) -> float:
        chances = _softmax(rows * np.exp(sharpness[0] + sharpness[1] * told)[:, None])
        return -float(share @ np.log(np.maximum(chances[np.arange(len(rows)), truth], 1e-12)))

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6})
    return float(found.x[0]), float(found.x[1])


def _unseen(states: Sequence[Floats], truths: Sequence[int], folds: Sequence[int], penalty: float) -> list[Floats]:
    """The scores (states, options) of each case by a logit that was fitted without the case's fold."""
    scores: list[Floats] = [np.empty(0)] * len(states)
    for fold in range(_FOLDS):
        rest = [place for place, one in enumerate(folds) if one != fold]
        logit = _weights([states[place] for place in rest], [truths[place] for place in rest], penalty)
        for place, one in enumerate(folds):
            if one == fold:
                scores[place] = logit.scores(states[place])
    return scores


def cross_fitted(
    states: Sequence[Floats],
    truths: Sequence[int],
    firsts: Sequence[int],
    folds: Sequence[int],
    penalty: float = PENALTY,
) -> tuple[Floats, ...]:
    """Probabilities (states, options) of each case by a logit that was fitted without the case's fold.

    The temperature is one for all, of the scores that come out so. `firsts`: facts told in each case's first state.
    """
    scores = _unseen(states, truths, folds, penalty)
    heat = _sharpness(scores, firsts, truths)
    plain = Logit(np.ones(1), np.ones(1), heat)
    return tuple(plain.probabilities(one[:, :, None], first) for one, first in zip(scores, firsts, strict=True))


def fit_logit(
    states: Sequence[Floats],
    truths: Sequence[int],
    firsts: Sequence[int],
    folds: Sequence[int],
    penalty: float = PENALTY,
) -> Logit:
    """A logit of all cases, with the temperature of their cross-fitted scores."""
    whole = _weights(states, truths, penalty)
    return Logit(whole.scale, whole.weights, _sharpness(_unseen(states, truths, folds, penalty), firsts, truths))

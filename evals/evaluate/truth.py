"""What a data set's labels say of the detector's labels: present, absent, or not decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.codes import NO_FINDING, canonical_label
from wardround.evals.evaluate.tables import Row

__all__ = ["Truth", "truth_of"]


@dataclass(frozen=True)
class _Scheme:
    """`decides`: the labels that a set's words settle for every film, None for all. `words`: the set's own words.

    A film none of whose words means one of our labels is left out, rather than taken as negative.
    """

    decides: frozenset[str] | None = None
    words: Mapping[str, str] = field(default_factory=dict)


_EVERYTHING = _Scheme()
_PNEUMONIA_OR_NOT = frozenset({"Pneumonia", NO_FINDING})
_SCHEMES = {
    "JSRT": _Scheme(frozenset({"Nodule", NO_FINDING})),
    "Kermany": _Scheme(_PNEUMONIA_OR_NOT),
    "Hannover": _Scheme(_PNEUMONIA_OR_NOT, {"COVID-19": "Pneumonia"}),
    "ieee8023": _Scheme(_PNEUMONIA_OR_NOT, {"COVID-19": "Pneumonia"}),
}


@dataclass(frozen=True)
class Truth:
    """`positive` and `known` (films, labels): what is present, and where that is decided at all."""

    labels: tuple[str, ...]
    positive: NDArray[np.bool_]
    known: NDArray[np.bool_]


def _scheme(dataset: str) -> _Scheme:
    return next((scheme for name, scheme in _SCHEMES.items() if dataset.startswith(name)), _EVERYTHING)


def truth_of(rows: Sequence[Row], labels: tuple[str, ...]) -> Truth:
    """The truth of each row for each of the labels.

    Sets of pneumonias by cause decide Pneumonia and No Finding alone, and COVID-19 counts as a pneumonia there; JSRT
    decides Nodule and No Finding. Of any other set, what a film is not said to have, it does not have.
    """
    positive = np.zeros((len(rows), len(labels)), dtype=np.bool_)
    known = np.zeros_like(positive)
    for index, row in enumerate(rows):
        scheme = _scheme(row.dataset)
        meant = {scheme.words.get(word) or canonical_label(word) for word in row.words} - {None}
        if meant:
            positive[index] = [label in meant for label in labels]
            known[index] = [scheme.decides is None or label in scheme.decides for label in labels]
    return Truth(labels, positive & known, known)

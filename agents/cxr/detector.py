"""What every pathology detector offers: scores per finding and class activation maps over the whole film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.calibration import Calibration
from wardround.contracts.card import ModelCard
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Source

__all__ = ["GRID", "CrossFitted", "Detector", "Film", "Outlining", "Reading", "check_films"]

GRID = 64
Film = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What a detector says of one film.

    `scores` (labels,) float32 in [0, 1]: the sigmoid of the network's output. A score, not a probability.
    `maps` (labels, h, w) float16 in [0, 1], over the whole film whatever its shape: where the evidence for a label
    lies, relative to that label's own strongest place (so a map says nothing of how likely the label is). All zeros
    where nothing in the film speaks for the label.
    """

    scores: NDArray[np.float32]
    maps: NDArray[np.float16]


class Detector(Protocol):
    """One detector. `training_prevalence` gives per label the share of positives it was trained on, where known."""

    @property
    def card(self) -> ModelCard: ...

    @property
    def source(self) -> Source: ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of `contracts.codes`, in the order of the scores."""
        ...

    @property
    def training_prevalence(self) -> dict[str, float]: ...

    @property
    def calibration(self) -> Calibration | None:
        """What turns its scores into probabilities; None where all its numbers are scores."""
        ...

    def predict(self, films: Sequence[Film]) -> list[Reading]:
        """One reading per film.

        Args:
            films: two-dimensional arrays of any size in [0, 1], air dark and dense bright.

        Raises:
            CallerError: BAD_ARGUMENT, a film has another shape or holds NaN, infinity or values outside [0, 1].
        """
        ...


@runtime_checkable
class CrossFitted(Protocol):
    """A detector of several members, each trained without some patients, so that any film can be read fairly."""

    def has_seen(self, patient: str) -> bool:
        """Whether films of this patient, by the training table's id, were learned from by any member."""
        ...

    def predict_unseen(self, films: Sequence[Film], patients: Sequence[str]) -> list[Reading]:
        """As `Detector.predict`, but each film is read only by members that did not learn from its patient."""
        ...


@runtime_checkable
class Outlining(Protocol):
    """A detector that looks through outlines, and need not draw those of a film that this process drew before."""

    def predict_named(self, films: Sequence[Film], names: Sequence[str | None]) -> list[Reading]:
        """As `Detector.predict`; `names` are the films' digests, None where a film is not to be remembered."""
        ...


def check_films(films: Sequence[Film]) -> None:
    """Refuse what is not a film in [0, 1]; at least 16 pixels a side.

    Raises:
        CallerError: BAD_ARGUMENT, naming the film by its place in the batch.
    """
    for index, film in enumerate(films):
        if film.ndim != 2 or min(film.shape) < 16:
            reason = f"has shape {film.shape}, not two axes of at least 16 pixels"
        elif not np.isfinite((least := film.min(), most := film.max())).all():
            reason = "holds NaN or infinity"
        elif least < 0.0 or most > 1.0:
            reason = "has values outside [0, 1]"
        else:
            continue
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"Film {index + 1} of {len(films)} {reason}.", "Pass the intake's canonical film."
        )

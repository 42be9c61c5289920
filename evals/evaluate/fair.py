"""Reads films with a detector so that no film is judged by a network that learned from its patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cxr.detector import CrossFitted, Detector, Film, Reading
from wardround.evals.evaluate.tables import Row, Table, Tick, no_tick

__all__ = ["FairReading", "Scores", "fair_readings", "has_seen", "read_scores", "seen_warning"]

_BATCH = 16
_TRAINED_ON = "NIH"


@dataclass(frozen=True)
class FairReading:
    """`fresh`: some members had learned from the film's patient, and only the others were asked."""

    reading: Reading
    fresh: bool


@dataclass(frozen=True)
class Scores:
    """`values` (films, labels) in [0, 1], in the order of the detector's labels; `fresh` films of seen patients."""

    values: NDArray[np.float64]
    fresh: int


def has_seen(detector: Detector, patient: str) -> bool:
    """Whether some members of a cross-fitted detector learned from the patient, so that only the others are asked."""
    return isinstance(detector, CrossFitted) and detector.has_seen(patient)


def fair_readings(detector: Detector, films: Sequence[Film], patients: Sequence[str]) -> list[FairReading]:
    """One reading per film; a cross-fitted detector reads films of patients it learned from as if it had not.

    Raises:
        CallerError: as `Detector.predict`.
    """
    if not isinstance(detector, CrossFitted):
        return [FairReading(reading, False) for reading in detector.predict(films)]
    seen = [detector.has_seen(patient) for patient in patients]
    places = {kind: [place for place, one in enumerate(seen) if one is kind] for kind in (True, False)}
    out: dict[int, FairReading] = {}
    if places[True]:
        old = [films[place] for place in places[True]], [patients[place] for place in places[True]]
        for place, reading in zip(places[True], detector.predict_unseen(*old), strict=True):
            out[place] = FairReading(reading, True)
    if places[False]:
        for place, reading in zip(
            places[False], detector.predict([films[place] for place in places[False]]), strict=True
        ):
            out[place] = FairReading(reading, False)
    return [out[place] for place in range(len(films))]


def read_scores(detector: Detector, table: Table, tick: Tick = no_tick) -> Scores:
    """The scores of all films of a table, at least one, in its order.

    Raises:
        CallerError: a film is missing or cannot be read.
    """
    values, fresh = [], 0
    for chunk in _chunks(table.rows):
        films = [table.film(row) for row in chunk]
        for one in fair_readings(detector, films, [row.patient for row in chunk]):
            values.append(one.reading.scores.astype(np.float64))
            fresh += one.fresh
            tick()
    return Scores(np.stack(values), fresh)


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), _BATCH):
        yield rows[first : first + _BATCH]


def seen_warning(detector: Detector, table: Table) -> str | None:
    """A warning where the detector learned from this data set and cannot be asked as if it had not."""
    if isinstance(detector, CrossFitted) or _TRAINED_ON not in detector.card.training_data:
        return None
    if not any(name.startswith(_TRAINED_ON) for name in table.datasets()):
        return None
    return (
        f"'{detector.card.name}' says that it learned from {_TRAINED_ON} films, and cannot leave a patient out: "
        "films of patients that it saw make it look better than it is."
    )

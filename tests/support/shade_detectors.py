"""Detectors for tests that read a picture's brightness: one plain, one cross-fitted that knows whom it has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wardround.agents.cxr.detector import Film, Reading
from wardround.contracts.calibration import Calibration, ConformalCut, DeferralCut, LabelCalibration
from wardround.contracts.card import ModelCard
from wardround.contracts.evidence import Source

__all__ = ["ShadeDetector", "TwoMemberDetector", "calibrated"]

_CUTS = (
    ConformalCut(level=0.8, present_from=0.45, absent_to=0.55),
    ConformalCut(level=0.9, present_from=0.32, absent_to=0.68),
)


def _row(label: str, demoted: bool) -> LabelCalibration:
    return LabelCalibration(
        label=label,
        slope=1.0,
        intercept=0.0,
        prevalence=0.5,
        positives=50,
        films=100,
        brier_skill=0.2,
        brier_skill_low=0.1,
        brier_skill_high=0.3,
        demoted=demoted,
        cuts=_CUTS,
    )


def calibrated(demoted: tuple[str, ...] = ()) -> Calibration:
    """A calibration that leaves scores as they are, since a shade is the very chance of an effusion."""
    return Calibration(
        model="shades",
        method="none",
        data="simulated",
        films=100,
        patients=100,
        labels=tuple(_row(label, label in demoted) for label in ("Effusion", "No Finding")),
        deferral={"No Finding": (DeferralCut(coverage=0.5, least_confidence=0.75, error_rate=0.1),)},
    )


class ShadeDetector:
    """Says of an effusion how bright the left half is; its heat lies there. It has no idea of a Nodule."""

    labels: tuple[str, ...] = ("Effusion", "Nodule", "No Finding")

    def __init__(self, calibration: Calibration | None = None, training_data: str = "simulated") -> None:
        self.calibration = calibration
        self.training_prevalence = {"Effusion": 0.5}
        self.source = Source(model="shades", version="1")
        self.card = ModelCard(
            name="shades",
            version="1",
            task="detect",
            licence="none",
            training_data=training_data,
            intended_use="tests",
            calibration="none",
        )

    def predict(self, films: Sequence[Film]) -> list[Reading]:
        """One reading per film."""
        return [self._read(film) for film in films]

    def _read(self, film: Film) -> Reading:
        chance = float(np.clip((film[:, : film.shape[1] // 2].mean() - 0.2) / 0.75, 0.0, 1.0))
        maps = np.zeros((3, 8, 8), dtype=np.float16)
        maps[0, 6, 1], maps[0, 6, 2] = 1.0, 0.6
        return Reading(np.array([chance, 0.5, 1.0 - chance], dtype=np.float32), maps)


class TwoMemberDetector(ShadeDetector):
    """Has seen some patients; of them its whole says nonsense, and its unseeing member the truth."""

    def __init__(self, seen: frozenset[str]) -> None:
        super().__init__(calibrated(), "NIH films")
        self._seen = seen

    def has_seen(self, patient: str) -> bool:
        """Whether a member learned from the patient."""
        return patient in self._seen

    def predict_unseen(self, films: Sequence[Film], patients: Sequence[str]) -> list[Reading]:
        """One reading per film, by the member that did not learn from its patient."""
        assert all(patient in self._seen for patient in patients)
        return [Reading(1.0 - reading.scores, reading.maps) for reading in self.predict(films)]

"""Several detectors as one: merged by label, each member's voice kept, as evidence with heat maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from wardround.agents.calibration.apply import Calibrator
from wardround.agents.cxr import bundled, published
from wardround.agents.cxr.detector import GRID, Detector, Film, Outlining, Reading
from wardround.agents.imaging.store import PutArtefact
from wardround.agents.weights.device import Placement
from wardround.agents.weights.load import is_present
from wardround.agents.weights.registry import entries, entry
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, Source, Voice
from wardround.contracts.study import ArtefactKind

__all__ = ["SET_LEVEL", "Ensemble", "open_detector", "present_detectors"]

SET_LEVEL = 0.90  # the nominal coverage of the conformal sets that go into the evidence
_NAME, _VERSION = "wardround-cxr-ensemble", "1"
_OPENERS: dict[str, Callable[[str, Placement | None], Detector]] = {
    bundled.FAMILY: bundled.open_bundled,
    **dict.fromkeys(published.FAMILIES, published.open_published),
}


def open_detector(name: str, place: Placement | None = None) -> Detector:
    """A detector of the registry by name.

    Raises:
        CallerError: NOT_FOUND, BAD_ARGUMENT (the model is no detector), MISSING_WEIGHTS.
        Fault: WEIGHTS_MISMATCH.
    """
    opener = _OPENERS.get(entry(name).family)
    if opener is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{name}' is not a chest film detector.",
            f"Detectors: {', '.join(model.name for model in entries() if model.family in _OPENERS)}.",
        )
    return opener(name, place)


def present_detectors() -> tuple[str, ...]:
    """Names of the detectors whose weights are here: the bundled one, and those that were pulled."""
    return tuple(model.name for model in entries() if model.family in _OPENERS and is_present(model))


def _on_grid(stack: NDArray[np.float16]) -> NDArray[np.float32]:
    maps = torch.from_numpy(np.require(stack, np.float32, ["C", "W"]))
    if tuple(maps.shape[-2:]) != (GRID, GRID):
        # Map by map: all together are enough for torch to give this thread a team of its own, which would slow down the
        # one of the thread that runs the models.
        each = (F.interpolate(one[None, None], (GRID, GRID), mode="bilinear", align_corners=False) for one in maps)
        maps = torch.cat([one[0] for one in each])
    on_grid: NDArray[np.float32] = maps.numpy()
    return on_grid


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _voice(member: Detector, label: str, score: float) -> Voice:
    """What one member says: a probability with its conformal set where its label is calibrated, else a score."""
    if member.calibration is None:
        return Voice(source=member.source, value=score, training_prevalence=member.training_prevalence.get(label))
    calibrator = Calibrator(member.calibration)
    value = float(calibrator.probabilities(label, np.array([score]))[0])
    row = calibrator.trusted(label)
    return Voice(
        source=member.source.model_copy(update={"calibrated": row is not None}),
        value=value,
        training_prevalence=row.prevalence if row else member.training_prevalence.get(label),
        prediction_set=calibrator.prediction_set(label, value, SET_LEVEL),
        deferral=calibrator.deferral_cuts(label),
    )


def _detail(voices: Sequence[Voice], members: int) -> str:
    known = sum(voice.source.calibrated for voice in voices)
    kind = "a probability among films like those it was calibrated on" if known == len(voices) else "a score"
    return f"{kind}; {len(voices)} of {members} detectors"


class Ensemble:
    """One or more detectors, heard together. `labels` are all that any member knows."""

    def __init__(self, members: Sequence[Detector]) -> None:
        """
        Raises:
            CallerError: BAD_ARGUMENT, no member at all.
        """
        if not members:
            raise CallerError(ProblemCode.BAD_ARGUMENT, "An ensemble needs at least one detector.")
        self.members = tuple(members)
        self.labels = _ordered(label for member in members for label in member.labels)
        self.source = self.members[0].source if len(members) == 1 else self._joint_source()

    def _joint_source(self) -> Source:
        digests = [member.source.weights_digest for member in self.members]
        joined = "\n".join(digest or "" for digest in digests).encode()
        whole = f"sha256:{sha256(joined).hexdigest()}" if all(digests) else None
        return Source(model=_NAME, version=_VERSION, weights_digest=whole)

    def predict(self, films: Sequence[Film], names: Sequence[str | None] | None = None) -> list[tuple[Reading, ...]]:
        """Per film, one reading of each member, in the members' order. `names` as in `Outlining`.

        Raises:
            CallerError: BAD_ARGUMENT, as `Detector.predict`.
        """
        known = names or [None] * len(films)
        heard = (
            member.predict_named(films, known) if isinstance(member, Outlining) else member.predict(films)
            for member in self.members
        )
        return list(zip(*heard, strict=True))

    def _voices(self, label: str, readings: Sequence[Reading]) -> tuple[Voice, ...]:
        return tuple(
            _voice(member, label, float(reading.scores[member.labels.index(label)]))
            for member, reading in zip(self.members, readings, strict=True)
            if label in member.labels
        )

    def _mean_map(self, label: str, stacks: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        heard = [
            stack[member.labels.index(label)]
            for member, stack in zip(self.members, stacks, strict=True)
            if label in member.labels
        ]
        mean: NDArray[np.float32] = np.mean(heard, axis=0, dtype=np.float32)
        return mean

    def report(self, readings: Sequence[Reading], put: PutArtefact) -> EvidenceReport:
        """One FINDING item per label for one film, from one reading of each member.

        `value` is the mean of the members' values: a probability where all of them are, else a score. The heat maps,
        the members' mean on a common grid, are one artefact whose channels are the labels; each item refers to it with
        its own channel. 'No Finding' has no place in the film, and so no heat map. Polarity is left to the weigher.
        """
        mapped = tuple(label for label in self.labels if label != NO_FINDING)
        grids = [_on_grid(reading.maps) for reading in readings]
        heat = np.stack([self._mean_map(label, grids) for label in mapped]).astype(np.float16)
        stack = put(ArtefactKind.HEATMAP, heat, mapped)
        items = []
        for label in self.labels:
            voices = self._voices(label, readings)
            items.append(
                Evidence(
                    kind=EvidenceKind.FINDING,
                    subject=label,
                    value=sum(voice.value for voice in voices) / len(voices),
                    voices=voices,
                    artefacts=(stack.model_copy(update={"channel": label}),) if label in mapped else (),
                    source=self.source.model_copy(
                        update={"calibrated": all(voice.source.calibrated for voice in voices)}
                    ),
                    detail=_detail(voices, len(self.members)),
                )
            )
        return EvidenceReport(items=tuple(items))

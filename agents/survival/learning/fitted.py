"""A fitted survival model: what it expects of patients, and itself as arrays and words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.survival.learning.cohort import Patients, check_inputs
from wardround.agents.survival.learning.collate import Batch, batch_of, select
from wardround.agents.survival.learning.ensemble import Ensemble, Layout, Z
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.agents.survival.learning.scaling import Shape
from wardround.agents.weights.device import placement
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["Fitted", "Predicted"]

_CHUNK = 512
_SLIDES = 16

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Predicted:
    """`risk` (n,), a log relative hazard whose mean over the cohort is about 0, with its 90 % interval.

    `survival` (n, t) at `times` (t,), from 0 to the last time of the cohort, with the bounds of its 90 % band.
    """

    risk: Floats
    risk_low: Floats
    risk_high: Floats
    times: Floats
    survival: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Fitted:
    """A fitted model. `ignored` names clinical columns that did not vary, and count for nothing."""

    ensemble: Ensemble
    ignored: tuple[str, ...] = ()

    @property
    def options(self) -> SurvivalOptions:
        """What it was fitted with."""
        return self.ensemble.options

    @property
    def shape(self) -> Shape:
        """What it reads."""
        return self.ensemble.layout.shape

    def batch(self, patients: Patients) -> Batch:
        """The patients as tensors, on the model's device.

        Raises:
            CallerError: BAD_ARGUMENT, other columns, genes or bags than the model reads, or none of them at all.
        """
        check_inputs(patients)
        self._check_shape(patients)
        made = batch_of(patients, self.ensemble.get_buffer("times").device)
        return Batch(made.clinical, made.genes if self.shape.genes else None, made.levels if self.shape.levels else ())

    def risk(self, batch: Batch) -> Tensor:
        """Log relative hazards (n,), which can be differentiated by the batch's tensors."""
        return self.ensemble.risks(batch).mean

    def predict(self, patients: Patients) -> Predicted:
        """What is expected; a modality or a value that a patient lacks is left out.

        Raises:
            CallerError: BAD_ARGUMENT, as `batch`.
        """
        batch = self.batch(patients)
        size = _SLIDES if batch.levels else _CHUNK
        parts = []
        with torch.no_grad():
            for index in torch.split(torch.arange(len(batch), device=batch.clinical.device), size):
                risks = self.ensemble.risks(select(batch, index))
                wide = Z * risks.spread
                parts.append((risks.mean, risks.mean - wide, risks.mean + wide, *self.ensemble.curves(risks)))
        risk, low, high, survival, below, above = (
            torch.cat(part).double().cpu().numpy() for part in zip(*parts, strict=True)
        )
        times = self.ensemble.get_buffer("times").double().cpu().numpy()
        return Predicted(risk, low, high, times, survival, below, above)

    def points(self, patients: Patients) -> Tensor:
        """Where the members put the patients in their balls, (members, n, d)."""
        batch = self.batch(patients)
        with torch.no_grad():
            return torch.stack([member(batch, self.ensemble.scaling).point for member in self.ensemble.members])

    def saved(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """The model as arrays by name and as words, both of which `restored` takes."""
        arrays = {name: value.cpu().numpy() for name, value in self.ensemble.state_dict().items()}
        words = {
            "options": self.options.model_dump(mode="json"),
            "layout": asdict(self.ensemble.layout),
            "ignored": list(self.ignored),
        }
        return arrays, words

    @classmethod
    def restored(cls, arrays: dict[str, NDArray[Any]], words: dict[str, Any], device: str | None = None) -> Fitted:
        """The reverse of `saved`, on the device wanted (see `agents.weights.device.placement`).

        Raises:
            KeyError, TypeError, ValueError or RuntimeError: arrays and words are not of one model.
            CallerError: BAD_ARGUMENT, no such device.
        """
        sizes = dict(words["layout"])
        layout = Layout(**{**sizes, "shape": Shape(**sizes["shape"])})
        ensemble = Ensemble(layout, SurvivalOptions.model_validate(words["options"]))
        ensemble.load_state_dict({name: torch.as_tensor(np.array(array)) for name, array in arrays.items()})
        return cls(ensemble.to(placement(device).device).eval(), tuple(words["ignored"]))

    def _check_shape(self, patients: Patients) -> None:
        shape = self.shape
        if patients.clinical.shape[1] != shape.clinical:
            raise _refuse(
                f"The model reads {shape.clinical} clinical columns; {patients.clinical.shape[1]} were given."
            )
        if shape.genes and patients.genes is not None and patients.genes.shape[1] != shape.genes:
            raise _refuse(f"The model reads {shape.genes} genes; {patients.genes.shape[1]} were given.")
        slides = [slide for slide in patients.bags or () if slide] if shape.levels else []
        if slides and (len(slides[0]), slides[0][0].features.shape[1]) != (shape.levels, shape.patch):
            raise _refuse(f"The model reads bags of {shape.patch} features at {shape.levels} resolutions.")
        known = np.zeros(len(patients), dtype=bool)
        known |= ~np.isnan(patients.clinical).all(axis=1) if shape.clinical else False
        if shape.genes and patients.genes is not None:
            known |= ~np.isnan(patients.genes).all(axis=1)
        if shape.levels and patients.bags is not None:
            known |= np.array([len(slide) > 0 for slide in patients.bags])
        if not known.all():
            raise _refuse(f"Of {int((~known).sum())} patients nothing is known that the model reads.")


def _refuse(message: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, message, "Give what stands on the model's card, in its order.")

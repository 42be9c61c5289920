"""The detector that ships with the package: five members that pool over anatomy, trained by `agents/cxr/recipe`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wardround.agents.anatomy.outlines import outlines
from wardround.agents.anatomy.segmenter import Segmenter, bundled_segmenter
from wardround.agents.cxr.cam import fill, relative_maps
from wardround.agents.cxr.detector import Film, Reading, check_films
from wardround.agents.cxr.network import RegionNet, prepare
from wardround.agents.cxr.regions import SIDE, region_stack
from wardround.agents.cxr.seen import fold_of_patient, mark, seen_marks
from wardround.agents.weights.device import Placement, placement
from wardround.agents.weights.load import load_safetensors
from wardround.agents.weights.registry import entry
from wardround.contracts.calibration import Calibration
from wardround.contracts.card import ModelCard
from wardround.contracts.evidence import Source

__all__ = [
    "FAMILY",
    "MEMBERS",
    "WINDOW",
    "RegionDetector",
    "bundled_card",
    "gathered",
    "open_bundled",
    "stored_calibration",
]

FAMILY = "wardround-regions"
MEMBERS = 5
WINDOW = 5  # cells of 20 that a heat map gathers over: a quarter of the film, about a lung zone
_BATCH = 8


def gathered(places: Tensor) -> Tensor:
    """What a window around each place added to the logits, as its mean (n, labels, h, w), of contributions.

    A single cell's contribution is mostly noise; findings are as large as a lung zone, and it is zones that are named.
    """
    return F.avg_pool2d(places, WINDOW, stride=1, padding=WINDOW // 2)


def bundled_card(name: str) -> ModelCard:
    """The card of a bundled detector, with the digest that the registry pins."""
    text = files("wardround.agents.cxr").joinpath("cards").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return ModelCard.model_validate_json(text).model_copy(update={"weights_digest": f"sha256:{entry(name).sha256}"})


def stored_calibration(name: str) -> Calibration | None:
    """The calibration that ships beside a bundled detector; None where there is none."""
    table = files("wardround.agents.cxr").joinpath("calibrations").joinpath(f"{name}.json")
    return Calibration.model_validate_json(table.read_text(encoding="utf-8")) if table.is_file() else None


class RegionDetector:
    """`RegionNet` as a `Detector` that is also `CrossFitted` and `Outlining`.

    Its score is the logistic of its members' mean logit. It outlines each film to know the regions; where no plausible
    chest is outlined, the usual place of each region on a film is taken.
    """

    def __init__(
        self,
        network: RegionNet,
        labels: Sequence[str],
        segmenter: Segmenter,
        card: ModelCard,
        *,
        calibration: Calibration | None = None,
        seen: frozenset[str] = frozenset(),
    ) -> None:
        self.card = card
        self.source = Source(model=card.name, version=card.version, weights_digest=card.weights_digest)
        self.labels = tuple(labels)
        self.training_prevalence = dict(card.training_prevalence)
        self.calibration = calibration
        self.network = network
        self._segmenter = segmenter
        self._seen = seen

    def has_seen(self, patient: str) -> bool:
        """See `CrossFitted`."""
        return mark(patient) in self._seen

    def heard(self, patient: str) -> Sequence[int]:
        """Which members may be asked about a patient's film: those that did not learn from it.

        All where the patient is new; else one, since member k learned from all folds of patients but k.
        """
        return [fold_of_patient(patient)] if self.has_seen(patient) else range(len(self.network.members))

    def prepared(self, film: Film, name: str | None = None) -> tuple[Tensor, Tensor]:
        """A checked film as `forward` takes it (1, 1, 320, 320), and its regions (1, 10, 128, 128), both float32.

        `name` as in `Outlining`.
        """
        # `require`, because torch warns of arrays that may not be written, such as memory-mapped ones.
        film = np.require(film, np.float32, ["C", "W"])
        return prepare(torch.from_numpy(film)[None, None]), self.regions(film, name)[None]

    def regions(self, film: Film, name: str | None = None) -> Tensor:
        """The film's regions (10, 128, 128) in [0, 1]. `name` as in `Outlining`."""
        outlined = outlines(self._segmenter, [film], [name])[0]
        if not outlined.faults:
            return region_stack(outlined.masks)
        usual = self.network.usual_regions[None].float().cpu()
        return F.interpolate(usual, (SIDE, SIDE), mode="bilinear", align_corners=False)[0]

    def forward(self, films: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, members, labels) and contributions (n, members, labels, h, w), float32, of prepared films."""
        weight = next(self.network.parameters())
        with torch.inference_mode():
            logits, places = self.network(films.to(weight), regions.to(weight))
        return logits.float(), places.float()

    def predict(self, films: Sequence[Film]) -> list[Reading]:
        """See `Detector.predict`. A film's scores do not depend on its batch, to 1e-4."""
        return self.predict_named(films, [None] * len(films))

    def predict_named(self, films: Sequence[Film], names: Sequence[str | None]) -> list[Reading]:
        """See `Outlining`."""
        return self._readings(films, names, [range(len(self.network.members))] * len(films))

    def predict_unseen(self, films: Sequence[Film], patients: Sequence[str]) -> list[Reading]:
        """See `CrossFitted`, and `heard`."""
        return self._readings(films, [None] * len(films), [self.heard(patient) for patient in patients])

    def _readings(
        self, films: Sequence[Film], names: Sequence[str | None], heard: Sequence[Sequence[int]]
    ) -> list[Reading]:
        check_films(films)
        named = list(zip(films, names, strict=True))
        out = []
        for first in range(0, len(films), _BATCH):
            prepared, regions = zip(*(self.prepared(*one) for one in named[first : first + _BATCH]), strict=True)
            logits, places = self.forward(torch.cat(prepared), torch.cat(regions))
            for one, stack, members in zip(logits, places, heard[first : first + _BATCH], strict=True):
                score = one[list(members)].mean(dim=0).sigmoid()
                maps = relative_maps(gathered(stack[list(members)].mean(dim=0, keepdim=True)))[0]
                out.append(Reading(score.cpu().numpy(), maps.cpu().numpy().astype(np.float16)))
        return out


def open_bundled(name: str = "cxr-lite0", place: Placement | None = None) -> RegionDetector:
    """Load a bundled detector and the segmenter that it looks through.

    Raises:
        CallerError: NOT_FOUND, MISSING_WEIGHTS, or BAD_ARGUMENT for a device that is not there.
        Fault: WEIGHTS_MISMATCH.
    """
    model, where = entry(name), place or placement()
    network = RegionNet(len(model.outputs), MEMBERS)
    fill(network, load_safetensors(model), name, where)
    return RegionDetector(
        network,
        model.outputs,
        bundled_segmenter(where.device.type),
        bundled_card(name),
        calibration=stored_calibration(name),
        seen=seen_marks(name),
    )

"""Other kinds of heat map for the bundled detector, to be measured beside its own: Grad-CAM, HiResCAM, occlusion.

The detector's own map is what a window around each place added to the logit; `contributions` is what each place alone
added, exactly. HiResCAM on the same feature maps gives the latter measured from zero instead of from the usual film:
the two differ by a map of the regions alone, the same for every film with these regions (a constant where there is but
one region, the whole film). So it is a row of its own here, and tells what measuring from the usual film is worth; on
the trunk's output it asks the members' stages as well.

Each method takes a film with the members that may be asked about it, and a label's index, and returns a map (h, w) of
any scale and sign over the whole film; the parts that speak for the label are positive. Members are merged by the mean
of their logits, as their scores are. All is deterministic on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wardround.agents.cxr.bundled import RegionDetector
from wardround.agents.cxr.cam import relative_maps
from wardround.agents.cxr.detector import Film, check_films
from wardround.agents.cxr.network import STRIDE, Member, RegionNet, pooling_weights
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = [
    "METHODS",
    "HeatMap",
    "Method",
    "Question",
    "ask",
    "contributions",
    "grad_cam",
    "heat_maps",
    "hirescam",
    "hirescam_at_trunk",
    "occlusion",
]

Method = Callable[["Question", int], Tensor]
HeatMap = Callable[[Film, str, str], NDArray[np.float32]]
"""Of a film, a label and the patient, the heat map (h, w) in [0, 1] over the whole film."""

_CELLS = 12  # occlusion's places per side; a window is two of them wide, so a sixth of the side, and steps by one
_BATCH = 2  # more at once is slower on a CPU
_ROUNDING = 1e-4  # logits of one film in two batches differ by less, so a smaller fall says nothing


@dataclass(frozen=True, eq=False)
class Question:
    """One prepared film (1, 1, s, s), its pooling weights (1, 10, (s / 16)²), and the members that may be asked.

    On the network's device and in its precision.
    """

    network: RegionNet
    members: tuple[Member, ...]
    film: Tensor
    weights: Tensor

    @cached_property
    def trunk(self) -> Tensor:
        """The trunk's output (1, 40, s / 8, s / 8)."""
        with torch.no_grad():
            return self.network.trunk.stages(self.film)[-1]

    @cached_property
    def falls(self) -> Tensor:
        """What hiding each place costs the labels' logits (labels, 12, 12); slow, and one pass serves all labels."""
        return _falls(self)

    def logits(self, trunk: Tensor) -> Tensor:
        """The mean of the members' logits (n, labels), of the trunk's output (n, 40, s / 8, s / 8)."""
        weights = self.weights.expand(len(trunk), -1, -1)
        return torch.stack([member.head(member.pooled(trunk, weights)) for member in self.members]).mean(dim=0)


def ask(detector: RegionDetector, film: Film, patient: str) -> Question:
    """The film outlined and prepared once, for the members that did not learn from its patient.

    Raises:
        CallerError: BAD_ARGUMENT, it is no film in [0, 1].
    """
    check_films([film])
    network = detector.network
    members = tuple(cast(Member, network.members[place]) for place in detector.heard(patient))
    prepared, regions = detector.prepared(film)
    weight = members[0].head.weight
    weights = pooling_weights(regions.to(weight), prepared.shape[-1] // STRIDE)
    return Question(network, members, prepared.to(weight), weights)


def _at_members(question: Question, label: int) -> tuple[Tensor, Tensor]:
    """The members' feature maps (members, 576, h, w), and the label's mean logit's gradient there."""
    with torch.no_grad():
        maps = torch.cat([member.maps(question.trunk) for member in question.members])
    with torch.enable_grad():
        maps.requires_grad_()
        logits = [
            member.head(member.pooled_maps(own[None], question.weights))[0, label]
            for member, own in zip(question.members, maps, strict=True)
        ]
        (gradients,) = torch.autograd.grad(torch.stack(logits).mean(), maps)
    return maps.detach(), gradients


def _at_trunk(question: Question, label: int) -> tuple[Tensor, Tensor]:
    """The trunk's output (1, 40, h, w), and the label's mean logit's gradient there.

    By the chain rule from the members' maps, in two steps: in one, torch 2.14 gives a wrong gradient on a CPU, because
    its batch normalisation misreads the order of what `einsum` hands back for a single film.
    """
    _, above = _at_members(question, label)
    with torch.enable_grad():
        trunk = question.trunk.detach().requires_grad_()
        maps = torch.cat([member.maps(trunk) for member in question.members])
        (gradients,) = torch.autograd.grad(maps, trunk, above.contiguous())
    return trunk.detach(), gradients


def contributions(question: Question, label: int) -> Tensor:
    """What each place alone added to the label's logit (h, w): the class activation map (Zhou et al. 2016), exact."""
    with torch.no_grad():
        added = [member(question.trunk, question.weights)[1][0, label] for member in question.members]
    return torch.stack(added).mean(dim=0)


def grad_cam(question: Question, label: int) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017) on the members' feature maps (h, w): each channel by its mean gradient.

    The mean over places forgets in which region a channel counts, so it agrees with the detector's own map where the
    whole film is the only region, and need not elsewhere.
    """
    maps, gradients = _at_members(question, label)
    return (maps * gradients.mean(dim=(2, 3), keepdim=True)).sum(dim=(0, 1))


def hirescam(question: Question, label: int) -> Tensor:
    """HiResCAM (Draelos and Carin 2020) on the members' feature maps (h, w): activation times gradient, place by place.

    Its sum and the bias are the logit, but for what the usual film takes off.
    """
    maps, gradients = _at_members(question, label)
    return (maps * gradients).sum(dim=(0, 1))


def hirescam_at_trunk(question: Question, label: int) -> Tensor:
    """HiResCAM on the trunk's output (h, w), twice as fine as the members' maps.

    What lies above is not linear (the stages saturate, and some features are squared), so here it no longer adds up to
    the logit; its paper promises that for the last layer only.
    """
    maps, gradients = _at_trunk(question, label)
    return (maps * gradients).sum(dim=(0, 1))


def _falls(question: Question) -> Tensor:
    side = question.film.shape[-1]
    edges = [round(place * side / _CELLS) for place in range(_CELLS + 1)]
    corners = [(row, column) for row in range(_CELLS - 1) for column in range(_CELLS - 1)]
    with torch.no_grad():
        whole = question.logits(question.trunk)[0].float()  # (labels,)
        total = whole.new_zeros(len(whole), _CELLS, _CELLS)
        windows = whole.new_zeros(_CELLS, _CELLS)
        for first in range(0, len(corners), _BATCH):
            chunk = corners[first : first + _BATCH]
            films = question.film.repeat(len(chunk), 1, 1, 1)
            for film, (row, column) in zip(films, chunk, strict=True):
                film[:, edges[row] : edges[row + 2], edges[column] : edges[column + 2]] = 0.0  # a prepared film's mean
            falls = whole - question.logits(question.network.trunk.stages(films)[-1]).float()  # (chunk, labels)
            falls = falls.masked_fill(falls.abs() <= _ROUNDING, 0.0)
            for fall, (row, column) in zip(falls, chunk, strict=True):
                total[:, row : row + 2, column : column + 2] += fall[:, None, None]
                windows[row : row + 2, column : column + 2] += 1
    return total / windows


def occlusion(question: Question, label: int) -> Tensor:
    """Occlusion (Zeiler and Fergus 2014) (12, 12): how far the label's logit falls when a window hides each place.

    A window is a sixth of the side, steps by half of that, and is filled with the film's mean; the regions and the
    film's contrast stay those of the whole film. A place's falls are summed over the windows that cover it, and divided
    by their number, or the film's border, which fewer windows cover, would never be the strongest place.
    """
    return question.falls[label]


METHODS: Mapping[str, Method] = {
    "contributions": contributions,
    "grad-cam": grad_cam,
    "hirescam": hirescam,
    "hirescam-trunk": hirescam_at_trunk,
    "occlusion": occlusion,
}


class _Maps:
    """Asks a detector by any method; of one film's labels and methods it outlines the film once."""

    def __init__(self, detector: RegionDetector) -> None:
        self._detector = detector
        self._last: tuple[Film, str, Question] | None = None

    def _question(self, film: Film, patient: str) -> Question:
        if self._last is None or self._last[0] is not film or self._last[1] != patient:
            self._last = film, patient, ask(self._detector, film, patient)
        return self._last[2]

    def map(self, method: str, film: Film, label: str, patient: str) -> NDArray[np.float32]:
        """The label's map (h, w) float32 in [0, 1], relative to its own strongest place as in a `Reading`."""
        labels = self._detector.labels
        if label not in labels:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The detector does not know the label '{label[:60]}', so it has no heat map of it.",
                f"Its labels: {', '.join(labels)}.",
            )
        found = METHODS[method](self._question(film, patient), labels.index(label))
        heat: NDArray[np.float32] = relative_maps(found[None, None].float())[0, 0].cpu().numpy()
        return heat


def heat_maps(detector: RegionDetector) -> dict[str, HeatMap]:
    """Every method of `METHODS` by name, for this detector; a film's patient decides which members are asked.

    The functions raise a CallerError, BAD_ARGUMENT, for what is no film in [0, 1] or a label that is not known.
    """
    maps = _Maps(detector)
    return {name: partial(maps.map, name) for name in METHODS}

"""Fetches a report's pictures from the intake: the film, and each outline and heat map as a transparent layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import Fault, ProblemCode, WardroundError
from wardround.contracts.evidence import EvidenceKind, Polarity
from wardround.contracts.render import Layer, LayerStyle
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.overlay import Picture, draw, finding_layer, lesion_layers, structure_layers
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.words import finding_name

__all__ = ["MAX_HEATMAPS", "PictureLayer", "Pictures", "fetch_pictures"]

MAX_HEATMAPS = 8
_MAX_SIDE = 768
# Characters of base64 in all, which leave room for the text in a report of 3 MB.
_BUDGET = 2_500_000
_MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
# After one of these the other pictures would only wait for the same end.
_NO_USE_ASKING = frozenset({ProblemCode.SPECIALIST_DOWN, ProblemCode.TIMEOUT})
_RANK = {Polarity.PRESENT: 0, Polarity.UNCERTAIN: 1}
# What the intake's colour names mean (Okabe and Ito 2008), for the legend.
_PALETTE = {
    "orange": "#e69f00",
    "sky": "#56b4e9",
    "green": "#009e73",
    "yellow": "#f0e442",
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "purple": "#cc79a7",
    "white": "#ffffff",
}


@dataclass(frozen=True)
class PictureLayer:
    """A picture of the film's extent on a transparent ground.

    Attributes:
        id: unique in the report, fit for an HTML id.
        subject: the finding's label, the structure or the lesion's evidence id that it shows.
        colour: of an outline, as '#rrggbb'; '' where there is none to name.
    """

    id: str
    label: str
    subject: str
    style: LayerStyle
    data_uri: str
    colour: str = ""


@dataclass(frozen=True)
class Pictures:
    """What could be drawn, and in one sentence each what could not and why. `film` is a data URI, or ''."""

    film: str = ""
    layers: tuple[PictureLayer, ...] = ()
    missing: tuple[str, ...] = ()

    def of_style(self, style: LayerStyle) -> tuple[PictureLayer, ...]:
        """The layers drawn in one style, in order."""
        return tuple(layer for layer in self.layers if layer.style is style)


async def fetch_pictures(diagnoser: Diagnoser, result: Diagnosis) -> Pictures:
    """Asks for the film, then for outlines of structures and lesions, then for heat maps, the most important eight.

    Never raises for a picture that cannot be had; `missing` says so.
    """
    if result.study is None:
        return Pictures(missing=("Film: this run has none.",))
    film, layers, missing = "", list[PictureLayer](), list[str]()
    room, down = _BUDGET, False
    for name, layer in _wanted(result):
        if down:
            missing.append(f"{name}: not asked for, since the intake did not answer.")
            continue
        try:
            picture = _checked(
                await draw(diagnoser, result, [layer.layer] if layer else [], film=layer is None, max_side=_MAX_SIDE)
            )
        except WardroundError as error:
            missing.append(f"{name}: {error.problem}")
            down = error.problem.code in _NO_USE_ASKING
            continue
        uri = picture.data_uri
        if len(uri) > room:
            missing.append(f"{name}: left out to keep the report small.")
            continue
        room -= len(uri)
        if layer is None:
            film = uri
        else:
            layers.append(layer.drawn(uri))
    return Pictures(film, tuple(layers), tuple(missing))


@dataclass(frozen=True)
class _Wish:
    id: str
    label: str
    subject: str
    layer: Layer

    def drawn(self, data_uri: str) -> PictureLayer:
        colour = _PALETTE.get(self.layer.colour, "") if self.layer.style is LayerStyle.OUTLINE else ""
        return PictureLayer(self.id, self.label, self.subject, self.layer.style, data_uri, colour)


def _wanted(result: Diagnosis) -> Iterator[tuple[str, _Wish | None]]:
    yield "Film", None
    for number, (structure, layer) in enumerate(structure_layers(result).items(), start=1):
        yield f"Outline of {structure}", _Wish(f"outline-{number}", structure, structure, layer)
    for id_, layer in lesion_layers(result).items():
        yield f"Outline of lesion {id_}", _Wish(f"lesion-{id_}", id_, id_, layer)
    for number, (label, layer) in enumerate(_heat_maps(result)[:MAX_HEATMAPS], start=1):
        name = finding_name(label)
        # Drawn at full strength: the page offers weaker ones.
        wish = _Wish(f"heat-{number}", name, label, layer.model_copy(update={"opacity": 1.0}))
        yield f"Heat map of {name}", wish


def _heat_maps(result: Diagnosis) -> list[tuple[str, Layer]]:
    """By label: suspected findings first, then undecided ones, then what a claim cites, then the rest by number."""
    weighings = Record(result.evidence).weighings
    cited = {name for one in result.conclusions for claim in one.claims for name in claim.citations}
    found = [item for item in result.evidence if item.kind is EvidenceKind.FINDING and item.subject != NO_FINDING]

    def rank(label: str) -> tuple[int, bool, float]:
        items = [item for item in found if item.subject == label]
        head = weighings.get(label, items[0])
        polarity = _RANK.get(head.polarity, len(_RANK)) if head.polarity else len(_RANK)
        return polarity, not any(item.id in cited for item in items), -(head.value or 0.0)

    layers = {item.subject: finding_layer(result, item.subject) for item in found}
    return sorted(
        ((label, layer) for label, layer in layers.items() if layer is not None), key=lambda pair: rank(pair[0])
    )


def _checked(picture: Picture) -> Picture:
    if picture.media_type not in _MEDIA_TYPES:
        raise Fault(ProblemCode.WRONG_SHAPE, "The intake drew it in a format that a report cannot show.")
    return picture

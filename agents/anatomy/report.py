"""An outlined film as evidence: one stack of masks, an item per structure, and the measurements that rest on them."""

from __future__ import annotations

from wardround.agents.anatomy.measure import measurements, segment_id
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.plausible import unlikely_masks
from wardround.agents.anatomy.segmenter import Segmentation
from wardround.agents.imaging.store import PutArtefact
from wardround.contracts.anatomy import Structure
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, Polarity
from wardround.contracts.study import ArtefactKind, Image

__all__ = ["LEAST_CONFIDENCE", "anatomy_report", "withheld"]

LEAST_CONFIDENCE = 0.6  # as the screen asks; on degraded held-out films no mask below it was good (recipe.confidence)


def withheld(segmentation: Segmentation) -> dict[Structure, str]:
    """The structures whose masks nothing may be measured on, each with the reason: unsure, or unlikely by itself."""
    unsure = {
        structure: f"its score is {segmentation.confidence[structure]:.2f}, below {LEAST_CONFIDENCE}"
        for structure in CHANNELS
        if segmentation.of(structure).any() and segmentation.confidence[structure] < LEAST_CONFIDENCE
    }
    return unsure | unlikely_masks(segmentation.masks)


def anatomy_report(segmentation: Segmentation, image: Image, put: PutArtefact) -> EvidenceReport:
    """Segmentation items (value: the mask's score) for every structure found, then measurements derived from them.

    The masks are stored once, as one stack whose channels are the structures' names; each item means its own channel.
    Ids are local to the report ('seg:heart'). What was not found or not measured stands in the warnings.
    """
    stack = put(ArtefactKind.MASK, segmentation.masks, tuple(structure.value for structure in CHANNELS))
    found = [structure for structure in CHANNELS if segmentation.of(structure).any()]
    items = tuple(
        Evidence(
            id=segment_id(structure),
            kind=EvidenceKind.SEGMENTATION,
            subject=structure.value,
            polarity=Polarity.PRESENT,
            value=segmentation.confidence[structure],
            artefacts=(stack.model_copy(update={"channel": structure.value}),),
            source=segmentation.source,
            synthetic=image.synthetic,
        )
        for structure in found
    )
    lost = [structure.value for structure in CHANNELS if structure not in found]
    warnings = (f"Not outlined: {', '.join(lost)}.",) if lost else ()
    measured = measurements(segmentation.masks, image, segmentation.source, withheld=withheld(segmentation))
    return EvidenceReport(items=(*items, *measured.items), warnings=(*warnings, *measured.warnings))

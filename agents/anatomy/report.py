"""An outlined film as evidence: one stack of masks, an item per structure, and the measurements that rest on them."""

from __future__ import annotations

from wardround.agents.anatomy.measure import measurements, segment_id
from wardround.agents.anatomy.network import CHANNELS
from wardround.agents.anatomy.segmenter import Segmentation
from wardround.agents.imaging.store import PutArtefact
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, Polarity
from wardround.contracts.study import ArtefactKind, Image

__all__ = ["anatomy_report"]


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
    measured = measurements(segmentation.masks, image, segmentation.source)
    return EvidenceReport(items=(*items, *measured.items), warnings=(*warnings, *measured.warnings))

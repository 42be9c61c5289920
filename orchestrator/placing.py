"""Has the anatomy's locator say where heat maps and outlined lesions lie."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport
from wardround.contracts.roles import Role
from wardround.contracts.study import Artefact, ArtefactKind, Study
from wardround.contracts.weighing import LocateTarget
from wardround.orchestrator.asking import ask
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.steps import Context, Update, enter, film_arguments, missing, timing

__all__ = ["place"]


def _gain(item: Evidence) -> float:
    """How much likelier than in its training a detector holds a finding to be, in log-odds, over all its voices."""
    return sum(
        math.log(voice.value / (1 - voice.value))
        - math.log(voice.training_prevalence / (1 - voice.training_prevalence))
        for voice in item.voices
        if voice.training_prevalence and 0 < voice.value < 1 and voice.training_prevalence < 1
    )


def _shown_by(item: Evidence) -> ArtefactKind | None:
    """What shows where the item lies: a heat map of a finding likelier than in training, the mask of any lesion."""
    if item.kind is EvidenceKind.FINDING and _gain(item) > 0:
        return ArtefactKind.HEATMAP
    return ArtefactKind.MASK if item.kind is EvidenceKind.LESION and item.location is None else None


def _targets(items: Sequence[Evidence]) -> list[LocateTarget]:
    """What is to be placed. A lesion's mask serves as its heat map: it is one inside and zero outside.

    A lesion whose server has placed it already is left alone: two places for one outline would say the same twice.
    """
    found = []
    for item in items:
        maps = [one for one in item.artefacts if one.kind is _shown_by(item)]
        if maps:
            found.append(LocateTarget(subject=item.subject, heatmap=maps[0], evidence_id=item.id))
    return found


def _masks(items: Sequence[Evidence]) -> Artefact | None:
    for item in items:
        for artefact in item.artefacts:
            if artefact.kind is ArtefactKind.MASK and item.kind is EvidenceKind.SEGMENTATION:
                return artefact.model_copy(update={"channel": None})
    return None


async def place(ledger: Ledger, study: Study, runtime: Context, begun: int = 0) -> Update:
    """Enters where the items from position `begun` on lie; gives `missing`, `timings` and `warnings`."""
    targets, masks = _targets(ledger.items[begun:]), _masks(ledger.items)
    arguments = {
        **film_arguments(study.images[0]),
        "targets": [target.model_dump(mode="json") for target in targets],
        "masks": masks.model_dump(mode="json") if masks else None,
    }
    update: Update = {"missing": [], "timings": [], "warnings": []}
    for player in runtime.context.players[Role.LOCATE] if targets else ():
        asked = await ask(player, arguments, EvidenceReport)
        update["timings"].append(timing(player, asked.seconds))
        if asked.report is not None:
            update["warnings"] += asked.report.warnings
            update["missing"] += enter(ledger, study, runtime, player, asked.report.items)
        elif asked.problem is not None:
            update["missing"].append(missing(player.specialist, Role.LOCATE, asked.problem))
    return update

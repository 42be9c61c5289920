"""Whether a film is an upright frontal chest radiograph that the models may read, and everything else it shows of that.

A film that is refused is tried turned and inverted by the same segmenter, so that the refusal can say what is wrong;
it stays refused. View, a child's chest and a mirrored film are told by small heads on the outlines, and refuse nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wardround.agents.anatomy.features import features_of
from wardround.agents.anatomy.grey import grey_faults
from wardround.agents.anatomy.heads import AP, MIRRORED, PAEDIATRIC, error_rate, head
from wardround.agents.anatomy.plausible import one_lung_plausible
from wardround.agents.anatomy.segmenter import Segmentation
from wardround.agents.anatomy.turns import turned_films
from wardround.contracts.anatomy import Structure
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity, ScreenReport
from wardround.contracts.screening import ScreenFinding, ScreenOutcome
from wardround.contracts.study import ViewPosition

__all__ = ["SUBJECT", "Predict", "needs_turns", "screen", "screened"]

Film: TypeAlias = NDArray[np.float32]
Predict: TypeAlias = Callable[[Sequence[Film]], Sequence[Segmentation]]

SUBJECT = "frontal chest radiograph"
_LUNGS = (Structure.RIGHT_LUNG, Structure.LEFT_LUNG)
_NEEDED = (*_LUNGS, Structure.HEART)
_LEAST_SCORE = 0.6  # on fold 1, 98 films in 100 score 0.81 or more on each; photographs and turned films mostly 0
_SURE_LUNG, _SURE_HEART = 0.9, 0.8  # what the other lung and the heart must score where one lung is not outlined
_CLEARLY = 0.15  # by how much one turned film must score better than the next, where several would be accepted
_VIEWS = {
    ViewPosition.PA: ScreenFinding.VIEW_PA,
    ViewPosition.AP: ScreenFinding.VIEW_AP,
}
_MIRRORED = "The heart and the lungs lie as on a film shown mirrored: a mirrored film, a reversed heart, or a shift."
_CHILD = "The chest is shaped like a child's; few children were among the films that the models learned from."


def _outcome(
    what: ScreenFinding, *, refuses: bool = False, score: float | None = None, detail: str = ""
) -> ScreenOutcome:
    return ScreenOutcome(what=what, refuses=refuses, score=score, error_rate=error_rate(what), detail=detail)


def _least(segmentation: Segmentation) -> float:
    return min(segmentation.confidence[structure] for structure in _NEEDED)


def _lost_lung(segmentation: Segmentation) -> Structure | None:
    """The one lung that is not outlined while the other and the heart are surely those of a chest."""
    for lost, kept in (_LUNGS, _LUNGS[::-1]):
        sure = segmentation.confidence[kept] >= _SURE_LUNG and segmentation.confidence[Structure.HEART] >= _SURE_HEART
        if sure and one_lung_plausible(segmentation.masks, kept):
            return lost
    return None


def _doubts(segmentation: Segmentation) -> tuple[str, ...]:
    """Why the outlines are no chest's; empty where they are."""
    unsure = tuple(
        f"the {structure.value} is not outlined with enough certainty (score {segmentation.confidence[structure]:.2f})"
        for structure in _NEEDED
        if segmentation.confidence[structure] < _LEAST_SCORE
    )
    return (*segmentation.faults, *unsure)


def _put_right(turned: Mapping[ScreenFinding, Segmentation]) -> tuple[ScreenFinding, float] | None:
    """What is wrong with a film, from the one way of putting it right that would be accepted, or clearly the best.

    Where no way gives a whole chest, one that lacks a lung counts, as it would on an upright film.
    """
    whole = [(_least(found), what) for what, found in turned.items() if not _doubts(found)]
    fit = sorted(whole or _one_lunged(turned), key=lambda pair: -pair[0])
    if not fit or (len(fit) > 1 and fit[0][0] - fit[1][0] < _CLEARLY):
        return None
    return fit[0][1], round(fit[0][0], 3)


def _one_lunged(turned: Mapping[ScreenFinding, Segmentation]) -> list[tuple[float, ScreenFinding]]:
    lost = {what: _lost_lung(found) for what, found in turned.items()}
    return [
        (min(turned[what].confidence[one] for one in _NEEDED if one is not lung), what)
        for what, lung in lost.items()
        if lung is not None
    ]


def _lies(film: Film, segmentation: Segmentation, told: ViewPosition) -> tuple[tuple[ScreenOutcome, ...], ViewPosition]:
    """What the outlines of an accepted film say of its view, the patient's age and its side; and the view to go by."""
    features = features_of(film, segmentation)
    outcomes = []
    by_view, answer = head(AP).score(features), head(AP).says(features)
    seen = ViewPosition.UNKNOWN if answer is None else ViewPosition.AP if answer else ViewPosition.PA
    if seen in _VIEWS:
        outcomes.append(_outcome(_VIEWS[seen], score=by_view if seen is ViewPosition.AP else 1.0 - by_view))
    if seen in _VIEWS and told in _VIEWS and seen is not told:
        detail = f"The file says {told.value}; the film looks like {seen.value}. The file is believed."
        outcomes.append(_outcome(ScreenFinding.VIEW_DISAGREES, detail=detail))
    for name, what, detail in (
        (PAEDIATRIC, ScreenFinding.PAEDIATRIC, _CHILD),
        (MIRRORED, ScreenFinding.MIRRORED, _MIRRORED),
    ):
        if head(name).says(features):
            outcomes.append(_outcome(what, score=head(name).score(features), detail=detail))
    return tuple(outcomes), told if told in _VIEWS else seen


def needs_turns(report: ScreenReport) -> bool:
    """Whether the film of a report would be tried turned: it was refused for what is outlined on it."""
    return any(one.what is ScreenFinding.NOT_A_CHEST_FILM for one in report.outcomes)


def screen(
    film: Film,
    segmentation: Segmentation,
    *,
    view: ViewPosition = ViewPosition.UNKNOWN,
    turned: Mapping[ScreenFinding, Segmentation] | None = None,
    synthetic: bool = False,
) -> ScreenReport:
    """Accept or refuse a film (rows, columns) in [0, 1], air dark, with the outlines drawn on it.

    `view` is the one that the file tells. `turned` holds the outlines of `turned_films(film)`, wanted only where a
    first report `needs_turns`; `screened` does both steps. The report carries a quality item whose value is the lowest
    score among lungs and heart. A lateral film is not told from its outlines: its DICOM tag has it refused at intake.
    """
    outcomes: tuple[ScreenOutcome, ...] = ()
    seen = view
    reasons = tuple(fault.reason for fault in grey_faults(film))
    if reasons:
        outcomes = tuple(_outcome(fault.what, refuses=True, detail=fault.reason) for fault in grey_faults(film))
    else:
        reasons = _doubts(segmentation)
        lost = _lost_lung(segmentation) if reasons else None
        if lost is not None:
            detail = f"The {lost.value} is not outlined; the rest is a chest's. It may be white all over, or absent."
            outcomes, reasons = (_outcome(ScreenFinding.LUNG_NOT_OUTLINED, detail=detail),), ()
        if reasons:
            wrong = _put_right(turned or {})
            if wrong is not None:
                reasons = (f"it would be a chest film if it were not {wrong[0].value}", *reasons)
                outcomes = (_outcome(wrong[0], refuses=True, score=wrong[1]),)
            else:
                outcomes = (_outcome(ScreenFinding.NOT_A_CHEST_FILM, refuses=True, score=1.0 - _least(segmentation)),)
        elif lost is None:
            outcomes, seen = _lies(film, segmentation, view)
    return _report(outcomes, reasons, seen, segmentation, synthetic=synthetic)


def _report(
    outcomes: tuple[ScreenOutcome, ...],
    reasons: tuple[str, ...],
    view: ViewPosition,
    segmentation: Segmentation,
    *,
    synthetic: bool,
) -> ScreenReport:
    accepted = not reasons
    reason = "" if accepted else f"Not readable as an upright frontal chest film: {'; '.join(reasons)}."[:500]
    item = Evidence(
        id="screen:frontal chest radiograph",
        kind=EvidenceKind.QUALITY,
        subject=SUBJECT,
        polarity=Polarity.PRESENT if accepted else Polarity.ABSENT,
        value=_least(segmentation),
        source=segmentation.source,
        synthetic=synthetic,
        detail=reason,
    )
    return ScreenReport(
        items=(item,),
        warnings=tuple(one.detail for one in outcomes if one.detail and not one.refuses),
        accepted=accepted,
        reason=reason,
        outcomes=outcomes,
        view=view,
    )


def screened(
    film: Film, predict: Predict, *, view: ViewPosition = ViewPosition.UNKNOWN, synthetic: bool = False
) -> ScreenReport:
    """Screens a film with a segmenter at hand: outlines it, and where it is refused, outlines it turned and inverted.

    Raises:
        CallerError: BAD_ARGUMENT, the segmenter cannot read the array.
    """
    segmentation = predict([film])[0]
    report = screen(film, segmentation, view=view, synthetic=synthetic)
    if not needs_turns(report):
        return report
    films = turned_films(film)
    turned = dict(zip(films, predict(list(films.values())), strict=True))
    return screen(film, segmentation, view=view, turned=turned, synthetic=synthetic)

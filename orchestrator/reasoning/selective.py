"""The selective mode: answers whether a film is normal on a wanted share of films, and leaves the others to a person.

Selective classification (Geifman and El-Yaniv, NeurIPS 2017): a calibrated detector's value p for 'No Finding' has the
confidence max(p, 1 - p), and its cuts say below which confidence to defer so that a share of films like the calibration
films is answered, and how often the answers given were wrong. The voice's own value counts, not the pooled belief, for
cuts and error rates were measured on it: neither a prior nor another detector's score changes whether it is sure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from wardround.contracts.calibration import DeferralCut
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import Evidence, EvidenceKind, Voice

__all__ = ["Selection", "select"]

_SLACK = 1e-9  # a share of 0.8 that went through arithmetic still means the cut of 0.8


class Selection(NamedTuple):
    """`deferral`: why the film is left to a person; `warning`: why the mode could not be applied; each '' where not."""

    deferral: str = ""
    warning: str = ""


class _Judge(NamedTuple):
    voice: Voice
    cut: DeferralCut

    @property
    def confidence(self) -> float:
        return max(self.voice.value, 1.0 - self.voice.value)

    @property
    def sure(self) -> bool:
        return self.confidence >= self.cut.least_confidence


def select(items: Iterable[Evidence], share: float | None) -> Selection:
    """Whether to defer the film that the evidence is on, to answer on a `share` of films; None and 1: answer all.

    Each calibrated voice on 'No Finding' is held against its narrowest cut whose coverage is at least `share`; where
    one has no cut that wide, nothing is deferred. With several voices the film is answered where at least one of them
    is sure, so that never less than `share` is answered for want of certainty; but where sure voices contradict each
    other, at least one of the measured error rates does not hold, and the film is deferred.
    """
    if share is None or share >= 1.0:
        return Selection()
    voices = [
        voice
        for item in items
        if item.kind is EvidenceKind.FINDING and item.subject == NO_FINDING
        for voice in item.voices
        if voice.source.calibrated and voice.deferral
    ]
    if not voices:
        return Selection(
            warning=f"Nothing could be deferred, at a wanted share of answers of {share:g}: no calibrated detector "
            f"with measured cuts spoke on '{NO_FINDING}'."
        )
    judges = [_Judge(voice, cut) for voice in voices if (cut := _cut(voice, share)) is not None]
    if len(judges) < len(voices):
        widest = min(max(cut.coverage for cut in voice.deferral) for voice in voices)
        return Selection(
            warning=f"Nothing was deferred: the wanted share of answers is {share:g}, and the widest measured cut is "
            f"for {widest:g}."
        )
    answers = {judge.voice.value >= 0.5 for judge in judges if judge.sure}
    return Selection() if len(answers) == 1 else Selection(deferral=_worded(judges, contradicted=len(answers) > 1))


def _cut(voice: Voice, share: float) -> DeferralCut | None:
    wide = [cut for cut in voice.deferral if cut.coverage >= share - _SLACK]
    return min(wide, key=lambda cut: cut.coverage, default=None)


def _worded(judges: Iterable[_Judge], *, contradicted: bool) -> str:
    why = "sure detectors contradict each other on" if contradicted else "it is not sure enough"
    return f"Deferred to a person: {why} whether this film is normal. {' '.join(map(_measured, judges))}"


def _measured(judge: _Judge) -> str:
    answer = f" that it is {'normal' if judge.voice.value >= 0.5 else 'not normal'}"
    place = "at or above" if judge.sure else "below"
    return (
        f"{judge.voice.source.model}: confidence {judge.confidence:.3f}{answer}, {place} the cut of "
        f"{judge.cut.least_confidence:.3f} for a coverage of {judge.cut.coverage:g}; of the answers given at that cut, "
        f"{100 * judge.cut.error_rate:.1f} % were wrong on the calibration films (out of fold)."
    )

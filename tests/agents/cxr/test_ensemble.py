"""Detectors heard together: one item per label, every voice kept, one heat-map stack per film."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from wardround.agents.calibration.apply import Calibrator
from wardround.agents.cxr.bundled import RegionDetector
from wardround.agents.cxr.cam import CamDetector
from wardround.agents.cxr.detector import GRID, Film, Reading
from wardround.agents.cxr.ensemble import Ensemble, open_detector, present_detectors
from wardround.contracts.codes import NO_FINDING
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.study import Artefact, ArtefactKind


class Shelf:
    """A store that keeps what was put into it."""

    def __init__(self) -> None:
        self.kept: list[NDArray[Any]] = []

    def put(self, kind: ArtefactKind, array: NDArray[Any], channels: tuple[str, ...]) -> Artefact:
        self.kept.append(array)
        digest = f"sha256:{sha256(array.tobytes()).hexdigest()}"
        return Artefact(kind=kind, digest=digest, shape=array.shape, channels=channels)


@pytest.fixture(scope="module")
def both(bundled: RegionDetector, published_nih: CamDetector) -> Ensemble:
    return Ensemble([bundled, published_nih])


def test_each_label_is_one_finding_with_the_mean_of_its_voices_and_a_score_where_one_of_them_is(
    both: Ensemble, chest: Film
) -> None:
    report = both.report(both.predict([chest])[0], Shelf().put)
    assert tuple(item.subject for item in report.items) == both.labels
    for item in report.items:
        assert item.kind is EvidenceKind.FINDING
        assert item.polarity is None
        assert item.source.model == "wardround-cxr-ensemble"
        assert item.source.calibrated is all(voice.source.calibrated for voice in item.voices)
        assert item.value == pytest.approx(np.mean([voice.value for voice in item.voices]))
        assert all(voice.training_prevalence for voice in item.voices)


def test_a_label_that_one_member_does_not_know_is_carried_by_the_other(both: Ensemble, chest: Film) -> None:
    report = both.report(both.predict([chest])[0], Shelf().put)
    voices = {item.subject: [voice.source.model for voice in item.voices] for item in report.items}
    assert voices["Effusion"] == ["cxr-lite0", "densenet121-res224-nih"]
    assert voices[NO_FINDING] == ["cxr-lite0"]


def test_the_heat_maps_of_a_film_are_one_stack_and_each_item_names_its_channel(both: Ensemble, chest: Film) -> None:
    shelf = Shelf()
    report = both.report(both.predict([chest])[0], shelf.put)
    (stack,) = shelf.kept
    assert stack.dtype == np.float16
    assert stack.shape == (len(both.labels) - 1, GRID, GRID)
    for item in report.items:
        if item.subject == NO_FINDING:
            assert item.artefacts == ()
        else:
            (artefact,) = item.artefacts
            assert artefact.channel == item.subject
            assert artefact.channel in artefact.channels
            assert NO_FINDING not in artefact.channels


def test_the_heat_map_is_the_members_mean_on_a_common_grid(both: Ensemble) -> None:
    first, second = both.members
    readings = (
        Reading(np.full(len(first.labels), 0.2, np.float32), np.ones((len(first.labels), 8, 8), np.float16)),
        Reading(np.full(len(second.labels), 0.6, np.float32), np.zeros((len(second.labels), 5, 7), np.float16)),
    )
    shelf = Shelf()
    report = both.report(readings, shelf.put)
    by_label = {item.subject: item for item in report.items}
    assert first.calibration is not None
    said = float(Calibrator(first.calibration).probabilities("Effusion", np.array([0.2], np.float32))[0])
    assert by_label["Effusion"].value == pytest.approx((said + 0.6) / 2)
    channels = by_label["Effusion"].artefacts[0].channels
    np.testing.assert_allclose(shelf.kept[0][channels.index("Effusion")], 0.5, atol=1e-3)


def test_a_calibrated_number_says_so_and_brings_its_conformal_set(bundled: RegionDetector, chest: Film) -> None:
    ensemble = Ensemble([bundled])
    items = {item.subject: item for item in ensemble.report(ensemble.predict([chest])[0], Shelf().put).items}
    assert bundled.calibration is not None
    for row in bundled.calibration.labels:
        (voice,) = items[row.label].voices
        assert voice.source.calibrated is items[row.label].source.calibrated is not row.demoted
        assert (voice.prediction_set is None) is row.demoted
        assert items[row.label].detail.startswith("a score" if row.demoted else "a probability")
    assert [cut.coverage for cut in items[NO_FINDING].voices[0].deferral] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert all(not items[label].voices[0].deferral for label in items if label != NO_FINDING)


def test_a_single_member_speaks_in_its_own_name(bundled: RegionDetector) -> None:
    assert Ensemble([bundled]).source == bundled.source


def test_an_ensemble_of_none_is_refused() -> None:
    with pytest.raises(CallerError) as caught:
        Ensemble([])
    assert caught.value.problem.code is ProblemCode.BAD_ARGUMENT


def test_the_bundled_detector_is_always_present_and_opens_by_name() -> None:
    assert present_detectors()[0] == "cxr-lite0"
    assert open_detector("cxr-lite0").card.name == "cxr-lite0"

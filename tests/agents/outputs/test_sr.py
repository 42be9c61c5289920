"""A structured report says all that the result says, in pydicom's, highdicom's and our own reading."""

from __future__ import annotations

import io
from functools import cache

import highdicom
import pydicom
import pytest
from export_samples import DETECTOR, ORIGIN, PLANTED, POOL, finished
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from wardround.agents.outputs.sr import written_sr
from wardround.agents.outputs.tid1500 import sr_problems
from wardround.agents.outputs.told import told
from wardround.contracts.base import NOTICE
from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.errors import CallerError, Problem, ProblemCode

_PROBABILITY = Code("122157", "DCM", "Probability")


@cache
def _sample() -> bytes:
    return written_sr(told(finished()), ORIGIN)


def _written(result: Diagnosis | None = None) -> bytes:
    return _sample() if result is None else written_sr(told(result), ORIGIN)


def _read(data: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(data))


@cache
def _groups() -> dict[str, highdicom.sr.MeasurementsAndQualitativeEvaluations]:
    document = highdicom.sr.srread(io.BytesIO(_written()))
    found = document.content.get_image_measurement_groups()  # type: ignore[attr-defined]
    return {str(group.tracking_identifier).split()[-1]: group for group in found}


def _texts(ds: Dataset) -> dict[str, list[str]]:
    """Every text of the tree, by its concept's words."""
    found: dict[str, list[str]] = {}

    def walk(item: Dataset) -> None:
        if item.get("ValueType") == "TEXT":
            found.setdefault(item.ConceptNameCodeSequence[0].CodeMeaning, []).append(item.TextValue)
        for child in item.get("ContentSequence", []):
            walk(child)

    walk(ds)
    return found


def test_it_is_complete_preliminary_and_unverified_and_belongs_to_the_films_study() -> None:
    ds = _read(_written())
    assert (ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag) == ("COMPLETE", "UNVERIFIED", "PRELIMINARY")
    assert ds.StudyInstanceUID == ORIGIN.study_uid and ds.SeriesInstanceUID != ORIGIN.series_uid
    assert {keyword: str(ds[keyword].value) for keyword in PLANTED} == PLANTED
    assert "not for clinical use" in ds.SeriesDescription
    (study,) = ds.CurrentRequestedProcedureEvidenceSequence
    (image,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert image.ReferencedSOPInstanceUID == ORIGIN.instance_uid


def test_highdicom_reads_each_finding_with_presence_place_and_degree() -> None:
    effusion = _groups()["C1"]
    assert effusion.finding_type == Code("60046008", "SCT", "Pleural effusion")
    (site,) = effusion.finding_sites
    assert site.value == Code("281394001", "SCT", "Lower zone of lung")
    assert site.laterality == codes.SCT.Left
    said = {str(one[0].name.meaning): str(one[0].value.meaning) for one in effusion.get_qualitative_evaluations()}
    assert said["Presence of property"] == "Present"
    assert said["Severity"] == "Moderate"
    assert said["Change since an earlier film"] == "larger since the earlier film"
    absent = _groups()["C2"].get_qualitative_evaluations(Code("121052", "DCM", "Presence of property"))
    assert absent[0][0].value == Code("121054", "DCM", "Absent")


def test_a_calibrated_number_is_a_probability_and_any_other_a_score() -> None:
    groups = _groups()
    (pooled,) = groups["C1"].get_measurements(_PROBABILITY)
    assert pooled.value == pytest.approx(0.83) and pooled.unit == codes.UCUM.NoUnits
    for name in ("C2", "C4"):
        assert not groups[name].get_measurements(_PROBABILITY)
        assert "Model score, not a probability" in [str(one.name.meaning) for one in groups[name].get_measurements()]


def test_every_number_names_its_model_version_and_weights_and_what_these_read() -> None:
    for group in _groups().values():
        for number in group.get_measurements():
            stated = {
                str(item.name.meaning): str(item.value) for item in number[0].ContentSequence if "TextValue" in item
            }
            assert stated["Algorithm Name"] and stated["Algorithm Version"]
            assert "Algorithm Parameters" in stated
    (pooled,) = _groups()["C1"].get_measurements(_PROBABILITY)
    parameters = [str(item.value) for item in pooled[0].ContentSequence if item.name.value == "111002"]
    assert parameters[0] == f"weights {POOL.weights_digest}"
    assert parameters[1] == f"reads {DETECTOR.model} {DETECTOR.version}, weights {DETECTOR.weights_digest}"


def test_measurements_have_units_and_normal_ranges() -> None:
    (diameter,) = _groups()["C4"].get_measurements(codes.SCT.Diameter)
    assert (diameter.value, diameter.unit.value) == (12.5, "mm")
    (ratio,) = _groups()["C3"].get_measurements()
    assert ratio.name.meaning == "cardiothoracic ratio" and ratio.value == pytest.approx(0.61)
    limits = {item.name.value: item for item in ratio[0].ContentSequence}
    assert limits["371933006"].value == 0.5 and limits["121408"].value == "Danzer 1919"


def test_what_no_public_code_was_verified_for_is_in_our_own_identified_scheme() -> None:
    kind = _groups()["C2"].finding_type
    assert kind is not None and (kind.scheme_designator, kind.meaning) == ("99WARDROUND", "pleural thickening")
    assert _read(_written()).CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99WARDROUND"


def test_notice_abstention_struck_claims_missing_specialists_and_gaps_are_told() -> None:
    said = _texts(_read(_written()))
    assert said["Intended use"] == [NOTICE]
    assert said["Abstained"] == ["The film is deferred to a person."]
    assert said["Struck claim"] == ["A pneumothorax is there. (no cited item bears it out)"]
    assert said["Missing specialist"] == ["lesions (lesions): The specialist 'lesions' cannot be reached."]
    assert said["Not assessed"] == ["lateral view, bones, tubes and lines"]
    assert said["Conclusion"] == ["An effusion is suspected on the left."]
    assert "Moderate pleural effusion, left lower zone." in said["Comment"]


def test_our_own_table_finds_nothing_wrong_with_it() -> None:
    assert sr_problems(_written()) == ()


def test_a_result_without_claims_is_a_report_of_evaluations_alone() -> None:
    why = Problem(code=ProblemCode.LATERAL_VIEW, message="The film is a lateral view.")
    refused = finished().model_copy(update={"conclusions": (), "status": Status.REFUSED, "refusal": why})
    data = _written(refused)
    assert sr_problems(data) == ()
    assert _texts(_read(data))["Refused"] == ["lateral_view: The film is a lateral view."]


def test_the_same_result_is_the_same_file_and_another_one_has_other_uids() -> None:
    assert _written(finished()) == _written()
    other = _read(_written(finished().model_copy(update={"warnings": ()})))
    assert other.SOPInstanceUID != _read(_written()).SOPInstanceUID


def test_a_phantoms_report_says_that_it_is_synthetic() -> None:
    ds = _read(_written(finished().model_copy(update={"synthetic": True})))
    assert ds.SyntheticData == "YES" and "Synthetic film: no person was imaged." in _texts(ds)["Warning"]


def test_an_object_that_no_report_can_refer_to_is_refused() -> None:
    waveform = ORIGIN.model_copy(update={"class_uid": "1.2.840.10008.5.1.4.1.1.104.1"})
    with pytest.raises(CallerError) as refused:
        written_sr(told(finished()), waveform)
    assert refused.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT

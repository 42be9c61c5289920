"""A result as a DICOM Comprehensive SR by template TID 1500, bound to its film: preliminary and unverified.

The document is complete (it says all that the result says), preliminary and unverified: no person has signed it. It
states nothing about the moment of writing, so that the same result of the same film is always the same file.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import datetime

from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr.coding import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID, generate_uid

from wardround.agents.imaging.origin import Origin
from wardround.agents.outputs.dicom_text import OWN_SCHEME, coded, finding_concept, lo, own_concept, ut
from wardround.agents.outputs.told import PROBABILITY, NoteKind, Number, Statement, Told
from wardround.contracts.anatomy import Region
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Source

__all__ = ["SERIES_DESCRIPTION", "written_sr"]

SERIES_DESCRIPTION = "AI findings, not for clinical use"
_SERIES_NUMBER = 9_002  # beyond the numbers that acquisitions have; lesions' segmentations have 9001
# The one UID of the program as an observer (PS3.5 B.2, from a UUID).
_DEVICE = "2.25.277113263398243437285936160903361532811"
_MEANINGS = {"1": "no units", "mm": "mm", "cm2": "square centimeter", "deg": "degree", "%": "percent"}
_QUANTITIES = {PROBABILITY: "probability", "diameter": "diameter"}
_UNPLACED = frozenset({None, Region.OUTSIDE})
# highdicom logs the identifiers of what it copies.
logging.getLogger("highdicom").setLevel(logging.ERROR)


def _uid(*parts: str) -> UID:
    return generate_uid(entropy_srcs=list(parts))


def _evidence(origin: Origin) -> Dataset:
    """The film as far as a document must know it; names come later, since highdicom quotes odd ones in warnings."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = origin.class_uid, origin.instance_uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = origin.study_uid, origin.series_uid
    ds.PatientID, ds.PatientName, ds.PatientSex = origin.patient_id, "", origin.sex
    if origin.issuer:
        ds.IssuerOfPatientID = origin.issuer
    ds.PatientBirthDate, ds.AccessionNumber, ds.StudyID = origin.birth_date, origin.accession, origin.study_id
    ds.StudyDate, ds.StudyTime, ds.ReferringPhysicianName = origin.study_date, origin.study_time, ""
    ds.Modality, ds.Rows, ds.Columns = origin.modality, origin.rows, origin.columns
    return ds


def _library(film: Dataset) -> sr.ImageLibrary:
    """TID 1600; orientation and spacing (TID 1603) are left to the film itself, which may lack them."""
    entry = Dataset()
    entry.update(film)
    entry.Modality = "OT"
    try:
        return sr.ImageLibrary([entry])
    except (KeyError, ValueError) as error:
        raise CallerError(
            ProblemCode.UNSUPPORTED_FORMAT,
            "The film is not of a kind of DICOM image that a structured report can refer to.",
            "Export the result as FHIR.",
        ) from error


def _algorithm(source: Source, read: Sequence[Source] = ()) -> sr.AlgorithmIdentification:
    stated = [f"weights {source.weights_digest}" if source.weights_digest else "no weights"]
    stated += [
        f"reads {one.model} {one.version}" + (f", weights {one.weights_digest}" if one.weights_digest else "")
        for one in read
    ]
    return sr.AlgorithmIdentification(
        name=ut(source.model),
        version=ut(source.version),
        parameters=[ut(one) for one in stated],
        family=coded("algorithm family"),
    )


def _normal(number: Number, unit: CodedConcept) -> sr.MeasurementProperties | None:
    limits = [
        sr.NumContentItem(coded(key), bound, unit, relationship_type=sr.RelationshipTypeValues.HAS_PROPERTIES)
        for key, bound in zip(("range lower limit", "range upper limit"), number.range, strict=True)
        if bound is not None
    ]
    if not limits:
        return None
    authority = ut(number.reference) if number.reference else None
    return sr.MeasurementProperties(normal_range_properties=sr.NormalRangeProperties(limits, authority=authority))


def _measurement(number: Number) -> sr.Measurement:
    key = _QUANTITIES.get(number.name)
    unit = CodedConcept(number.ucum, "UCUM", lo(_MEANINGS.get(number.unit, number.unit)))
    return sr.Measurement(
        name=coded(key) if key is not None else own_concept(number.name),
        value=number.value,
        unit=unit,
        algorithm_id=_algorithm(number.source, number.read),
        properties=_normal(number, unit),
    )


def _sites(statement: Statement) -> list[sr.FindingSite] | None:
    site = statement.code.snomed_site if statement.code is not None else ""
    if statement.side is None and statement.region in _UNPLACED and not site:
        return None
    # The table's one finding site is the lung; a side without a region is a side of the chest.
    key = statement.region.value if statement.region is not None else "lung" if site else "chest"
    side = coded(statement.side.value) if statement.side is not None else None
    return [sr.FindingSite(coded(key), laterality=side)]


def _group(told: Told, statement: Statement, origin: Origin) -> sr.MeasurementsAndQualitativeEvaluations:
    tracked = _uid(told.run_id, statement.key, origin.instance_uid)
    evaluations = []
    if not statement.measured:
        evaluations.append(sr.QualitativeEvaluation(coded("presence"), coded(statement.polarity.value)))
    if statement.degree is not None:
        evaluations.append(sr.QualitativeEvaluation(coded("severity"), coded(statement.degree.value)))
    if statement.change is not None:
        change = own_concept(f"{statement.change.value} since the earlier film")
        evaluations.append(sr.QualitativeEvaluation(own_concept("Change since an earlier film"), change))
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=tracked, identifier=lo(f"{told.run_id} {statement.key}")),
        finding_type=finding_concept(statement.code, statement.subject),
        algorithm_id=_algorithm(statement.source) if statement.source is not None else None,
        finding_sites=_sites(statement),
        measurements=[_measurement(number) for number in statement.numbers],
        qualitative_evaluations=evaluations,
    )
    group[0].ContentSequence.append(_text(coded("comment"), statement.text))
    return group


def _text(name: CodedConcept, text: str) -> sr.TextContentItem:
    return sr.TextContentItem(name, ut(text), relationship_type=sr.RelationshipTypeValues.CONTAINS)


def _notes(told: Told) -> sr.ContainerContentItem:
    container = sr.ContainerContentItem(
        coded("qualitative evaluations"), relationship_type=sr.RelationshipTypeValues.CONTAINS
    )
    container.ContentSequence = sr.ContentSequence()
    for note in told.notes:
        name = coded("conclusion") if note.kind is NoteKind.CONCLUSION else own_concept(note.kind.value)
        container.ContentSequence.append(_text(name, note.text))
    return container


def _content(told: Told, origin: Origin) -> Dataset:
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=_DEVICE, name="Wardround", manufacturer_name="Wardround", model_name=lo(f"Wardround {told.version}")
    )
    context = sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DCM.Device, device))
    groups = [_group(told, one, origin) for one in told.statements]
    # highdicom writes no report without a measurement group, which the template allows where there are evaluations.
    unsaid = sr.MeasurementsAndQualitativeEvaluations(sr.TrackingIdentifier(_DEVICE, "-"))
    report = sr.MeasurementReport(
        observation_context=context,
        procedure_reported=coded("procedure"),
        imaging_measurements=groups or [unsaid],
        title=codes.cid7021.ImagingMeasurementReport,
    )
    root: Dataset = report[0]
    measured = root.ContentSequence[-1]
    kept = [item for item in root.ContentSequence if item is not measured]
    kept += list(_library(_evidence(origin)))
    kept += [measured] if groups else []
    root.ContentSequence = sr.ContentSequence([*kept, _notes(told)])
    return root


def written_sr(told: Told, origin: Origin) -> bytes:
    """The DICOM file of a result.

    Patient and study are the film's: the file holds what identifies a person wherever the film does.

    Raises:
        CallerError: UNSUPPORTED_FORMAT, the film is of a kind of DICOM object that a report cannot refer to.
    """
    film = _evidence(origin)
    made_at = datetime.fromisoformat(told.created_at).astimezone()  # DICOM's times are those of the place
    digest = f"{told.digest} {origin.model_dump_json()}"
    scheme = CodingSchemeIdentificationItem(
        OWN_SCHEME, name="Wardround private codes", responsible_organization="Wardround"
    )
    made = sr.ComprehensiveSR(
        evidence=[film],
        content=_content(told, origin),
        series_instance_uid=_uid("series", digest),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=_uid("instance", digest),
        instance_number=1,
        manufacturer="Wardround",
        manufacturer_model_name="Wardround",
        software_versions=lo(told.version),
        device_serial_number="none",
        series_description=SERIES_DESCRIPTION,
        content_date=made_at.date(),
        content_time=made_at.time(),
        coding_schemes=[scheme],
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    made.PatientName, made.ReferringPhysicianName = origin.patient_name, origin.referrer
    if told.synthetic:
        made.SyntheticData = "YES"
    # What would make one result two files: when a library wrote it (type 3 attributes, all of them).
    del made.InstanceCreationDate, made.InstanceCreationTime
    for equipment in made.ContributingEquipmentSequence:
        del equipment.ContributionDateTime
    file = io.BytesIO()
    made.save_as(file)
    return file.getvalue()

"""A finished result with everything that an export must tell, and a film's file with identifiers planted in it."""

from __future__ import annotations

import io

from pydicom.dataset import FileDataset

from wardround.agents.imaging.origin import Origin
from wardround.agents.imaging.phantom import make_phantom
from wardround.agents.imaging.phantom_dicom import phantom_dataset
from wardround.contracts.anatomy import Location, Region, Side
from wardround.contracts.change import Change
from wardround.contracts.diagnosis import Claim, Conclusion, Diagnosis, Missing, Status, StruckClaim, Verdict
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Degree, Evidence, EvidenceKind, Measurement, Polarity, Source, Voice
from wardround.contracts.study import Artefact, ArtefactKind, Image, Patient, Sex, Study

__all__ = ["DETECTOR", "ORIGIN", "PLANTED", "POOL", "finished", "planted_film"]

DETECTOR = Source(specialist="cxr", model="cxr-lite0", version="2", weights_digest=f"sha256:{1:064x}", calibrated=True)
POOL = Source(
    specialist="evidence", model="log-linear pool", version="3", weights_digest=f"sha256:{2:064x}", calibrated=True
)
FOREIGN = Source(specialist="other", model="opacity net", version="0.9")
ANATOMY = Source(specialist="anatomy", model="anatomy-jsrt", version="2", weights_digest=f"sha256:{3:064x}")

# Keyword to a value that no other text of a run could hold.
PLANTED = {
    "PatientName": "Zzyzxova^Quillerine^Bq^Dr",
    "PatientID": "MRN-48151623",
    "IssuerOfPatientID": "Hollowbrook Infirmary",
    "PatientBirthDate": "19430217",
    "AccessionNumber": "ACC-77114499",
    "StudyID": "ST-909172",
    "StudyDate": "20190823",
    "StudyTime": "134507",
    "ReferringPhysicianName": "Wexlmoor^Tiberia",
}
ORIGIN = Origin(
    study_uid="1.2.826.0.1.3680043.8.498.1111",
    series_uid="1.2.826.0.1.3680043.8.498.2222",
    instance_uid="1.2.826.0.1.3680043.8.498.3333",
    class_uid="1.2.840.10008.5.1.4.1.1.1.1",
    patient_id=PLANTED["PatientID"],
    issuer=PLANTED["IssuerOfPatientID"],
    patient_name=PLANTED["PatientName"],
    birth_date=PLANTED["PatientBirthDate"],
    sex="F",
    accession=PLANTED["AccessionNumber"],
    study_id=PLANTED["StudyID"],
    study_date=PLANTED["StudyDate"],
    study_time=PLANTED["StudyTime"],
    referrer=PLANTED["ReferringPhysicianName"],
    modality="DX",
    rows=128,
    columns=128,
)


def planted_film(seed: int = 3, size: int = 128) -> tuple[FileDataset, bytes]:
    """A phantom's DICOM file that names a person in many places, and its bytes."""
    ds = phantom_dataset(make_phantom(seed, size=size))
    for keyword, value in PLANTED.items():
        setattr(ds, keyword, value)
    ds.PatientSex = "F"
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    return ds, file.getvalue()


def _finding(number: int, subject: str, value: float, source: Source) -> Evidence:
    voice = Voice(source=source, value=value, training_prevalence=0.1)
    return Evidence(
        id=f"E{number}", kind=EvidenceKind.FINDING, subject=subject, value=value, voices=(voice,), source=source
    )


def _evidence() -> tuple[Evidence, ...]:
    place = Location(region=Region.LOWER_ZONE, side=Side.LEFT, overlap=0.6)
    ratio = Measurement(quantity="cardiothoracic ratio", value=0.61, unit="1", high=0.5, reference="Danzer 1919")
    size = Measurement(quantity="diameter", value=12.5, unit="mm")
    return (
        _finding(1, "Effusion", 0.7, DETECTOR),
        Evidence(
            id="E2", kind=EvidenceKind.WEIGHING, subject="Effusion", value=0.83, derived_from=("E1",), source=POOL
        ),
        Evidence(id="E3", kind=EvidenceKind.LOCATION, subject="Effusion", location=place, source=ANATOMY),
        _finding(4, "Pleural_Thickening", 0.2, FOREIGN),
        Evidence(
            id="E5", kind=EvidenceKind.MEASUREMENT, subject="cardiothoracic ratio", measurement=ratio, source=ANATOMY
        ),
        _finding(6, "Nodule", 0.4, FOREIGN),
        Evidence(id="E7", kind=EvidenceKind.LESION, subject="Nodule", value=0.5, measurement=size, source=ANATOMY),
        Evidence(id="E8", kind=EvidenceKind.CONTEXT, subject="cough", source=Source(model="rules", version="1")),
    )


def _claims() -> tuple[Claim, ...]:
    return (
        Claim(
            id="C1", subject="Effusion", polarity=Polarity.PRESENT, side=Side.LEFT, region=Region.LOWER_ZONE,
            degree=Degree.MODERATE, change=Change.LARGER, confidence=0.83, calibrated=True,
            citations=("E2", "E1", "E3"), text="Moderate pleural effusion, left lower zone.", verdict=Verdict.SUPPORTED,
        ),
        Claim(
            id="C2", subject="Pleural_Thickening", polarity=Polarity.ABSENT, side=Side.RIGHT, confidence=0.2,
            citations=("E4",), text="Pleural thickening is not suspected.", verdict=Verdict.SUPPORTED,
        ),
        Claim(
            id="C3", subject="cardiothoracic ratio", polarity=Polarity.PRESENT, value=0.61, unit="1",
            citations=("E5",), text="Cardiothoracic ratio measures 0.61.", verdict=Verdict.SUPPORTED,
        ),
        Claim(
            id="C4", subject="Nodule", polarity=Polarity.UNCERTAIN, value=12.5, unit="mm", confidence=0.4,
            citations=("E6", "E7"), text="A lung nodule of 12.5 mm is undecided.", verdict=Verdict.SUPPORTED,
        ),
        Claim(
            id="C5", subject="heart failure", polarity=Polarity.UNCERTAIN, citations=("E1",),
            text="Heart failure may be considered.", verdict=Verdict.SUPPORTED,
        ),
    )  # fmt: skip


def finished(digest: str = f"sha256:{9:064x}") -> Diagnosis:
    """The result; `digest` is its film's."""
    film = Artefact(kind=ArtefactKind.FILM, digest=digest, shape=(128, 128))
    image = Image(handle=f"im_{1:022d}", film=film, rows=128, columns=128, source_format="DICOM uncompressed")
    wrong = Claim(
        id="C9", subject="Pneumothorax", polarity=Polarity.PRESENT, citations=("E1",), text="A pneumothorax is there."
    )
    down = Problem(code=ProblemCode.SPECIALIST_DOWN, message="The specialist 'lesions' cannot be reached.")
    return Diagnosis(
        run_id="run_sample",
        status=Status.PARTIAL,
        study=Study(handle=f"st_{1:022d}", images=(image,), patient=Patient(age_years=61, sex=Sex.FEMALE)),
        conclusions=(Conclusion(subject="Effusion", text="An effusion is suspected on the left.", claims=_claims()),),
        evidence=_evidence(),
        missing=(Missing(specialist="lesions", role="lesions", problem=down),),
        struck=(StruckClaim(claim=wrong, problems=("no cited item bears it out",)),),
        not_assessed=("lateral view", "bones, tubes and lines"),
        warnings=("The view is not stated.",),
        abstained=True,
        abstention_reason="The film is deferred to a person.",
        reasoner="templates",
        wardround_version="0.1.0",
        created_at="2026-03-04T05:06:07.890+00:00",
    )

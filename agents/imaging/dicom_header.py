"""What a DICOM header says: whether the object is one frontal chest film, and the typed facts that are kept of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from wardround.agents.imaging.decoded import FilmDetails
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Patient, Sex, ViewPosition

__all__ = ["film_details", "refuse_other_objects", "text"]

# Modality (0008,0060), PS3.3 C.7.3.1.1.1: plain radiography; and what says nothing, as scanned films do.
_RADIOGRAPHY = frozenset({"CR", "DX", "DR", "RG"})
_SILENT_MODALITIES = frozenset({"", "OT", "SC", "HC"})
# What may be named in a refusal; other values are not quoted, since anything may stand in a tag.
_OTHER_MODALITIES = frozenset(
    "CT DXA ECG EPS ES GM IO IVUS MG MR NM OP OPT PT PX RF RTIMAGE SM TG US XA XC".split()  # noqa: SIM905
)
# View Position (0018,5101) and View Code Sequence (PS3.16 CID 4010).
_VIEWS = {"PA": ViewPosition.PA, "AP": ViewPosition.AP}
_LATERAL_VIEWS = frozenset({"LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "LEFT LATERAL", "RIGHT LATERAL"})
_VIEW_CODES = {"272479007": "PA", "399348003": "AP", "399173006": "LL", "399198007": "RL"}
# Body Part Examined (0018,0015): words of a chest, and the defined terms of PS3.16 Annex L that are none.
_CHEST_WORDS = ("CHEST", "THORA", "LUNG", "TORAX", "PULM", "CARDIAC", "HEART", "RIB")
_OTHER_PARTS = frozenset(
    """
    ABDOMEN ABDOMENPELVIS PELVIS HEAD SKULL BRAIN NECK SPINE CSPINE LSPINE TSPINE SSPINE CTSPINE TLSPINE LSSPINE COCCYX
    HIP KNEE LEG FOOT TOE ANKLE HAND FINGER THUMB WRIST ELBOW ARM FOREARM HUMERUS RADIUS ULNA FEMUR TIBIA FIBULA PATELLA
    CALCANEUS SHOULDER CLAVICLE SCAPULA ACJOINT SIJOINT JAW MAXILLA MANDIBLE TMJ NOSE ORBIT EYE EAR SINUS ZYGOMA IAC
    BREAST BLADDER KIDNEY LIVER EXTREMITY TEETH LOWEXM UPEXM
    """.split()  # noqa: SIM905 -- a table is easier to compare with the standard's than a list of quoted words
)
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12.0, "Y": 365.25}
_FIT = "Submit a frontal chest radiograph (modality CR, DX or DR)."


def text(ds: Dataset, keyword: str) -> str:
    """A short text element, upper case and trimmed; '' where it is absent or malformed."""
    value = ds.get(keyword)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0] if len(value) else ""
    return str(value).strip().upper() if value is not None else ""


def _whole(ds: Dataset, keyword: str, default: int) -> int:
    try:
        value = ds.get(keyword)
        return default if value in (None, "") else int(value)
    except (TypeError, ValueError, OverflowError):
        raise CallerError(
            ProblemCode.DAMAGED_FILE, f"The DICOM element {keyword} holds no whole number.", "Export the film again."
        ) from None


def refuse_other_objects(ds: Dataset) -> None:
    """
    Raises:
        CallerError: NOT_AN_IMAGE, MULTI_FRAME, COLOUR_IMAGE, NOT_A_CHEST_FILM, LATERAL_VIEW or DAMAGED_FILE.
    """
    kind = UID(str(ds.get("SOPClassUID") or ds.file_meta.get("MediaStorageSOPClassUID") or ""))
    pixels = any(keyword in ds for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"))
    standard = kind.type == "SOP Class"
    if (
        standard
        and ("Image Storage" not in kind.name or kind.name.startswith("RT "))
        and kind.name != "RT Image Storage"
    ):
        raise CallerError(ProblemCode.NOT_AN_IMAGE, f"The DICOM object is no image but a '{kind.name}' object.", _FIT)
    if not pixels and not standard and "Rows" not in ds:
        raise CallerError(ProblemCode.NOT_AN_IMAGE, "The DICOM object holds no picture.", _FIT)
    if "PixelData" not in ds:
        raise CallerError(
            ProblemCode.DAMAGED_FILE,
            "The DICOM file ends before its pixels, or has none of a kind that films have.",
            "Export or transfer the film again.",
        )
    frames = _whole(ds, "NumberOfFrames", 1)
    if frames > 1:
        raise CallerError(ProblemCode.MULTI_FRAME, f"The DICOM object holds {frames} frames, not one film.", _FIT)
    if _whole(ds, "SamplesPerPixel", 1) != 1 or text(ds, "PhotometricInterpretation") == "PALETTE COLOR":
        raise CallerError(ProblemCode.COLOUR_IMAGE, "The DICOM image is in colour; a radiograph is grey.", _FIT)
    modality = text(ds, "Modality")
    if modality not in _RADIOGRAPHY | _SILENT_MODALITIES:
        named = f"modality {modality}" if modality in _OTHER_MODALITIES else "another modality"
        raise CallerError(ProblemCode.NOT_A_CHEST_FILM, f"The image is of {named}, not a chest radiograph.", _FIT)
    part = text(ds, "BodyPartExamined")
    if part in _OTHER_PARTS:
        raise CallerError(ProblemCode.NOT_A_CHEST_FILM, f"The image shows the body part {part}, not the chest.", _FIT)
    if _view_term(ds) in _LATERAL_VIEWS:
        raise CallerError(
            ProblemCode.LATERAL_VIEW,
            "The film is a lateral view; the models here read frontal films only.",
            "Submit the PA or AP film of the same study.",
        )


def _view_term(ds: Dataset) -> str:
    term = text(ds, "ViewPosition")
    if term:
        return term
    codes = ds.get("ViewCodeSequence")
    if isinstance(codes, Sequence) and len(codes) and isinstance(codes[0], Dataset):
        return _VIEW_CODES.get(text(codes[0], "CodeValue"), "")
    return ""


def _spacing(ds: Dataset, warn: Callable[[str], None]) -> tuple[tuple[float, float] | None, str]:
    for keyword in _SPACINGS:
        value = ds.get(keyword)
        if value is None or isinstance(value, str | bytes) or not isinstance(value, Sequence):
            continue
        try:
            row, column = (float(number) for number in value)
        except (TypeError, ValueError):
            row = column = math.nan
        if not (0.01 <= row <= 5.0 and 0.01 <= column <= 5.0):
            warn(f"{keyword} is not a plausible spacing and was not used.")
            continue
        if keyword == "ImagerPixelSpacing":
            # PS3.3 10.7.1.3: at the detector; the magnification brings it to the plane of the patient.
            magnification = _magnification(ds)
            return (row / magnification, column / magnification), keyword
        return (row, column), keyword
    return None, ""


def _magnification(ds: Dataset) -> float:
    try:
        factor = float(ds.get("EstimatedRadiographicMagnificationFactor") or 1.0)
    except (TypeError, ValueError):
        return 1.0
    return factor if 1.0 <= factor <= 3.0 else 1.0


def _patient(ds: Dataset) -> Patient:
    age = _AGE.fullmatch(text(ds, "PatientAge"))
    years = min(90, int(int(age[1]) * _DAYS[age[2]] / 365.25 + 1e-9)) if age else None
    sex = text(ds, "PatientSex")
    return Patient(age_years=years, sex=Sex(sex) if sex in ("F", "M", "O") else Sex.UNKNOWN)


def film_details(ds: Dataset, source_format: str, warnings: Sequence[str] = ()) -> FilmDetails:
    """The typed facts; whatever cannot be trusted becomes a warning that quotes nothing from the file."""
    said = list(warnings)
    spacing, source = _spacing(ds, said.append)
    view = _VIEWS.get(_view_term(ds), ViewPosition.UNKNOWN)
    if text(ds, "Modality") in _SILENT_MODALITIES:
        said.append("The modality is not stated: the file does not say that it is a radiograph.")
    part = text(ds, "BodyPartExamined")
    if not any(word in part for word in _CHEST_WORDS):
        said.append("The body part is not stated or not known: the file does not say that it shows a chest.")
    if view is ViewPosition.UNKNOWN:
        said.append("The view is not stated: the file does not say whether it is PA or AP.")
    if text(ds, "BurnedInAnnotation") == "YES":
        said.append("The file says that text is burned into the picture; it may identify the patient.")
    laterality = text(ds, "ImageLaterality")
    synthetic = text(ds, "SyntheticData") == "YES"
    if synthetic:
        said.append("Synthetic phantom film: no person was imaged.")
    return FilmDetails(
        pixel_spacing_mm=spacing,
        spacing_source=source,
        view=view,
        laterality_marker=laterality if laterality in ("R", "L", "U", "B") else None,
        source_format=source_format,
        synthetic=synthetic,
        patient=_patient(ds),
        warnings=tuple(said),
    )

"""Which examination of the closed vocabularies a result belongs to, by the name it goes under in AgentClinic."""

from __future__ import annotations

import re

from wardround.contracts.clinic import AuxiliaryExam, Exam, PhysicalExam

__all__ = ["IMAGING", "is_group", "physical_named", "result_named"]

IMAGING = (
    AuxiliaryExam.XRAY,
    AuxiliaryExam.CT,
    AuxiliaryExam.MRI,
    AuxiliaryExam.ULTRASOUND,
    AuxiliaryExam.NUCLEAR,
)

# The first pattern that a name holds decides; names are written with blanks, in any case.
_TESTS: tuple[tuple[str, Exam], ...] = (
    (r"\bx[ -]?rays?\b|radiograph|mammogra|barium|pyelogra", AuxiliaryExam.XRAY),
    (r"\bct\b|computed tomography", AuxiliaryExam.CT),
    (r"\bmri\b|\bmra\b|magnetic resonance", AuxiliaryExam.MRI),
    (r"ultraso|sonogra|echocardio|doppler", AuxiliaryExam.ULTRASOUND),
    (r"\bpet\b|scintigra|nuclear|bone scan", AuxiliaryExam.NUCLEAR),
    (
        r"biops|histopath|cytolog|bone marrow|skin scraping|immunofluorescence|flow cytometry|microscopic",
        AuxiliaryExam.PATHOLOGY,
    ),
    (r"endoscop|colonoscop|gastroscop|bronchoscop|cystoscop|anoscop|sigmoidoscop|laparoscop", AuxiliaryExam.ENDOSCOPY),
    (r"\burin|\burine\b", AuxiliaryExam.URINE),
    (r"stool|faec|fecal", AuxiliaryExam.STOOL),
    (
        r"electrocardio|\becg\b|\bekg\b|electroenceph|\beeg\b|electromyo|\bemg\b|nerve conduction|spirometr"
        r"|pulmonary function|audiometr|audiolog|hearing test|vestibular|nystagmograph|polysomnogra|autonomic",
        AuxiliaryExam.FUNCTION,
    ),
    (r"blood pressure|vital sign", PhysicalExam.GENERAL),
    (r"dix-?hallpike|positional", PhysicalExam.NEUROLOGICAL),
    (r"ophthalm|slit lamp|fundosc", PhysicalExam.HEAD),
    (
        r"\bblood\b|\bserum\b|serolog|\bcbc\b|h[ae]?ematolog|coagulation|antibod|antiglobulin|elisa|\btorch\b"
        r"|liver function|renal function|thyroid function|metabolic panel|chemistry|electrolyte|iron studies|hormon"
        r"|\besr\b|sedimentation|c-reactive|reticulocyte|lactate dehydrogenase|uric acid|cd4|ca-125|smear|\bgas(es)?\b"
        r"|free t4|\btsh\b|creatin|ha?emoglobin|inhibin",
        AuxiliaryExam.BLOOD,
    ),
)
_PHYSICAL: tuple[tuple[str, PhysicalExam], ...] = (
    (r"vital sign|growth", PhysicalExam.GENERAL),
    (r"dix-?hallpike|positional|neurolog|mental|psychiatr|nystagmus", PhysicalExam.NEUROLOGICAL),
    (r"pelvi|obstetr|genit|rectovag|rectal|prostat|kidney|renal|vagin|scrot|testic", PhysicalExam.UROGENITAL),
    (r"skin|dermat|rash", PhysicalExam.SKIN),
    (r"\bhead|\bent\b|heent|\beyes?\b|ophthal|fundosc|slit lamp|\boral\b|\bears?\b|audiolog|nasal", PhysicalExam.HEAD),
    (r"\bneck|cervical|thyroid", PhysicalExam.NECK),
    (r"abdom|liver|spleen", PhysicalExam.ABDOMEN),
    (r"chest|breast|lung|pulmon|respirator|cardi|heart", PhysicalExam.CHEST),
    (
        r"musculo|extremit|\bhands?\b|\blegs?\b|\barms?\b|knee|hip|shoulder|joint|spine|back|limb|ankle|wrist",
        PhysicalExam.SPINE_LIMBS,
    ),
    (r"general|appearance|\bexamination$", PhysicalExam.GENERAL),
)
# Headings that say nothing of how a result was come by: what stands below them is looked at one by one.
_GROUPS = re.compile(
    r"imaging( (studies|results|and other tests))?|(basic )?lab(oratory)?( (tests|studies|results|work|values))?"
    r"|(other|additional|special|screening) tests?|general( examination)?|examination|remainder of the examination"
    r"|x rays"
)
_LABORATORY = re.compile(r"\blab(oratory)?\b")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


def is_group(name: str) -> bool:
    """Whether a name is only a heading over several examinations."""
    return bool(_GROUPS.fullmatch(_plain(name)))


def result_named(name: str) -> Exam | None:
    """The examination that a test's name tells; None where it does not. A heading 'laboratory' stands for blood."""
    plain = _plain(name)
    told = next((exam for pattern, exam in _TESTS if re.search(pattern, plain)), None)
    return told or (AuxiliaryExam.BLOOD if _LABORATORY.search(plain) else None)


def physical_named(name: str) -> PhysicalExam | None:
    """The physical examination that a name tells; None where it does not."""
    plain = _plain(name)
    return next((exam for pattern, exam in _PHYSICAL if re.search(pattern, plain)), None)

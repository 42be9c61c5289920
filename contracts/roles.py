"""The roles that tools play, how a tool says which it plays, and the arguments that each role is called with.

A tool joins by carrying `ROLE_KEY` in its MCP `_meta` (or by configuration, for servers that cannot set it).
The orchestrator passes only the arguments that the tool's input schema names.

    role      arguments                             returns
    intake    paths, patient                        Study
    render    image, layers                         one preview picture under 700 kB
    keep      image, details, artefacts             Kept
    export    result, format, source                Exported, and the file as an embedded resource
    forget    study                                 nothing that is read
    screen    image, details                        ScreenReport
    detect    image, details                        EvidenceReport
    segment   image, details                        EvidenceReport
    observe   image, details, finding               EvidenceReport
    lesions   image, details, finding, side, region, regions   EvidenceReport
    retrieve  findings, patient, limit, synthetic   EvidenceReport
    recall    query                                 CaseMatches
    remember  case                                  Remembered
    case_file path                                  CaseFile
    locate    image, details, targets, masks        EvidenceReport
    weigh     items, patient, view                  Weighing
    survive   patient, model                        SurvivalEstimate

`image` is a handle; `details` is the whole `Image`, for servers that cannot see the store folder. `finding` is a label
of the code table, or empty; `findings` are labels that the evidence suspects, surest first. `side` and `region`
narrow a search; `regions` is false where the caller places the lesions that are found itself. `synthetic` says whether
written cases may be found. `query` is a `CaseQuery`, `case` a `Case`. To SURVIVE `patient` is a
`SurvivalInput`, and `model` names one of its models. To EXPORT `result` is a `Diagnosis`, `format` an `ExportFormat`,
and `source` the original file, where the intake is to read it; no run ever plays this role.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["BODY_PART_KEY", "DIAGNOSIS_ROLES", "MODALITY_KEY", "ROLE_KEY", "Role", "role_meta"]

ROLE_KEY = "wardround/role"
MODALITY_KEY = "wardround/modality"
BODY_PART_KEY = "wardround/body_part"


class Role(StrEnum):
    """What a tool is for."""

    INTAKE = "intake"
    RENDER = "render"
    KEEP = "keep"
    EXPORT = "export"
    FORGET = "forget"
    SCREEN = "screen"
    DETECT = "detect"
    SEGMENT = "segment"
    OBSERVE = "observe"
    LOCATE = "locate"
    WEIGH = "weigh"
    LESIONS = "lesions"
    RETRIEVE = "retrieve"
    RECALL = "recall"
    REMEMBER = "remember"
    CASE_FILE = "case_file"
    SURVIVE = "survive"


# Without one of these a diagnosis is not whole, so their absence is told even where nobody offers them.
DIAGNOSIS_ROLES = (Role.SCREEN, Role.SEGMENT, Role.DETECT, Role.LOCATE, Role.WEIGH)


def role_meta(role: Role, *, modality: tuple[str, ...] = ("CR", "DX"), body_part: str = "CHEST") -> dict[str, object]:
    """The `_meta` of a tool; modality and body part are DICOM terms (PS3.3 C.7.3.1.1.1, PS3.16 Annex L)."""
    return {ROLE_KEY: role.value, MODALITY_KEY: list(modality), BODY_PART_KEY: body_part}

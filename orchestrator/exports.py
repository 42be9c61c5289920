"""Has the intake write a finished run for clinicians' systems; here the file is bytes, and nobody looks into it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from mcp.types import BlobResourceContents, EmbeddedResource
from pydantic import ValidationError

from wardround.contracts.diagnosis import Diagnosis
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind
from wardround.contracts.exports import Exported, ExportFormat
from wardround.orchestrator.diagnose import Diagnoser

__all__ = ["MAX_RESULT_BYTES", "export", "exported"]

MAX_RESULT_BYTES = 1_000_000
"""Of a result as JSON, without what no export tells: a message may have 4 MiB, and no result of ours comes near."""
# What a claim's numbers come from. What was told of the patient and what other patients had does not go out.
_KINDS = frozenset(
    {
        EvidenceKind.FINDING,
        EvidenceKind.LESION,
        EvidenceKind.LOCATION,
        EvidenceKind.MEASUREMENT,
        EvidenceKind.OBSERVATION,
        EvidenceKind.QUALITY,
        EvidenceKind.SEGMENTATION,
        EvidenceKind.WEIGHING,
    }
)


def _item(item: Evidence) -> Evidence:
    return item.model_copy(update={"artefacts": (), "contributions": (), "detail": ""})


def _told(result: Diagnosis) -> dict[str, Any]:
    """The result as far as an export tells of it."""
    evidence = tuple(_item(item) for item in result.evidence if item.kind in _KINDS)
    less = result.model_copy(update={"evidence": evidence, "reasoning": None, "timings": ()})
    if len(less.model_dump_json()) > MAX_RESULT_BYTES:
        raise CallerError(
            ProblemCode.TOO_LARGE,
            f"The result has more than {MAX_RESULT_BYTES // 1_000_000} MB, and is not exported.",
            "Take it as JSON: 'wardround runs show RUN --json'.",
        )
    dumped: dict[str, Any] = less.model_dump(mode="json")
    return dumped


async def export(
    house: Diagnoser, result: Diagnosis, format: ExportFormat, *, source: str | None = None
) -> tuple[bytes, Exported]:
    """The file, and what may be said of it: its digest, and by what it is bound to the original study.

    The file may name the patient. Keep it from logs and results.

    Args:
        source: the film's DICOM file, as the intake's machine names it; None: the intake's own map of identifiers.

    Raises:
        CallerError: UNSUPPORTED_FORMAT, an SR is wanted of a film without a DICOM source; TOO_LARGE; BAD_ARGUMENT, the
            source is another film; or why the source cannot be read.
        Fault: the intake is down, offers no export, or answered in a wrong shape.
    """
    arguments: dict[str, Any] = {"result": _told(result), "format": format.value}
    answer = await house.export(arguments if source is None else {**arguments, "source": source})
    try:
        told = Exported.model_validate(answer.structured_content)
        block = next(one for one in answer.content if isinstance(one, EmbeddedResource))
        if not isinstance(block.resource, BlobResourceContents):
            raise ValueError("the file is no blob")
        data = base64.b64decode(block.resource.blob, validate=True)
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != told.digest:
            raise ValueError("the file is not what was said of it")
    except (ValidationError, StopIteration, ValueError):
        # Not chained: the words of a validation error may hold the file.
        raise Fault(ProblemCode.WRONG_SHAPE, "The intake exported in a wrong shape.") from None
    return data, told


async def exported(house: Diagnoser, result: Diagnosis, format: ExportFormat, *, source: str | None = None) -> bytes:
    """As `export`, the file alone."""
    data, _ = await export(house, result, format, source=source)
    return data

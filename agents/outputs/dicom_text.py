"""Strangers' words as DICOM text: within the length of their value representation, and unable to end or split a value.

PS3.5 section 6.2: LO and SH hold no backslash and no control character; UT may hold tabs and line ends.
"""

from __future__ import annotations

import hashlib
import unicodedata

from highdicom.sr.coding import CodedConcept

from wardround.contracts.codes import FindingCode
from wardround.contracts.codes.reporting import ReportCode, report_code

__all__ = ["OWN_SCHEME", "coded", "finding_concept", "lo", "own_concept", "ut"]

OWN_SCHEME = "99WARDROUND"
"""Our private coding scheme, for what no public code was verified for; identified in each document."""
_CELL = 64
_LONGEST = 10_000


def _without(text: str, kept: str, longest: int) -> str:
    clean = "".join(one if one in kept or unicodedata.category(one)[0] != "C" else " " for one in text)
    clean = clean.encode("utf-8", "replace").decode("utf-8").strip()
    return clean if len(clean) <= longest else f"{clean[: longest - 1].rstrip()}…"


def lo(text: str, longest: int = _CELL) -> str:
    """A long string (LO), or a shorter one; '-' where nothing is left."""
    return _without(" ".join(text.replace("\\", "/").split()), "", longest) or "-"


def ut(text: str) -> str:
    """Unlimited text (UT) of at most 10,000 characters; '-' where nothing is left."""
    return _without(text.replace("\r\n", "\n"), "\n\t", _LONGEST) or "-"


def coded(key: str) -> CodedConcept:
    """A row of the table of report codes as a coded concept."""
    row: ReportCode = report_code(key)
    return CodedConcept(row.code, row.scheme, row.meaning)


def own_concept(meaning: str) -> CodedConcept:
    """A concept of our private scheme: the same words always have the same code, of 16 characters at most."""
    words = lo(meaning)
    return CodedConcept(f"W{hashlib.sha256(words.casefold().encode()).hexdigest()[:12]}", OWN_SCHEME, words)


def finding_concept(code: FindingCode | None, subject: str) -> CodedConcept:
    """The verified code of a finding (SNOMED CT, else RadLex); without one, the words in our private scheme."""
    if code is not None and code.snomed:
        return CodedConcept(code.snomed, "SCT", lo(code.name))
    if code is not None and code.radlex:
        return CodedConcept(code.radlex, "RADLEX", lo(code.name))
    return own_concept(subject)

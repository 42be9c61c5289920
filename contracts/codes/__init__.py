"""The one table of findings: label, name, synonyms and verified codes, each code with its source.

Codes: SNOMED CT (concept, and finding site where the concept alone is too general), RadLex, HPO.
A code that could not be verified is left out; such a finding goes out as text only.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib.resources import files

from wardround.contracts.base import Word

__all__ = ["NO_FINDING", "FindingCode", "canonical_label", "finding_codes", "nih_labels", "verhoeff_ok"]

NO_FINDING = "No Finding"
_RADLEX = re.compile(r"RID\d{1,6}")
_HPO = re.compile(r"HP:\d{7}")

# The dihedral group D5 and the permutation of Verhoeff's check digit (SNOMED CT Technical Guide, SCTID check digit).
_PRODUCT = tuple(
    tuple((i + j) % 5 + 5 * (j // 5) if i < 5 else (i - j) % 5 + 5 * (1 - j // 5) for j in range(10)) for i in range(10)
)
_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


class FindingCode(Word):
    """One row of the table. `nih` marks the labels of NIH ChestX-ray14."""

    label: str
    name: str
    nih: bool
    synonyms: tuple[str, ...]
    snomed: str
    snomed_site: str
    snomed_source: str
    radlex: str
    radlex_source: str
    hpo: str
    note: str


def verhoeff_ok(number: str) -> bool:
    """Whether the last digit of a SNOMED CT identifier is its Verhoeff check digit."""
    if not number.isascii() or not number.isdigit():
        return False
    check = 0
    for position, digit in enumerate(map(int, reversed(number))):
        for _ in range(position % 8):
            digit = _STEP[digit]
        check = _PRODUCT[check][digit]
    return check == 0


def _well_formed(row: FindingCode) -> bool:
    snomed = all(verhoeff_ok(code) for code in (row.snomed, row.snomed_site) if code)
    radlex = not row.radlex or bool(_RADLEX.fullmatch(row.radlex))
    hpo = not row.hpo or bool(_HPO.fullmatch(row.hpo))
    sourced = (not row.snomed or bool(row.snomed_source)) and (not row.radlex or bool(row.radlex_source))
    return snomed and radlex and hpo and sourced


@lru_cache(maxsize=1)
def finding_codes() -> dict[str, FindingCode]:
    """The table by label, in its own order.

    Raises:
        ValueError: a code has a wrong form or check digit, or lacks its source.
    """
    table: dict[str, FindingCode] = {}
    with files(__name__).joinpath("findings.csv").open(encoding="utf-8") as lines:
        for raw in csv.DictReader(lines):
            row = FindingCode.model_validate(
                {**raw, "nih": raw["nih"] == "1", "synonyms": tuple(s for s in raw["synonyms"].split("|") if s)}
            )
            if not _well_formed(row):
                raise ValueError(f"the code table's row '{row.label}' has a malformed or unsourced code")
            table[row.label] = row
    return table


def nih_labels() -> tuple[str, ...]:
    """The 14 findings of NIH ChestX-ray14 and 'No Finding', in the table's order."""
    return tuple(label for label, row in finding_codes().items() if row.nih)


def _fold(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    return {_fold(name): label for label, row in finding_codes().items() for name in (label, row.name, *row.synonyms)}


def canonical_label(name: str) -> str | None:
    """The table's label for a label, name or synonym in any case; None where the table does not know it."""
    return _by_name().get(_fold(name))

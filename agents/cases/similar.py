"""Cases whose films showed the same findings, as evidence: by the overlap of the findings, then by age and sex."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from wardround.agents.cases.dense import TIERS
from wardround.agents.cases.records import finding_label, stored
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.evidence import CaseLink, Evidence, EvidenceKind, EvidenceReport, Source
from wardround.contracts.study import Patient, Sex

__all__ = ["SOURCE", "Overlap", "overlapping", "similar_report"]

SOURCE = Source(model="overlap of film findings", version="1", calibrated=False)
_SUBJECT = "similar case"
_FINDING_CHARS = 60
_MOST_FINDINGS = 40
_UNKNOWN_GAP = 91  # an unknown age is farther than any known one


@dataclass(frozen=True)
class Overlap:
    """A record, and the Jaccard index of its findings with those asked, in (0, 1]."""

    case: Case
    jaccard: float


def overlapping(
    connection: sqlite3.Connection, findings: Iterable[str], patient: Patient, limit: int, *, synthetic: bool
) -> tuple[Overlap, ...]:
    """The records that share a finding, most overlap first; of equals the better trusted, then the nearer in sex and
    age, then the older record. What was finished here comes only after all that is better trusted.

    Args:
        findings: labels of the code table by any of their names, or other names.
        synthetic: whether written records may be found.
    """
    labels = list(dict.fromkeys(finding_label(name) for name in findings))
    if not labels:
        return ()
    found = connection.execute(
        "SELECT cases.row, trust, age, sex, shared, (SELECT count(*) FROM case_findings WHERE row = cases.row) "
        "FROM cases JOIN (SELECT row, count(*) AS shared FROM case_findings "
        f"WHERE finding IN ({', '.join('?' * len(labels))}) GROUP BY row) AS hit ON hit.row = cases.row "
        "WHERE ? OR NOT synthetic",
        (*labels, synthetic),
    ).fetchall()

    def order(one: tuple[int, int, int | None, str, int, int]) -> tuple[float, ...]:
        row, trust, age, sex, shared, own = one
        known = patient.age_years is not None and age is not None
        gap = abs(patient.age_years - age) if patient.age_years is not None and age is not None else _UNKNOWN_GAP
        other_sex = Sex.UNKNOWN not in (patient.sex, sex) and sex != patient.sex
        finished = TIERS[trust] is CaseTrust.FINISHED_HERE
        return finished, -_jaccard(shared, own, len(labels)), trust, other_sex, not known, gap, row

    best = sorted(found, key=order)[:limit]
    records = stored(connection, [one[0] for one in best])
    return tuple(Overlap(records[one[0]], _jaccard(one[4], one[5], len(labels))) for one in best if one[0] in records)


def _jaccard(shared: int, own: int, asked: int) -> float:
    return shared / (own + asked - shared)


def similar_report(overlaps: Iterable[Overlap]) -> EvidenceReport:
    """One CASE item for each record, under its own id. Its similarity is the overlap, and no probability."""
    items = tuple(
        Evidence(
            kind=EvidenceKind.CASE,
            subject=_SUBJECT,
            case=CaseLink(
                case_id=one.case.case_id,
                similarity=one.jaccard,
                trust=one.case.trust,
                findings=tuple(name[:_FINDING_CHARS] for name in one.case.findings[:_MOST_FINDINGS]),
            ),
            source=SOURCE,
            synthetic=one.case.synthetic,
        )
        for one in overlaps
    )
    warnings = () if items else ("Case memory holds no case with one of these findings.",)
    return EvidenceReport(items=items, warnings=warnings)

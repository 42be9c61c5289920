"""Finds the records most like a query: filters, two rankings in one, departments and trust, no second telling."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.dense import SEXES, TIERS, Shelf, cosines, department_code
from wardround.agents.cases.fields import GROUPS_AT, Group, group_text, whole_text
from wardround.agents.cases.fusion import Flags, Floats, Places, fused, places
from wardround.agents.cases.indexing import Compared
from wardround.agents.cases.keywords import hits, rarest
from wardround.agents.cases.records import finding_label, rows_of, stored
from wardround.agents.cases.retelling import Retelling
from wardround.agents.cases.views import known_at, stage_view, tells_outcome
from wardround.agents.cases.words import distinct
from wardround.contracts.case import Case, CaseFields, CaseMatch, CaseQuery
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import Sex

__all__ = ["Found", "Ranked", "found", "query_texts", "ranked"]

# Records of a better tier come first while they are at least so alike, as a share of the likest one's similarity; else
# a great memory of validated cases would never let a user's own be found, however like it is.

_ALIKE = 0.5
_AT_FIRST = 256


@dataclass(frozen=True)
class Ranked:
    """All records of the shelf as one query sees them; a place of 0 is none.

    Attributes:
        eligible: what the filters let through.
        similarity: the mean cosine, in [-1, 1].
        keywords: the summed BM25 scores, 0 where no word is shared.
    """

    eligible: Flags
    similarity: Floats
    keywords: Floats
    dense_places: Places
    keyword_places: Places
    fused: Floats


@dataclass(frozen=True)
class Found:
    """The matches, how many records could have been found, and how many found ones were damaged."""

    matches: tuple[CaseMatch, ...]
    searched: int
    damaged: int


def query_texts(query: CaseQuery) -> dict[Group, str]:
    """The query's text by group: of its fields, what the stage may know.

    Raises:
        CallerError: BAD_ARGUMENT, there is none, or a filter lacks what it compares.
    """
    known = known_at(query, query.stage)
    texts = {group: text for group in GROUPS_AT[query.stage] if (text := group_text(known, group))}
    if not texts:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The query says nothing that the stage '{query.stage.value}' may know and compare.",
            "Give a chief complaint; later stages compare symptoms, history, results and reports too.",
        )
    if query.age_within_years is not None and query.patient.age_years is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "age_within_years needs the patient's age.", "Give patient.age_years."
        )
    if query.same_sex and query.patient.sex is Sex.UNKNOWN:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "same_sex needs the patient's sex.", "Give patient.sex.")
    return texts


def ranked(query: CaseQuery, texts: Mapping[Group, str], compared: Compared, weights: Mapping[str, float]) -> Ranked:
    """Both rankings of what the filters let through, and the sum of their reciprocal ranks."""
    connection, shelf, vectors = compared
    eligible = _eligible(query, connection, shelf)
    # A group counts by how much the query says in it, squared: else a complaint of two words drowns a report. The
    # exponent was chosen on half of the Indiana reports (1, 1.5, 2 and 3 were tried).
    amounts = {group: float(len(distinct(text))) ** 2 for group, text in texts.items()}
    similarity = cosines(shelf, vectors, amounts)
    keywords = np.zeros(len(shelf))
    for group, text in texts.items():
        hit = hits(connection, group, rarest(connection, group, text), weights)
        where, there = shelf.positions(hit.rows)
        keywords[where[there]] += hit.scores[there]
    dense_places = places(similarity, eligible & (similarity > 0.0))
    keyword_places = places(keywords, eligible & (keywords > 0.0))
    return Ranked(eligible, similarity, keywords, dense_places, keyword_places, fused(dense_places, keyword_places))


def _eligible(query: CaseQuery, connection: sqlite3.Connection, shelf: Shelf) -> Flags:
    mask = np.ones(len(shelf), dtype=bool)
    if not query.synthetic:
        mask &= ~shelf.synthetic
    if query.same_sex:
        mask &= shelf.sexes == SEXES.index(query.patient.sex)
    if query.age_within_years is not None and query.patient.age_years is not None:
        near = np.abs(shelf.ages.astype(np.int32) - query.patient.age_years) <= query.age_within_years
        mask &= near & (shelf.ages >= 0)
    if query.finding:
        wanted = connection.execute(
            "SELECT row FROM case_findings WHERE finding = ? ORDER BY row", (finding_label(query.finding),)
        ).fetchall()
        mask &= _flags(shelf, [row for (row,) in wanted])
    if query.exclude:
        mask &= ~_flags(shelf, list(rows_of(connection, query.exclude).values()))
    return mask


def _flags(shelf: Shelf, rows: list[int]) -> Flags:
    flags = np.zeros(len(shelf), dtype=bool)
    where, there = shelf.positions(np.array(rows, dtype=np.int64))
    flags[where[there]] = True
    return flags


def found(query: CaseQuery, compared: Compared, ranking: Ranked) -> Found:
    """The first `limit` records in order, each as the stage may see it."""
    connection, shelf, _ = compared
    known = known_at(query, query.stage)
    retelling = _retelling(query, known, connection)
    matches: list[CaseMatch] = []
    damaged = retold = silent = 0
    order = _order(shelf, ranking, known.department)
    while len(matches) < query.limit and (some := list(islice(order, query.limit))):
        records = stored(connection, [int(shelf.rows[position]) for position, _ in some])
        for position, other in some:
            case = records.get(int(shelf.rows[position]))
            if case is None:
                damaged += 1
            elif query.needs_outcome and not tells_outcome(case, query.stage):
                silent += 1
            elif retelling.is_retold(case):
                retold += 1
            elif len(matches) < query.limit:
                matches.append(_match(case, query, float(ranking.similarity[position]), other))
    return Found(tuple(matches), int(ranking.eligible.sum()) - retold - silent, damaged)


def _retelling(query: CaseQuery, known: CaseFields, connection: sqlite3.Connection) -> Retelling:
    if not query.exclude:
        return Retelling(())
    excluded = stored(connection, list(rows_of(connection, query.exclude).values())).values()
    return Retelling((whole_text(known), *(whole_text(case) for case in excluded)))


def _match(case: Case, query: CaseQuery, similarity: float, other_department: bool) -> CaseMatch:
    return CaseMatch(
        case_id=case.case_id,
        similarity=min(max(similarity, 0.0), 1.0),
        trust=case.trust,
        synthetic=case.synthetic,
        provenance=case.provenance,
        licence=case.licence,
        fields=stage_view(case, query.stage),
        other_department=other_department,
    )


def _order(shelf: Shelf, ranking: Ranked, department: str) -> Iterator[tuple[int, bool]]:
    """Positions on the shelf, best first, and whether another department was asked; what shares nothing is left out."""
    shares = ranking.fused > 0.0
    if not department:
        yield from ((position, False) for position in _by_trust(shelf, ranking, shares))
        return
    asked = shelf.departments == department_code(department)
    yield from ((position, False) for position in _by_trust(shelf, ranking, shares & asked))
    yield from ((position, True) for position in _by_trust(shelf, ranking, shares & ~asked))


def _by_trust(shelf: Shelf, ranking: Ranked, members: Flags) -> Iterator[int]:
    """Within a tier by fused score; a better tier goes first as long as its next record is alike enough."""
    positions = np.flatnonzero(members)
    if not len(positions):
        return
    alike = ranking.similarity >= _ALIKE * max(0.0, float(ranking.similarity[positions].max()))
    tiers = [_best_first(ranking.fused, positions[shelf.tiers[positions] == tier]) for tier in range(len(TIERS))]
    heads = [next(tier, None) for tier in tiers]
    while waiting := [tier for tier, head in enumerate(heads) if head is not None]:
        tier = next((one for one in waiting if alike[heads[one]]), waiting[0])
        head = heads[tier]
        assert head is not None
        yield head
        heads[tier] = next(tiers[tier], None)


def _best_first(scores: Floats, positions: NDArray[np.int64]) -> Iterator[int]:
    """Positions by falling score; few are ever asked for, so that the many behind them are sorted only if they are."""
    head = np.ones(len(positions), dtype=bool)
    if len(positions) > _AT_FIRST:
        head = scores[positions] >= np.partition(scores[positions], -_AT_FIRST)[-_AT_FIRST]
    for some in (positions[head], positions[~head]):
        yield from some[np.argsort(-scores[some], kind="stable")].tolist()

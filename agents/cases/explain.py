"""Says why a record was found: its places, the score and the likeness of each field, and the words that are shared."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from wardround.agents.cases.embedders import Embedder
from wardround.agents.cases.fields import EMBEDDED, FIELDS, GROUPS_AT, Group, field_text
from wardround.agents.cases.indexing import Compared
from wardround.agents.cases.keywords import field_scores, rarest, record_counts
from wardround.agents.cases.search import Ranked
from wardround.agents.cases.words import shown
from wardround.contracts.case import Case, CaseFields, FieldMatch
from wardround.contracts.decision import Stage

__all__ = ["field_likeness", "field_matches", "place"]

_MOST_SHARED = 8


def field_likeness(embedder: Embedder, known: CaseFields, case: Case, stage: Stage) -> dict[str, float]:
    """The cosine of each field of which both have a text, in [0, 1]; empty before a learning embedder is fitted."""
    fields = [
        field
        for group in GROUPS_AT[stage]
        if group in EMBEDDED
        for field in FIELDS[group]
        if field_text(known, field) and field_text(case, field)
    ]
    if not fields:
        return {}
    vectors = embedder.embed([field_text(one, field) for field in fields for one in (known, case)])
    if not vectors.shape[1]:
        return {}
    cosines = (vectors[0::2] * vectors[1::2]).sum(axis=1)
    return {field: min(max(float(cosine), 0.0), 1.0) for field, cosine in zip(fields, cosines, strict=True)}


def field_matches(
    connection: sqlite3.Connection,
    row: int,
    case: Case,
    known: CaseFields,
    texts: Mapping[Group, str],
    weights: Mapping[str, float],
    likeness: Mapping[str, float],
) -> tuple[FieldMatch, ...]:
    """One entry for each field of the record that is compared and not empty, best keyword score first.

    A query's words are compared with all fields of their group: what one record calls its complaint, another has among
    its symptoms. A field's keyword score is what it would be if that field alone counted.
    """
    matches = []
    for group, text in texts.items():
        chosen = rarest(connection, group, text)
        scores = field_scores(connection, group, chosen, weights, row)
        counts = record_counts(connection, group, chosen)
        for field in FIELDS[group]:
            own = field_text(case, field)
            if own:
                matches.append(
                    FieldMatch(
                        field=field,
                        keyword_score=scores[field],
                        similarity=likeness.get(field),
                        shared=_shared(shown(own), chosen, counts),
                    )
                )
    return tuple(sorted(matches, key=lambda one: -one.keyword_score))


def _shared(own: Mapping[str, str], chosen: Sequence[str], counts: Mapping[str, int]) -> tuple[str, ...]:
    both = sorted((word for word in chosen if word in own), key=lambda word: (counts.get(word, 0), word))
    return tuple(own[word] for word in both[:_MOST_SHARED])


def place(compared: Compared, ranking: Ranked, row: int) -> tuple[int | None, int | None, float]:
    """A record's place by keywords, by vectors, and its fused score; None and 0 where a filter keeps it out."""
    _, shelf, _ = compared
    position = int(shelf.rows.searchsorted(row))
    if position >= len(shelf) or shelf.rows[position] != row:
        return None, None, 0.0
    keyword, dense = int(ranking.keyword_places[position]), int(ranking.dense_places[position])
    return keyword or None, dense or None, float(ranking.fused[position])

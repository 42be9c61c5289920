"""Case memory in one SQLite file: keeps, corrects, forgets, exports and finds records."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from wardround.agents.cases.dense import TIERS
from wardround.agents.cases.embedders import Embedder
from wardround.agents.cases.explain import field_likeness, field_matches, place
from wardround.agents.cases.indexing import Index
from wardround.agents.cases.keywords import merge_words
from wardround.agents.cases.records import Kept, paged, parsed, put, row_of, taken_out, unknown
from wardround.agents.cases.schema import Database, Meta
from wardround.agents.cases.search import found, query_texts, ranked
from wardround.agents.cases.similar import Overlap, overlapping
from wardround.agents.cases.views import known_at
from wardround.contracts.base import NOTICE, Word
from wardround.contracts.case import Case, CaseMatches, CaseQuery, CaseTrust, MatchExplained
from wardround.contracts.study import Patient

__all__ = ["CaseStats", "CaseStore"]

_AT_ONCE = 128


class CaseStats(Word):
    """What the memory holds. `indexed` have vectors of the present embedder; sizes are in bytes."""

    records: int
    trust: dict[CaseTrust, int]
    synthetic: int
    departments: dict[str, int]
    licences: dict[str, int]
    indexed: int
    model: str
    version: str
    dimensions: int
    bytes_on_disk: int
    bytes_in_memory: int
    warnings: tuple[str, ...] = ()
    notice: str = Field(default=NOTICE)


class CaseStore:
    """The memory. Threads take turns, and processes share the file: each change is one short transaction.

    What its methods raise besides what they state:
        CallerError: DAMAGED_FILE, the file or a record cannot be read.
        Fault: BUSY, another process writes for longer than half a minute; or as the embedder.
    """

    def __init__(self, database: Database, embedder: Embedder, weights: Mapping[str, float]) -> None:
        """Use `opened`."""
        self._database = database
        self._index = Index(database, embedder)
        self._weights = dict(weights)

    @classmethod
    def opened(cls, file: Path, embedder: Embedder, weights: Mapping[str, float] | None = None) -> CaseStore:
        """The memory in a file, which is made (mode 0600) where it is not there; close it, or use it with `with`.

        Where the embedder is another than the file's vectors were made by, all are made anew before this returns.

        Args:
            weights: how much a field counts among the keywords, by its name; 1 where it is not named.

        Raises:
            CallerError: BAD_ARGUMENT, the file cannot be opened or made; DAMAGED_FILE, it is no case memory;
                UNSUPPORTED_FORMAT, a newer version made it.
        """
        database = Database(file)
        try:
            store = cls(database, embedder, weights or {})
            store._index.open()
            with database.reading() as connection:
                owing = bool(Meta(connection).get("owed"))
            if owing:
                store._settle_forgetting()
        except BaseException:
            database.close()
            raise
        return store

    def __enter__(self) -> CaseStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def begin(self, first: Callable[[], Iterable[Case]]) -> int:
        """Gives a memory to which nothing was ever added its first records; returns how many."""
        with self._database.reading() as connection:
            begun = bool(Meta(connection).get("begun"))
        return 0 if begun else self.add(first())[0]

    def add(self, cases: Iterable[Case], tick: Callable[[], None] | None = None) -> tuple[int, int]:
        """Keeps records, each in the place of the one with its id.

        A record that is there already word for word is left alone. Where `cases` or the embedder raises, what was kept
        by then stays, and its vectors are made when the memory is next opened.

        Args:
            tick: called once for each record that was looked at.

        Returns:
            how many are new, and how many replaced another.
        """
        kept = Kept()
        waiting = iter(cases)
        with self._database.writing() as connection:
            Meta(connection).set(begun=1)
        while some := list(itertools.islice(waiting, _AT_ONCE)):
            with self._database.writing() as connection:
                this = put(connection, some)
                if this.replaced:
                    merge_words(connection)
                    Meta(connection).set(owed=1)
            kept += this
            if not self._index.is_due():
                self._index.settle()
            if tick is not None:
                for _ in some:
                    tick()
        self._index.settle()
        if kept.replaced:
            self._settle_forgetting()
        return kept.new, kept.replaced

    def get(self, case_id: str) -> Case:
        """
        Raises:
            CallerError: NOT_FOUND.
        """
        return self._kept(case_id)[1]

    def _kept(self, case_id: str) -> tuple[int, Case]:
        with self._database.reading() as connection:
            there = row_of(connection, case_id)
        if there is None:
            raise unknown(case_id)
        return there[0], parsed(case_id, there[1])

    def correct(self, case: Case) -> None:
        """Replaces the record with this id; nothing of what it was stays.

        Raises:
            CallerError: NOT_FOUND.
        """
        with self._database.writing() as connection:
            if row_of(connection, case.case_id) is None:
                raise unknown(case.case_id)
            put(connection, [case])
            merge_words(connection)
            Meta(connection).set(owed=1)
        self._index.settle()
        self._settle_forgetting()

    def forget(self, case_id: str) -> bool:
        """Erases a record with its words, its vectors and what the embedder learned from it; False: it was not there.

        Its bytes are overwritten in the file and in its log. See `Index.unlearn` for what an embedder that was fitted
        on a large memory keeps until it is next fitted.

        Raises:
            Fault: BUSY, the record is gone but its log could not be emptied yet; forgetting it once more does that.
        """
        with self._database.writing() as connection:
            there = row_of(connection, case_id)
            if there is not None:
                taken_out(connection, *there)
                merge_words(connection)
                Meta(connection).set(owed=1)
            owing = bool(Meta(connection).get("owed"))
        if owing:
            self._settle_forgetting()
        return there is not None

    def _settle_forgetting(self) -> None:
        """Finishes what a forgetting began; where it is cut short, the next opening goes on with it."""
        self._index.unlearn()
        self._database.empty_log()
        with self._database.writing() as connection:
            Meta(connection).set(owed=None)

    def cases(self, trust: CaseTrust | None = None) -> Iterator[Case]:
        """All records, or those of one tier, in the order in which they came: an export."""
        return paged(self._database, None if trust is None else TIERS.index(trust))

    def stats(self) -> CaseStats:
        """What the memory holds now."""
        shelf = self._index.shelf()
        with self._database.reading() as connection:
            departments = connection.execute(
                "SELECT department, count(*) FROM cases GROUP BY department ORDER BY count(*) DESC, department"
            ).fetchall()
            licences = connection.execute(
                "SELECT json_extract(record, '$.licence') AS licence, count(*) FROM cases WHERE json_valid(record) "
                "GROUP BY licence ORDER BY count(*) DESC, licence"
            ).fetchall()
        indexed = int(shelf.indexed.sum())
        return CaseStats(
            records=len(shelf),
            trust={tier: int((shelf.tiers == code).sum()) for code, tier in enumerate(TIERS)},
            synthetic=int(shelf.synthetic.sum()),
            departments={name: number for name, number in departments if name},
            licences={str(name): number for name, number in licences},
            indexed=indexed,
            model=self._index.embedder.name,
            version=self._index.embedder.version,
            dimensions=shelf.dimensions,
            bytes_on_disk=self._database.bytes_on_disk,
            bytes_in_memory=shelf.bytes_in_memory,
            warnings=(*self._index.notes, *_unindexed(len(shelf) - indexed)),
        )

    def search(self, query: CaseQuery) -> CaseMatches:
        """The records most like the query, in order; see `search.py` and `views.py` for what is compared and shown.

        Raises:
            CallerError: BAD_ARGUMENT; the query says nothing that its stage may know, or a filter lacks what it needs.
        """
        texts = query_texts(query)
        with self._index.compared(texts) as compared:
            result = found(query, compared, ranked(query, texts, compared, self._weights))
            unindexed = len(compared[1]) - int(compared[1].indexed.sum())
        warnings = [*_unindexed(unindexed)]
        if result.damaged:
            warnings.append(f"{result.damaged} records are damaged and were passed over.")
        return CaseMatches(
            matches=result.matches,
            searched=result.searched,
            model=self._index.embedder.name,
            version=self._index.embedder.version,
            warnings=tuple(warnings),
        )

    def explain(self, query: CaseQuery, case_id: str) -> MatchExplained:
        """Why the query finds a record, or how far it is from it. Only fields that the stage may know are compared.

        Raises:
            CallerError: NOT_FOUND, no such record; BAD_ARGUMENT, as `search`.
        """
        texts = query_texts(query)
        known = known_at(query, query.stage)
        row, case = self._kept(case_id)
        likeness = field_likeness(self._index.embedder, known, case, query.stage)
        with self._index.compared(texts) as compared:
            ranking = ranked(query, texts, compared, self._weights)
            keyword_rank, dense_rank, score = place(compared, ranking, row)
            fields = field_matches(compared[0], row, case, known, texts, self._weights, likeness)
        return MatchExplained(
            case_id=case_id,
            keyword_rank=keyword_rank,
            dense_rank=dense_rank,
            fused_score=score,
            fields=fields,
            model=self._index.embedder.name,
            version=self._index.embedder.version,
        )

    def overlapping(
        self, findings: Iterable[str], patient: Patient, limit: int, *, synthetic: bool
    ) -> tuple[Overlap, ...]:
        """Records that share film findings; see `similar.py`."""
        with self._database.reading() as connection:
            return overlapping(connection, findings, patient, limit, synthetic=synthetic)


def _unindexed(number: int) -> Iterator[str]:
    if number:
        yield f"{number} records have no vectors yet, and are found by their words alone."

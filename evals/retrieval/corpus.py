"""The Indiana reports as a test of retrieval: who asks, who may be found, and what counts as agreement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from wardround.agents.cases.fields import whole_text
from wardround.agents.cases.retelling import NEARLY_THE_SAME, Retelling, shingles
from wardround.contracts.case import Case, CaseQuery
from wardround.contracts.decision import Stage
from wardround.evals.retrieval.relevance import agreement, is_normal, tag_table, tags

__all__ = ["Corpus", "Judgement", "corpus_of", "query_of"]

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


def query_of(case: Case) -> CaseQuery:
    """What is asked for a report: its own complaint and report, at the stage of diagnosis, itself left out."""
    return CaseQuery(
        stage=Stage.DIAGNOSIS,
        chief_complaint=case.chief_complaint,
        image_report=case.image_report,
        exclude=(case.case_id,),
        limit=10,
    )


@dataclass(frozen=True)
class Judgement:
    """For one query and each record: whether it may be found, which neither the report itself nor one of nearly the
    same words may, and its agreement with the query in [0, 1]."""

    allowed: Flags
    gains: Floats


@dataclass(frozen=True)
class Corpus:
    """The reports, and what is known of their agreement. All arrays have one entry for each report, in order.

    Attributes:
        tags: (reports, tags), 0 or 1.
        normal, judged: whether a report says that nothing is wrong; whether its terms say anything at all.
        odd: whether its number is odd: weights are chosen on the odd, and figures taken on the even.
        runs: (reports, runs of three words), 0 or 1; `run_counts` are its sums by report.
        is_story: whether a report is long enough to be told again.
    """

    cases: tuple[Case, ...]
    tags: Floats
    normal: Flags
    judged: Flags
    odd: Flags
    runs: sp.csr_array
    run_counts: Floats
    is_story: Flags

    def __len__(self) -> int:
        return len(self.cases)

    def judgement(self, query: int) -> Judgement:
        """What may be found for a report, and what it is worth."""
        return Judgement(allowed=self._others(query), gains=agreement(self.tags, query))

    def _others(self, query: int) -> Flags:
        """A record that tells a report again would be found by any ranking, and its agreement would say nothing."""
        allowed = np.ones(len(self), dtype=bool)
        if self.is_story[query]:
            shared = np.asarray((self.runs @ self.runs[[query]].T).todense()).ravel()
            allowed = shared < NEARLY_THE_SAME * (self.run_counts + self.run_counts[query] - shared)
        allowed[query] = False
        return allowed

    def queries(self, *, odd: bool) -> NDArray[np.intp]:
        """The reports of one half that can ask: they say something, and there is something to be agreed on."""
        return np.flatnonzero((self.odd == odd) & self._can_ask)

    @cached_property
    def _can_ask(self) -> Flags:
        speaks = [bool(case.chief_complaint or case.image_report) for case in self.cases]
        told: Flags = self.judged & np.array(speaks)
        for query in np.flatnonzero(told).tolist():
            judgement = self.judgement(query)
            told[query] = bool(judgement.gains[judgement.allowed].any())
        return told


def corpus_of(cases: tuple[Case, ...]) -> Corpus:
    """A corpus of reports whose ids end in a number."""
    found = [tags(case.diagnoses) for case in cases]
    stories = [shingles(whole_text(case)) for case in cases]
    place: dict[tuple[str, ...], int] = {}
    rows = np.repeat(np.arange(len(cases)), [len(story) for story in stories])
    columns = np.array([place.setdefault(run, len(place)) for story in stories for run in story], dtype=np.int64)
    runs = sp.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(cases), len(place)))
    return Corpus(
        cases=cases,
        tags=tag_table(found),
        normal=np.array([is_normal(one) for one in found]),
        judged=np.array([bool(one) for one in found]),
        odd=np.array([int(case.case_id.rpartition("CXR")[2]) % 2 == 1 for case in cases]),
        runs=runs,
        run_counts=np.array([len(story) for story in stories], dtype=np.float32),
        is_story=np.array([Retelling([whole_text(case)]).is_retold(case) for case in cases]),
    )

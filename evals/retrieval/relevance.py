"""When two Indiana reports agree: graded by their MeSH tags, which stand in no text that is compared.

A tag is the head of a MeSH term, such as 'Cardiomegaly' of 'Cardiomegaly/mild'. A head that only names a place says
too little, so it takes its first qualifier that is no side: 'Lung/hypoinflation' is another tag than
'Lung/hyperdistention'. Agreement is the Jaccard index of the two reports' tags, in [0, 1]; 'normal' agrees with
'normal'. A report whose terms say nothing of what is seen agrees with none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wardround.agents.cases.loaders.indiana import NORMAL

__all__ = ["RELEVANT_FROM", "agreement", "is_normal", "tag_table", "tags"]

RELEVANT_FROM = 0.5  # a record counts as relevant where at least half of all tags of the two are common to both

Floats = NDArray[np.float32]
_PLACES = frozenset(
    {
        *("lung", "heart", "heart atria", "heart ventricles", "cardiac shadow", "pulmonary artery", "blood vessels"),
        *("aorta", "aorta, thoracic", "mediastinum", "lymph nodes", "trachea", "trachea, carina", "pleura", "sulcus"),
        *("costophrenic angle", "diaphragm", "abdomen", "adipose tissue", "thorax", "ribs", "shoulder", "humerus"),
        *("spine", "cervical vertebrae", "thoracic vertebrae", "lumbar vertebrae", "bone and bones"),
    }
)
_SIDES = frozenset(
    {
        *("left", "right", "bilateral", "base", "apex", "posterior", "anterior", "upper lobe", "middle lobe"),
        *("lower lobe", "lingula", "hilum", "mild", "moderate", "severe", "small", "large", "borderline"),
    }
)
_SAYS_NOTHING = frozenset({"no indexing", "technical quality of image unsatisfactory"})


def tags(terms: Sequence[str]) -> frozenset[str]:
    """The tags of a report's MeSH terms ('Opacity/lung/base/left'), in small letters."""
    told = set()
    for term in terms:
        head, *qualifiers = (" ".join(part.split()).casefold() for part in term.split("/"))
        if head in _PLACES:
            head = "/".join([head, *[one for one in qualifiers if one not in _SIDES][:1]])
        if head and head not in _SAYS_NOTHING:
            told.add(head)
    return frozenset(told)


def is_normal(found: frozenset[str]) -> bool:
    """Whether a report's tags say that nothing is wrong."""
    return found == {NORMAL}


def tag_table(reports: Sequence[frozenset[str]]) -> Floats:
    """Which report (row) has which tag (column): 0 or 1."""
    place = {tag: column for column, tag in enumerate(sorted(frozenset().union(*reports)))}
    table = np.zeros((len(reports), max(1, len(place))), dtype=np.float32)
    for row, found in enumerate(reports):
        table[row, [place[tag] for tag in found]] = 1.0
    return table


def agreement(table: Floats, query: int) -> Floats:
    """The agreement of one report with all, itself included, in [0, 1]; 0 where neither has a tag."""
    both = table @ table[query]
    either = table.sum(axis=1) + table[query].sum() - both
    agreed: Floats = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return agreed

"""Whether a model's reason says only what its citations say: the same words, each affirmed or denied as it is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wardround.orchestrator.encounter.deciders.brief import cited_words
from wardround.orchestrator.encounter.deciders.decider import View
from wardround.orchestrator.encounter.gate.words import content, stem
from wardround.orchestrator.history.reader import told_at
from wardround.orchestrator.history.rules import folded

__all__ = ["borne_out"]

# Words that argue and state nothing: they need no citation. A list of ours.
_ARGUING = """
according appear because best both case cases cause clinical compatible complaint consistent department diagnosis
evidence examination fact favour favor feature find fit follow given hence here however image indicate likely mainly
main need person point possible presentation present probable reason result seem show similar speak suggest support
therefore treatment unlikely well
"""
_ARGUE = frozenset(map(stem, _ARGUING.split()))


def _told(words: str) -> set[tuple[str, object]]:
    text = folded(words)
    return {(root, told_at(text, token.start, token.end)) for token, root in content(text) if root not in _ARGUE}


def borne_out(reason: str, citations: Sequence[str], chosen: Iterable[str], view: View) -> bool:
    """Whether every word of the reason that carries a subject, and every number, stands so in what it cites or chose.

    It is a check of words: what they amount to together is the reader's to judge.
    """
    borne = [_told(one) for one in (*(cited_words(view, id_) for id_ in citations), *chosen)]
    return _told(reason) <= set().union(*borne)

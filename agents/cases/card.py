"""The card of what compares cases: the embedder beside the keywords, and what its numbers are not."""

from __future__ import annotations

from wardround.agents.cases.store import CaseStats
from wardround.contracts.card import ModelCard

__all__ = ["card"]

_LIMITS = (
    "Similarity is a cosine of texts: no probability, not calibrated, and not comparable between embedders.",
    "Words are compared without their negation: 'no effusion' and 'effusion' share a word.",
    "What memory holds is what was imported into it: it stands for no population.",
)
# By the beginning of the embedder's name; the last stands for every other.
_LICENCES = (("lsa", "Apache-2.0"), ("all-MiniLM-L6-v2", "MIT"), ("", "that of the configured model"))
_TAUGHT = (
    ("lsa", "the records of this memory themselves; what it learned stays in the memory's own file"),
    ("all-MiniLM-L6-v2", "about a billion pairs of English sentences from the web (the model's own card)"),
    ("", "not known here; see the model's own card"),
)


def _of(name: str, table: tuple[tuple[str, str], ...]) -> str:
    return next(told for begins, told in table if name.startswith(begins))


def card(stats: CaseStats) -> ModelCard:
    """The card of a memory's embedder."""
    return ModelCard(
        name=f"case search: BM25 and {stats.model}",
        version=stats.version,
        task="Finds the cases in this memory that are most like a query, by words and by vectors of their texts",
        licence=_of(stats.model, _LICENCES),
        training_data=_of(stats.model, _TAUGHT),
        intended_use="To show earlier cases beside a new one, each with its origin; never as a finding of its own",
        limits=_LIMITS,
        calibration="none: its numbers are similarities and ranks",
    )

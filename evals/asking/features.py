"""What speaks for each option after each fact, without a language model: likeness of texts, and solved questions.

    fact, facts      the likest fact's cosine to the option, and the mean of the three likest
    context          the cosine of the option to the whole text told so far; and to the question alone
    with question    the same two of the question and the option read as one text
    solved           options that resemble the right answers of solved questions that resemble this case: of the likest
                     ones, and of all by weight, in the encoder's space; and by rare words (tf-idf)
    topics           the cosine in a latent space of words (LSA) of medical text
    central, length  what can be said of an option beside its rivals

Sentence vectors are those of an embedder; the words' model is fitted on text without the answers of the cases that are
answered. A case is never among the solved questions that it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from wardround.evals.asking.vignettes import Solved, Vignette

__all__ = ["NAMES", "Embed", "Memory", "texts_of"]

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
NAMES = (
    *("fact, likest", "facts, three likest", "context", "question", "with question, context", "with question, fact"),
    *("solved, likest", "solved, weighted", "solved, by words", "topics", "central", "length"),
)
_LIKEST = 20
_SHARPNESS = 0.03
_TOPICS = 150
_QUESTION_SHARE = 0.5
_TOKEN = r"[a-z][a-z0-9\-]{2,}"


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), dtype=np.float64)


def _told(case: Vignette) -> list[str]:
    """The text told so far, from the first state to the last."""
    return [" ".join(case.facts[:count]) for count in range(case.first, len(case.facts) + 1)]


def _asked_of(case: Vignette) -> list[str]:
    return [f"{case.question} {option}" for option in case.options]


def texts_of(cases: Sequence[Vignette], solved: Sequence[Solved]) -> Iterator[str]:
    """Every text that is embedded for these cases, so that all can be embedded at once."""
    for case in cases:
        yield from (*case.facts, *case.options, case.question, *_told(case), *_asked_of(case))
    for one in solved:
        yield from (one.question, one.answer)


class Memory:
    """Everything that is looked up while a case is answered; built from the tuning half and other solved questions."""

    def __init__(
        self, embed: Embed, tuning: Sequence[Vignette], solved: Sequence[Solved], texts: Sequence[str] = ()
    ) -> None:
        """
        Args:
            embed: texts to unit vectors.
            tuning: cases whose answers may be used, though never for themselves.
            solved: other questions with answers.
            texts: further medical text for the words' model.
        """
        self._embed = embed
        whole = [f"{' '.join(one.facts)} {one.question}" for one in tuning]
        others = [f"{one.question} {one.answer}" for one in solved]
        self._words = TfidfVectorizer(token_pattern=_TOKEN, min_df=2, stop_words="english", sublinear_tf=True)
        counts = self._words.fit_transform([*texts, *others, *whole])
        self._topics = TruncatedSVD(min(_TOPICS, min(counts.shape) - 1), random_state=0).fit(counts)
        answers = [one.options[one.truth] for one in tuning] + [one.answer for one in solved]
        told = self._sentences([_told(one)[-1] for one in tuning])
        questions = self._sentences([one.question for one in tuning])
        contexts = told + _QUESTION_SHARE * questions
        self._place = {one.id: place for place, one in enumerate(tuning)}
        self._contexts = _unit(
            np.concatenate([contexts, *map(self._sentences, [[one.question for one in solved]] if solved else [])])
        )
        self._answers = self._sentences(answers)
        self._context_words = self._sparse([*whole, *(one.question for one in solved)])
        self._answer_words = self._sparse(answers)

    def _sentences(self, texts: Sequence[str]) -> Floats:
        """(texts, dimensions), unit length."""
        return np.asarray(self._embed(texts), dtype=np.float64)

    def _sparse(self, texts: Sequence[str]) -> Any:
        """(texts, words), tf-idf of unit length, sparse."""
        return self._words.transform(texts)

    def states(self, case: Vignette) -> Floats:
        """(states, options, features), a state for each fact from the first state on; centred over the options."""
        facts, options = self._sentences(case.facts), self._sentences(case.options)
        question, asked = self._sentences([case.question])[0], self._sentences(_asked_of(case))
        told = self._sentences(_told(case))
        near = _unit(told + _QUESTION_SHARE * question) @ self._contexts.T
        words = self._sparse([f"{text} {case.question}" for text in _told(case)])
        near_words = (words @ self._context_words.T).toarray()
        own = self._place.get(case.id)
        if own is not None:
            near[:, own], near_words[:, own] = -1.0, 0.0
        alike = options @ self._answers.T
        option_words = self._sparse(case.options)
        alike_words = (option_words @ self._answer_words.T).toarray()
        topics = _unit(self._topics.transform(words)) @ _unit(self._topics.transform(option_words)).T
        to_facts, asked_to_facts = facts @ options.T, facts @ asked.T
        central = (options @ options.T).sum(axis=1) - 1.0
        length = np.log([max(1, len(option)) for option in case.options])
        states = []
        for place, count in enumerate(range(case.first, len(case.facts) + 1)):
            likest = np.argsort(-near[place], kind="stable")[:_LIKEST]
            weights = np.exp((near[place] - near[place].max()) / _SHARPNESS)
            states.append(
                [
                    to_facts[:count].max(axis=0),
                    np.sort(to_facts[:count], axis=0)[-3:].mean(axis=0),
                    options @ told[place],
                    options @ question,
                    asked @ told[place],
                    asked_to_facts[:count].max(axis=0),
                    (alike[:, likest] * near[place][likest]).max(axis=1),
                    alike @ weights / weights.sum(),
                    (alike_words * near_words[place]).max(axis=1),
                    topics[place],
                    central,
                    length,
                ]
            )
        found = np.asarray(states, dtype=np.float64).transpose(0, 2, 1)
        return np.asarray(found - found.mean(axis=1, keepdims=True), dtype=np.float64)

"""A real small model behind a real OpenAI-compatible server, whose decoding is held to the schema by a grammar."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import pytest
from model_asking import ask_all, question
from pydantic import Field
from small_model import SmallModel, small_model

from wardround.contracts.base import Word
from wardround.contracts.evidence import Polarity
from wardround.contracts.language import LanguageModel
from wardround.providers.open import open_model
from wardround.providers.settings import ProviderSettings
from wardround.providers.typed import Typed, ask_typed

pytestmark = pytest.mark.slow


class Opinion(Word):
    """A small answer."""

    finding: Annotated[str, Field(max_length=30)]
    polarity: Polarity
    citations: Annotated[tuple[Annotated[str, Field(max_length=6)], ...], Field(max_length=3)]


@pytest.fixture(scope="module")
def served() -> Iterator[SmallModel]:
    """The model, loaded once for all tests here."""
    with small_model() as model:
        yield model


def _opened(served: SmallModel) -> LanguageModel:
    model = open_model(ProviderSettings(provider="openai", base_url=served.base_url, model=served.model))
    assert model is not None
    return model


def test_every_typed_answer_of_a_model_that_invents_freely_has_the_asked_form(served: SmallModel) -> None:
    wished = [f"Evidence: [E{n}] Effusion, score 0.{n}. Give your opinion and cite the evidence." for n in range(1, 6)]

    async def story(model: LanguageModel) -> list[Typed[Opinion]]:
        answers = [
            await ask_typed(model, question(wish, max_tokens=200, temperature=1.0, seed=n), Opinion)
            for n, wish in enumerate(wished)
        ]
        await model.close()
        return answers

    for answer in asyncio.run(story(_opened(served))):
        assert answer.value is not None, answer.problem
        (exchange,) = answer.exchanges
        assert exchange.usage.prompt_tokens > 0 and 0 < exchange.usage.completion_tokens <= 200
        assert exchange.model == served.model


def test_an_answer_streams_and_the_same_question_gives_the_same_answer(served: SmallModel) -> None:
    heard: list[str] = []
    first, second = ask_all(_opened(served), [question("Name one organ.", max_tokens=20)] * 2, heard)
    assert first.text == second.text != ""
    assert "".join(heard).replace(" ", "") == (first.text * 2).replace(" ", "")
    assert len(heard) > 2

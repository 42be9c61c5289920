"""Language models that play a patient badly: they lie, volunteer, invent, name the diagnosis, fail; one plays well."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence

from wardround.contracts.errors import Fault, ProblemCode
from wardround.contracts.language import Heard, ModelReply, ModelRequest

__all__ = ["LIES", "ScriptedPatient", "honest", "lying"]

Script = Callable[[Sequence[str], str], str]


class ScriptedPatient:
    """A model that answers by a script from the sentences that it was shown and the question."""

    name = "scripted:patient"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.shown: list[str] = []

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """One scripted answer."""
        said = request.messages[-1].text if len(request.messages) < 3 else request.messages[1].text
        self.shown.append(said)
        sentences = re.findall(r"^\d+\. (.*)$", said, re.MULTILINE)
        return ModelReply(text=self._script(sentences, said), model=self.name)

    async def close(self) -> None:
        """Nothing to free."""


def _says(words: str, *used: int) -> str:
    return json.dumps({"words": words, "used": used})


def honest(sentences: Sequence[str], said: str) -> str:
    """The first sentence, as it stands."""
    return _says(sentences[0], 1)


def lying(diagnosis: str, chance: random.Random) -> Script:
    """One lie after another, at random."""

    def script(sentences: Sequence[str], said: str) -> str:
        return chance.choice(LIES)(sentences, diagnosis)

    return script


def _raises(sentences: Sequence[str], diagnosis: str) -> str:
    raise Fault(ProblemCode.REASONER_DOWN, "The language model is down.")


def _breaks(sentences: Sequence[str], diagnosis: str) -> str:
    raise RuntimeError("not a provider's error")


LIES: tuple[Callable[[Sequence[str], str], str], ...] = (
    lambda sentences, diagnosis: _says(f"I have {diagnosis}.", 1),
    lambda sentences, diagnosis: _says(f"{sentences[0]} The doctor said it is {diagnosis}.", 1),
    lambda sentences, diagnosis: _says(f"{sentences[0]} My haemoglobin was 7.1 and the scan showed a mass.", 1),
    lambda sentences, diagnosis: _says("I also have chest pain, and my urine is dark.", 1),
    lambda sentences, diagnosis: _says(f"It is not so that {sentences[0]}", 1),
    lambda sentences, diagnosis: _says(re.sub(r"\d+", "99", sentences[0]) + " 99", 1),
    lambda sentences, diagnosis: _says(sentences[0], 150),
    lambda sentences, diagnosis: _says(sentences[0]),
    lambda sentences, diagnosis: _says("Yes."),
    lambda sentences, diagnosis: _says("I do not know."),
    lambda sentences, diagnosis: _says("", 1),
    lambda sentences, diagnosis: "no JSON at all",
    lambda sentences, diagnosis: '{"words": 7, "used": "all"}',
    _raises,
    _breaks,
)

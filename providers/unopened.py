"""A language model that could not be opened: it answers every question with why, so that a run goes on without it."""

from __future__ import annotations

from wardround.contracts.errors import WardroundError
from wardround.contracts.language import Heard, ModelReply, ModelRequest

__all__ = ["Unopened"]


class Unopened:
    """Stands in for a model whose settings or key are wrong."""

    def __init__(self, name: str, error: WardroundError) -> None:
        self.error = error
        self._name = name

    @property
    def name(self) -> str:
        """As the model would have been called."""
        return self._name

    async def ask(self, request: ModelRequest, heard: Heard | None = None) -> ModelReply:
        """Never answers.

        Raises:
            CallerError, Fault: why the model could not be opened.
        """
        raise self.error

    async def close(self) -> None:
        """Nothing is held."""

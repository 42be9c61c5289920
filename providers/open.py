"""Opens the language model that the settings name; where they name none, there is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points

from wardround.contracts.errors import CallerError, ProblemCode, WardroundError
from wardround.contracts.language import LanguageModel
from wardround.providers.anthropic import AnthropicModel
from wardround.providers.keys import Key, read_key
from wardround.providers.openai import OpenAIModel
from wardround.providers.settings import NONE, ProviderSettings

__all__ = ["GROUP", "known_providers", "open_model"]

GROUP = "wardround.providers"
_BUILT_IN: dict[str, Callable[[ProviderSettings, Key | None], LanguageModel]] = {
    "anthropic": AnthropicModel,
    "openai": OpenAIModel,
}


def _registered() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def known_providers() -> tuple[str, ...]:
    """Names that `ProviderSettings.provider` may take here; 'none' first."""
    return (NONE, *sorted({*_BUILT_IN, *_registered()}))


def open_model(settings: ProviderSettings, environment: Mapping[str, str] = os.environ) -> LanguageModel | None:
    """The model, which nobody has asked yet and which may still turn out to be down; None for 'none'.

    A provider of one's own is a function `build(settings) -> LanguageModel` in the entry-point group
    `wardround.providers`.

    Raises:
        CallerError: BAD_ARGUMENT for an unknown provider or a setting that it lacks, REASONER_KEY for a key that
            cannot be read.
    """
    if settings.provider == NONE:
        return None
    if settings.provider in _BUILT_IN:
        return _BUILT_IN[settings.provider](settings, read_key(settings, environment))
    entry = _registered().get(settings.provider)
    if entry is None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"There is no language model provider '{settings.provider}'.",
            f"Known are {', '.join(known_providers())}.",
        )
    try:
        model: LanguageModel = entry.load()(settings)
    except WardroundError:
        raise
    except Exception as error:  # a package of anyone's: whatever it raises, its type is all that is told
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The language model provider '{settings.provider}' cannot be opened: {type(error).__name__}.",
            "Install what it needs, or choose another provider.",
        ) from error
    return model

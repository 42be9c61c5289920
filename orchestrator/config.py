"""Configuration: `wardround.toml` and environment; with neither, every specialist runs embedded in this process.

    [specialists.cxr]                    # a built-in one, moved to another process or machine
    url = "http://127.0.0.1:8801/mcp"

    [specialists.mymodel]                # anyone's MCP server that speaks the evidence schema
    command = ["python", "my_server.py"]
    roles = { detect = "classify" }      # only where its tools do not say their role themselves

    [priors]                             # this site's own share of films that show a finding, in place of the table's
    Pneumonia = 0.013                    # strictly between 0 and 1; any name of the finding, quoted where it has spaces

    [selective]                          # answer, or leave the film to a person
    coverage = 0.8                       # share of films to answer, from 0.5 to 1; without it nothing is deferred

    [reasoner]                           # the language model that argues from the evidence; without it, templates
    provider = "openai"                  # any OpenAI-compatible endpoint; or anthropic, transformers, none
    base_url = "http://127.0.0.1:8080/v1"
    model = "qwen3-32b"
    key_env = "MY_KEY"                   # the variable that holds the key, or key_file
    strategy = "adaptive"                # direct, chain-of-diagnosis, self-consistency, retrieval-augmented, panel

    [encounter]                          # decide: who decides, and within which bounds
    mode = "cases"                       # case votes, without a language model; or single, panel
    budget = 2000                        # what orders may cost; without it there is no limit

    [service]                            # serve: the REST service
    hosts = ["ward.example.org"]         # names under which it is reached, beside this machine's own
    tokens = "tokens.toml"               # who may call; made by 'wardround token'

Environment: WARDROUND_CONFIG (the file), WARDROUND_HOME (data folder), WARDROUND_STORE (artefact folder),
WARDROUND_URL_<NAME> (a specialist's address, which wins over the file).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wardround.contracts.encounter import EncounterMode
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import data_home
from wardround.contracts.reasoning import StrategyName
from wardround.contracts.roles import Role
from wardround.contracts.site_priors import site_priors
from wardround.providers.settings import ProviderSettings

__all__ = [
    "BUILT_IN",
    "Configuration",
    "EncounterConfig",
    "ReasonerConfig",
    "ServiceConfig",
    "SpecialistConfig",
    "load_configuration",
]

BUILT_IN = ("intake", "cxr", "anatomy", "lesions", "evidence", "cases", "survival")
_URL_PREFIX = "WARDROUND_URL_"
_Seconds = Annotated[float, Field(gt=0, le=3600)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpecialistConfig(_Section):
    """Where one specialist runs, and how far it is trusted. Neither `command` nor `url`: embedded (built-in only)."""

    command: tuple[str, ...] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    url: str | None = None
    enabled: bool = True
    timeout_s: _Seconds = 60.0
    connect_timeout_s: _Seconds | None = None
    roles: dict[Role, str] = Field(default_factory=dict)
    calibrated: bool = Field(default=False, description="Whether a foreign server's numbers are probabilities here.")

    @property
    def patience_s(self) -> float:
        """Seconds to wait for a connection: a process that starts and imports needs longer than one that listens."""
        return self.connect_timeout_s or (5.0 if self.url else 60.0)

    @model_validator(mode="after")
    def _one_place(self) -> SpecialistConfig:
        if self.command is not None and self.url is not None:
            raise ValueError("give 'command' or 'url', not both")
        if self.command is not None and not self.command:
            raise ValueError("'command' is empty")
        if self.url is not None and urlsplit(self.url).scheme not in {"http", "https"}:
            raise ValueError("'url' must begin with http:// or https://")
        return self


class ArtefactConfig(_Section):
    """Where this process serves artefacts to specialists that cannot see the store folder: `host:port`."""

    serve: str | None = None


class IntakeConfig(_Section):
    """Folders from which films may be opened by clients that are not the shell's own user."""

    allow: tuple[Path, ...] = ()


class SelectiveConfig(_Section):
    """The share of films, in [0.5, 1], that is to be answered where a calibrated detector can tell; None: all."""

    coverage: Annotated[float, Field(ge=0.5, le=1.0)] | None = None


class ReasonerConfig(ProviderSettings):
    """The language model that reasons, and how it is led.

    Attributes:
        strategy: how; see `StrategyName`.
        samples: of the self-consistency strategy.
        max_claims: in one answer; `max_citations` in one claim.
        budget: how many wishes for more evidence are granted in one run.
        repair_rounds: how often it is told the faults of its claims.
        reads_history: whether it reads the history beside the rules, in a question of its own, under a check.
    """

    strategy: StrategyName = StrategyName.ADAPTIVE
    samples: Annotated[int, Field(ge=1, le=25)] = 3
    max_claims: Annotated[int, Field(ge=1, le=60)] = 24
    max_citations: Annotated[int, Field(ge=1, le=40)] = 16
    budget: Annotated[int, Field(ge=0, le=20)] = 4
    repair_rounds: Annotated[int, Field(ge=0, le=2)] = 2
    reads_history: bool = False


class EncounterConfig(_Section):
    """How encounters are played; see `EncounterOptions` for the bounds.

    Attributes:
        mode: who decides: 'cases' needs no language model.
        budget: what the orders of one encounter may cost; None: no limit.
        prices: a CSV file of prices by examination, in place of the table that comes with the program.
        remember: whether a finished encounter is kept in case memory, as a record of the lowest trust.
    """

    mode: EncounterMode = EncounterMode.CASES
    budget: Annotated[float, Field(ge=0.0)] | None = None
    prices: Path | None = None
    remember: bool = True
    max_questions: Annotated[int, Field(ge=0, le=50)] = 8
    max_orders: Annotated[int, Field(ge=0, le=20)] = 4
    max_rounds: Annotated[int, Field(ge=1, le=5)] = 2
    max_reopenings: Annotated[int, Field(ge=0, le=4)] = 1
    red_flags: Literal["escalate", "note"] = "escalate"
    least_support: Annotated[float, Field(ge=0.0, le=1.0)] = 0.2
    cases: Annotated[int, Field(ge=1, le=20)] = 5


class ServiceConfig(_Section):
    """The REST service.

    Attributes:
        hosts: names under which it may be reached beside this machine's own; any other Host header is refused.
        origins: web pages that may call it, such as `https://ward.example.org`; any other Origin is refused.
        tokens: who may call; None: `tokens.toml` in the data folder.
        upload_mb: the most that the files of one study may have, in megabytes.
        most_queued: how many jobs may wait; further ones are refused until there is room.
        keep_days: how long ended jobs with their runs, and studies, are kept.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    tokens: Path | None = None
    upload_mb: Annotated[int, Field(ge=1, le=4096)] = 256
    most_queued: Annotated[int, Field(ge=1, le=100_000)] = 200
    keep_days: Annotated[float, Field(gt=0, le=3650)] = 30.0


class Configuration(_Section):
    """All that can be configured; the defaults run at once, offline, in one process."""

    home: Path
    store: Path
    specialists: dict[str, SpecialistConfig]
    artefacts: ArtefactConfig = ArtefactConfig()
    intake: IntakeConfig = IntakeConfig()
    priors: dict[str, float] = Field(default_factory=dict, description="Share of films in (0, 1) by finding label.")
    selective: SelectiveConfig = SelectiveConfig()
    reasoner: ReasonerConfig = ReasonerConfig()
    encounter: EncounterConfig = EncounterConfig()
    service: ServiceConfig = ServiceConfig()

    @field_validator("priors", mode="before")
    @classmethod
    def _by_label(cls, given: object) -> dict[str, float]:
        if not isinstance(given, Mapping):
            raise ValueError("give a share of films per finding, for example Pneumonia = 0.013")
        return site_priors(given)

    @property
    def tokens_file(self) -> Path:
        """Where the service's tokens lie, or would lie."""
        return self.service.tokens or self.home / "tokens.toml"

    @property
    def artefact_hosts(self) -> frozenset[str]:
        """`host:port` of every configured server: artefacts are read from these and no others."""
        urls = (urlsplit(one.url) for one in self.specialists.values() if one.url)
        return frozenset(url.netloc for url in urls)


def _specialists(raw: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    merged: dict[str, dict[str, Any]] = {name: {} for name in BUILT_IN}
    merged.update({name: dict(section) for name, section in raw.items()})
    for key, value in environment.items():
        if key.startswith(_URL_PREFIX) and value:
            section = merged.setdefault(key.removeprefix(_URL_PREFIX).lower(), {})
            section.pop("command", None)
            section["url"] = value
    return merged


def load_configuration(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Reads the file (argument, else WARDROUND_CONFIG, else ./wardround.toml if there is one) and the environment.

    Raises:
        CallerError: BAD_ARGUMENT; the file is missing, is no TOML, or says something unknown.
    """
    named = file or (Path(environment["WARDROUND_CONFIG"]) if environment.get("WARDROUND_CONFIG") else None)
    path = named or Path("wardround.toml")
    raw: dict[str, Any] = {}
    if named is not None or path.is_file():
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The configuration file '{path.name}' cannot be read: {getattr(error, 'strerror', None) or error}.",
            ) from error
    home = Path(raw.pop("home", None) or data_home(environment))
    store = Path(raw.pop("store", None) or environment.get("WARDROUND_STORE") or home / "store")
    try:
        specialists = _specialists(raw.pop("specialists", {}), environment)
        configuration = Configuration.model_validate({"home": home, "store": store, "specialists": specialists, **raw})
    except (ValidationError, TypeError, ValueError, AttributeError) as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The configuration is not valid: {_first(error)}.",
            "See 'Configuration' in README.md.",
        ) from error
    for name, one in configuration.specialists.items():
        if name not in BUILT_IN and one.command is None and one.url is None:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The specialist '{name}' is not built in and has neither 'command' nor 'url'.",
                f"Built in are {', '.join(BUILT_IN)}.",
            )
    return configuration


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)

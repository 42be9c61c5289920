"""Which language model is asked, where it is, how long and how often: the settings of one provider, never its key."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["NONE", "ProviderSettings", "is_loopback"]

NONE = "none"
# The end of an environment variable's name, and the setting that it stands for.
_VARIABLES = {
    "PROVIDER": "provider",
    "URL": "base_url",
    "MODEL": "model",
    "KEY_ENV": "key_env",
    "KEY_FILE": "key_file",
    "ALLOW_PLAIN_HTTP": "allow_plain_http",
    "TIMEOUT_S": "timeout_s",
    "MAX_TOKENS": "max_tokens",
    "TEMPERATURE": "temperature",
    "SEED": "seed",
    "RETRIES": "retries",
    "CONTEXT_TOKENS": "context_tokens",
    "PRICE_IN": "price_in",
    "PRICE_OUT": "price_out",
    "CURRENCY": "currency",
}


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine by its very name or number; no name is looked up."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class ProviderSettings(BaseModel):
    """How one language model is reached.

    Attributes:
        provider: 'none', 'openai' (any OpenAI-compatible endpoint), 'anthropic', 'transformers', or another name in the
            entry-point group `wardround.providers`.
        base_url: http(s) address of the API, such as `http://127.0.0.1:11434/v1`; without a user, password or query.
        model: the provider's name for the model; for 'transformers' a folder, a GGUF file or a name in the cache.
        key_env: name of the environment variable that holds the key; the key itself is no setting.
        key_file: file whose only line is the key.
        allow_plain_http: lets a key travel unencrypted to another machine.
        timeout_s: seconds for one question, with all its retries.
        max_tokens: of one answer, thinking included where the provider counts it so.
        retries: further tries after a failure that may pass.
        price_in, price_out: per million tokens of prompt and of completion, in `currency`; None: not known.
        context_tokens: how many tokens the model can attend to, where the provider does not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] = NONE
    base_url: Annotated[str, Field(max_length=500)] = ""
    model: Annotated[str, Field(max_length=500)] = ""
    key_env: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")] = ""
    key_file: Path | None = None
    allow_plain_http: bool = False
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    max_tokens: Annotated[int, Field(gt=0, le=1_000_000)] = 1024
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    seed: int | None = None
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    price_in: Annotated[float, Field(ge=0.0)] | None = None
    price_out: Annotated[float, Field(ge=0.0)] | None = None
    currency: Annotated[str, Field(min_length=1, max_length=10)] = "USD"
    context_tokens: Annotated[int, Field(gt=0)] | None = None

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        if not url:
            return url
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise ValueError("it is no address") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("it must begin with http:// or https:// and name a host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("it must hold no user, password, query or fragment; a key belongs in key_env or key_file")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _kept_secret(self) -> ProviderSettings:
        if self.key_env and self.key_file is not None:
            raise ValueError("give key_env or key_file, not both")
        plain = urlsplit(self.base_url).scheme == "http" and not is_loopback(self.base_url)
        if plain and self.has_key and not self.allow_plain_http:
            raise ValueError("a key would travel unencrypted: use https, or set allow_plain_http = true")
        return self

    @property
    def has_key(self) -> bool:
        """Whether a place for a key is named."""
        return bool(self.key_env) or self.key_file is not None

    @classmethod
    def from_environment(cls, prefix: str, environment: Mapping[str, str]) -> ProviderSettings:
        """Reads PREFIX with PROVIDER, URL, MODEL, KEY_ENV, KEY_FILE, TIMEOUT_S and the other settings in capitals.

        Raises:
            CallerError: BAD_ARGUMENT; the message names the first variable that is wrong, not its value.
        """
        named = {setting: f"{prefix}{end}" for end, setting in _VARIABLES.items()}
        given: dict[str, Any] = {
            setting: environment[name] for setting, name in named.items() if environment.get(name, "") != ""
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = named.get(str(first["loc"][0]), prefix) if first["loc"] else f"{prefix}*"
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The settings of a language model are not valid: {where}: {first['msg']}.",
                "Mend or unset that variable.",
            ) from None

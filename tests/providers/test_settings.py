"""Settings of a provider: what is refused, where the key may lie, and that it is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_endpoints import KEY
from pydantic import ValidationError

from wardround.contracts.errors import CallerError, ProblemCode
from wardround.providers.keys import read_key
from wardround.providers.open import known_providers, open_model
from wardround.providers.settings import ProviderSettings, is_loopback

LOCAL = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"base_url": "ftp://host/v1"}, "http"),
        ({"base_url": "http://"}, "http"),
        ({"base_url": "https://host:port/v1"}, "no address"),
        ({"base_url": "https://me:secret@host/v1"}, "key_env"),
        ({"base_url": "https://host/v1?key=1"}, "key_env"),
        ({"base_url": "http://host/v1", "key_env": "K"}, "allow_plain_http"),
        ({"base_url": "http://127.0.0.1.evil.example/v1", "key_env": "K"}, "allow_plain_http"),
        ({"key_env": "K", "key_file": "k"}, "not both"),
        ({"key_env": "sk-no name"}, "key_env"),
        ({"key": KEY}, "Extra inputs"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"retries": 11}, "retries"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ProviderSettings.model_validate(wrong)
    assert told in str(refused.value)


def test_a_key_may_travel_unencrypted_only_on_this_machine_or_where_that_is_allowed() -> None:
    for url in (LOCAL, "http://localhost/v1", "http://[::1]:1/v1", "https://host/v1"):
        assert ProviderSettings(base_url=url, key_env="K").has_key
    assert ProviderSettings(base_url="http://host/v1", key_env="K", allow_plain_http=True).has_key
    assert ProviderSettings(base_url="http://host/v1").base_url == "http://host/v1"
    assert not is_loopback("http://localhost.example/v1")


def test_settings_come_from_the_environment_and_a_wrong_one_is_named_without_its_value() -> None:
    environment = {"X_PROVIDER": "openai", "X_URL": f"{LOCAL}/", "X_MODEL": "m", "X_TIMEOUT_S": "7", "X_SEED": ""}
    found = ProviderSettings.from_environment("X_", environment)
    assert (found.provider, found.base_url, found.timeout_s, found.seed) == ("openai", LOCAL, 7.0, None)
    with pytest.raises(CallerError) as refused:
        ProviderSettings.from_environment("X_", {**environment, "X_URL": f"https://{KEY}@host"})
    assert refused.value.problem.code is ProblemCode.BAD_ARGUMENT
    assert "X_URL" in refused.value.problem.message
    assert KEY not in str(refused.value.problem)


def test_a_key_is_read_from_the_environment_or_a_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    for settings in (ProviderSettings(key_env="K"), ProviderSettings(key_file=file)):
        key = read_key(settings, {"K": f" {KEY} "})
        assert key is not None and key.get_secret_value() == KEY
        assert KEY not in f"{key!r} {key} {settings!r} {settings.model_dump_json()}"
    assert read_key(ProviderSettings(), {"K": KEY}) is None


@pytest.mark.parametrize("content", ["", "two\nlines", "two words", "schlüssel"])
def test_what_is_no_key_is_refused_without_being_repeated(content: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(0o600)
    for settings in (ProviderSettings(key_env="K"), ProviderSettings(key_file=file)):
        with pytest.raises(CallerError) as refused:
            read_key(settings, {"K": content})
        assert refused.value.problem.code is ProblemCode.REASONER_KEY
        assert not content or content not in str(refused.value.problem)


def test_a_key_file_that_is_missing_or_open_to_everyone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(CallerError, match="cannot be read") as missing:
        read_key(ProviderSettings(key_file=file))
    assert str(tmp_path) not in str(missing.value.problem)
    file.write_text(KEY)
    file.chmod(0o644)
    with pytest.raises(CallerError, match="every user") as shared:
        read_key(ProviderSettings(key_file=file))
    assert shared.value.problem.hint == "chmod 600 key"


def test_no_provider_is_no_model_and_an_unknown_one_is_refused_with_the_list() -> None:
    assert open_model(ProviderSettings()) is None
    with pytest.raises(CallerError, match="'mystery'") as refused:
        open_model(ProviderSettings(provider="mystery"))
    assert {"none", "anthropic", "openai", "transformers"} <= set(known_providers())
    assert all(name in refused.value.problem.hint for name in known_providers())


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (ProviderSettings(provider="openai", model="m"), ProblemCode.BAD_ARGUMENT),
        (ProviderSettings(provider="openai", base_url=LOCAL), ProblemCode.BAD_ARGUMENT),
        (ProviderSettings(provider="openai", base_url="http://a\x00b", model="m"), ProblemCode.BAD_ARGUMENT),
        (ProviderSettings(provider="anthropic", key_env="K"), ProblemCode.BAD_ARGUMENT),
        (ProviderSettings(provider="anthropic", model="m"), ProblemCode.REASONER_KEY),
        (ProviderSettings(provider="openai", base_url=LOCAL, model="m", key_env="NONE"), ProblemCode.REASONER_KEY),
        (ProviderSettings(provider="transformers"), ProblemCode.BAD_ARGUMENT),
    ],
)
def test_a_provider_says_what_it_lacks_when_it_is_opened(settings: ProviderSettings, code: ProblemCode) -> None:
    with pytest.raises(CallerError) as refused:
        open_model(settings, {"K": KEY})
    assert refused.value.problem.code is code
    assert refused.value.problem.hint or "needs 'model'" in refused.value.problem.message


def test_the_name_of_a_model_holds_neither_address_nor_key() -> None:
    model = open_model(ProviderSettings(provider="openai", base_url=LOCAL, model="m", key_env="K"), {"K": KEY})
    assert model is not None and model.name == "openai:m"
    assert KEY not in repr(model) + repr(vars(model))

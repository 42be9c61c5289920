"""Who calls, and what they may: bearer tokens of which only digests are kept, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from wardround.contracts.base import Word
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder

__all__ = ["LOCAL", "Caller", "Scope", "Tokens", "check_bind", "new_token", "read_tokens"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


class Scope(StrEnum):
    """What a token is good for; `admin` includes the others, and sees everybody's jobs."""

    READ = "read"
    RUN = "run"
    ADMIN = "admin"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls. `name` owns what they submit."""

    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the caller's token is good for it."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def sees(self) -> str | None:
        """Whose things the caller sees; None: everybody's."""
        return None if Scope.ADMIN in self.scopes else self.name


# Without any token only this machine is served, and its user is trusted as at the shell.
LOCAL = Caller("local", frozenset(Scope))


class _Token(Word):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    expires: date | None = None


class Tokens:
    """All tokens that are accepted."""

    def __init__(self, tokens: Mapping[str, _Token]) -> None:
        self._tokens = dict(tokens)

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def caller(self, token: str) -> Caller | None:
        """Whose token it is; None where it is nobody's, or has expired. Every digest is compared, whichever fits."""
        digest = _digest(token)
        found: Caller | None = None
        for name, one in self._tokens.items():
            same = hmac.compare_digest(digest, one.sha256)
            if same and (one.expires is None or datetime.now(UTC).date() <= one.expires):
                found = Caller(name, frozenset(one.scopes))
        return found


def _digest(token: str) -> str:
    # Tokens are random and long: a slow hash would protect nothing that a fast one does not.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def read_tokens(file: Path, environment: Mapping[str, str] = os.environ) -> Tokens:
    """The tokens of a file, where it is there, and that of WARDROUND_TOKEN, which may read and run as `environment`.

    Raises:
        CallerError: BAD_ARGUMENT, the file cannot be read as tokens; others than its owner may read it.
    """
    told = environment.get("WARDROUND_TOKEN", "")
    tokens: dict[str, _Token] = {}
    if told:
        if len(told) < 32:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT, "WARDROUND_TOKEN is shorter than 32 characters.", "Use a long random one."
            )
        tokens["environment"] = _Token(sha256=_digest(told), scopes=(Scope.READ, Scope.RUN))
    if not file.exists():
        return Tokens(tokens)
    try:
        if file.stat().st_mode & 0o077:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT, f"Others may read '{file.name}'.", "Make it its owner's alone: chmod 600."
            )
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        return Tokens(tokens | TypeAdapter(dict[str, _Token]).validate_python(raw))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"The tokens in '{file.name}' cannot be read: {type(error).__name__}.",
            "Let 'wardround token' write them.",
        ) from error


def new_token(file: Path, name: str, scopes: Sequence[Scope], expires: date | None = None) -> str:
    """Makes a token of 256 bits, keeps its digest in the file, and returns it: it can be read nowhere else.

    Raises:
        CallerError: BAD_ARGUMENT, no good name, or one that is taken; the file cannot be read or written.
    """
    if not _NAME.fullmatch(name):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "A name has 1 to 40 letters, digits, dots, dashes.", "For example 'pacs-1'."
        )
    private_folder(file.parent, "WARDROUND_HOME")
    read_tokens(file, {})
    known = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if name in known:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"There is a token of '{name}'.", "Remove its section from the file first."
        )
    token = secrets.token_urlsafe(32)
    granted = ", ".join(f'"{one.value}"' for one in scopes)
    lines = [f'["{name}"]', f'sha256 = "{_digest(token)}"', f"scopes = [{granted}]"]
    lines += [f"expires = {expires.isoformat()}"] if expires is not None else []
    handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as opened:
        opened.write("\n".join([*lines, "", ""]))
    return token


def check_bind(host: str, loopback: frozenset[str], tokens: Tokens, hosts: Sequence[str]) -> None:
    """Refuses to listen beyond this machine without tokens, or without the names under which that is meant to be.

    Raises:
        CallerError: FORBIDDEN.
    """
    if host in loopback or f"[{host}]" in loopback:
        return
    if not tokens:
        raise CallerError(
            ProblemCode.FORBIDDEN,
            f"Refused to listen on '{host}' without a token: anybody could call.",
            "Make one with 'wardround token NAME', or listen on 127.0.0.1.",
        )
    if not hosts:
        raise CallerError(
            ProblemCode.FORBIDDEN,
            f"Refused to listen on '{host}' without the names under which it is reached.",
            "List them in [service] hosts of wardround.toml, or with --allow-host.",
        )

"""The header `Idempotency-Key`: what a caller calls a request, so that repeating it makes nothing twice."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header

from wardround.contracts.base import Word
from wardround.contracts.jobs import JobKind
from wardround.orchestrator.jobs.queue import Key

__all__ = ["IdempotencyKey", "key_of"]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[!-~]+$",
        description="Random, one for each request: the same key with the same request gives the job that there is.",
        examples=["5f0c7c1e-6d6b-4d0e-9f4e-0d3b2f9f2f5a"],
    ),
]


def key_of(told: str | None, kind: JobKind, request: Word) -> Key | None:
    """The key with the digest of the request that it stands for, in canonical form."""
    if told is None:
        return None
    canonical = f"{kind.value}\n{request.model_dump_json()}"
    return Key(told, f"sha256:{hashlib.sha256(canonical.encode('utf-8')).hexdigest()}")

"""Expiring, signed URLs of artefacts, for servers that cannot see the store folder."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from urllib.parse import urlencode

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["UrlSigner"]

_MIN_KEY_BYTES = 16


class UrlSigner:
    """Signs `{base}/artefacts/{hex}?expires=…&signature=…` with HMAC-SHA256 (RFC 2104) over digest and expiry."""

    def __init__(
        self, key: bytes, base_url: str, lifetime_s: int = 900, *, clock: Callable[[], float] = time.time
    ) -> None:
        """
        Raises:
            ValueError: the key has fewer than 16 bytes.
        """
        if len(key) < _MIN_KEY_BYTES:
            raise ValueError(f"a signing key needs at least {_MIN_KEY_BYTES} bytes")
        self._key = key
        self._base = base_url.rstrip("/")
        self._lifetime_s = lifetime_s
        self._clock = clock

    def _signature(self, digest_hex: str, expires: int) -> str:
        return hmac.new(self._key, f"{digest_hex}\n{expires}".encode(), hashlib.sha256).hexdigest()

    def sign(self, digest: str) -> str:
        """The URL under which an artefact (`sha256:…`) may be read until it expires."""
        digest_hex = digest.removeprefix("sha256:")
        expires = int(self._clock()) + self._lifetime_s
        query = urlencode({"expires": expires, "signature": self._signature(digest_hex, expires)})
        return f"{self._base}/artefacts/{digest_hex}?{query}"

    def check(self, digest_hex: str, expires: str, signature: str) -> None:
        """Accept a URL's parts, compared in constant time.

        Raises:
            CallerError: FORBIDDEN, not signed by this server; EXPIRED, signed but too old.
        """
        well_formed = re.fullmatch(r"[0-9a-f]{64}", digest_hex) and re.fullmatch(r"[0-9]{1,12}", expires)
        wanted = self._signature(digest_hex, int(expires)) if well_formed else ""
        if not wanted or not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
            raise CallerError(
                ProblemCode.FORBIDDEN, "This artefact's URL was not signed by this server.", "Ask for the study again."
            )
        if int(expires) < self._clock():
            raise CallerError(
                ProblemCode.EXPIRED, "This artefact's URL has expired.", "Ask for the study again to get a new one."
            )

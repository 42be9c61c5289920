"""Signed URLs: good until they expire, and for nothing else."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from wardround.agents.imaging.signing import UrlSigner
from wardround.contracts.errors import CallerError, ProblemCode

_DIGEST = "sha256:" + "ab" * 32


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def _parts(url: str) -> tuple[str, str, str]:
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path.rsplit("/", 1)[1], query["expires"][0], query["signature"][0]


def test_a_signed_url_is_accepted_until_it_expires() -> None:
    clock = Clock()
    signer = UrlSigner(b"k" * 32, "http://intake:8001/", 60, clock=clock)
    url = signer.sign(_DIGEST)
    assert url.startswith(f"http://intake:8001/artefacts/{'ab' * 32}?")
    signer.check(*_parts(url))
    clock.now += 61
    with pytest.raises(CallerError) as late:
        signer.check(*_parts(url))
    assert late.value.problem.code is ProblemCode.EXPIRED


@pytest.mark.parametrize("what", ["digest", "expires", "signature", "key", "words", "unicode"])
def test_a_forged_url_is_forbidden(what: str) -> None:
    signer = UrlSigner(b"k" * 32, "http://intake:8001")
    digest, expires, signature = _parts(signer.sign(_DIGEST))
    forged = {
        "digest": ("cd" * 32, expires, signature),
        "expires": (digest, str(int(expires) + 9999), signature),
        "signature": (digest, expires, "0" * 64),
        "key": _parts(UrlSigner(b"x" * 32, "http://intake:8001").sign(_DIGEST)),
        "words": ("../../x", "soon", ""),
        "unicode": (digest, "１２３", "\udcff"),
    }[what]
    with pytest.raises(CallerError) as refused:
        signer.check(*forged)
    assert refused.value.problem.code is ProblemCode.FORBIDDEN


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        UrlSigner(b"short", "http://intake:8001")

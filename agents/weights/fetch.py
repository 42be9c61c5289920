"""Fetching a published model on request: download under a size cap, digest, conversion, pin. Never by itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx2

from wardround.agents.weights.convert import to_safetensors
from wardround.agents.weights.load import load_safetensors
from wardround.agents.weights.lock import Pin, pin, pinned
from wardround.agents.weights.registry import ModelEntry, entry, folder, shown, weights_path
from wardround.contracts.errors import CallerError, Fault, ProblemCode

__all__ = ["Progress", "pull"]

Progress = Callable[[int, int | None], None]
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)


def _no_surprise(done: int, total: int | None) -> None:
    """Progress that nobody watches."""


def _stream(model: ModelEntry, target: Path, progress: Progress) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    part = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as out,
            httpx2.stream("GET", model.url, follow_redirects=True, timeout=_TIMEOUT) as answer,
        ):
            answer.raise_for_status()
            stated = answer.headers.get("content-length", "")
            total = int(stated) if stated.isdecimal() else None
            done = 0
            for chunk in answer.iter_bytes():
                done += len(chunk)
                if done > model.max_bytes:
                    raise CallerError(
                        ProblemCode.TOO_LARGE,
                        f"The download of '{model.name}' passed its cap of {model.max_bytes} bytes and was stopped.",
                        "The address may serve something else now; nothing was kept.",
                    )
                out.write(chunk)
                progress(done, total)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _download(model: ModelEntry, target: Path, progress: Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _stream(model, target, progress)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise CallerError(
            ProblemCode.MISSING_WEIGHTS,
            f"'{model.name}' could not be downloaded ({type(error).__name__}).",
            f"On a machine with a network, fetch {model.url}\n"
            f"copy the file to {shown(target)}\n"
            f"and run again: wardround models pull {model.name}",
        ) from error


def _wrong(model: ModelEntry, found: str, expected: str) -> Fault:
    return Fault(
        ProblemCode.WEIGHTS_MISMATCH,
        f"The download of '{model.name}' has SHA-256 {found[:12]}..., not the expected {expected[:12]}...",
        "It was not converted. Delete it, and ask its publisher if this repeats.",
    )


def pull(name: str, progress: Progress = _no_surprise) -> Path:
    """Make a model's weights ready to load and return where they are.

    A file that already lies in the downloads folder is used as it is, so a machine without a network can be served by
    hand. Where neither registry nor lock file knows a digest, what comes first is pinned: trust on first use, which
    guards against later change and not against a first download that was already wrong.

    Args:
        name: a name of the registry.
        progress: called with bytes done and bytes in all (None where the server does not say).

    Raises:
        CallerError: NOT_FOUND; MISSING_WEIGHTS with what to copy where; TOO_LARGE; DAMAGED_FILE.
        Fault: WEIGHTS_MISMATCH.
    """
    model = entry(name)
    target = weights_path(model)
    if model.source == "bundled" or not model.pullable or (target.is_file() and pinned(name)):
        load_safetensors(model)
        return target
    download = folder() / "downloads" / model.url.rsplit("/", 1)[-1]
    if not download.is_file():
        _download(model, download, progress)
    found = sha256(download.read_bytes()).hexdigest()
    known = pinned(name)
    expected = model.download_sha256 or (known.download_sha256 if known else "")
    if expected and found != expected:
        raise _wrong(model, found, expected)
    to_safetensors(download, target)
    converted = sha256(target.read_bytes()).hexdigest()
    if model.sha256 and converted != model.sha256:
        target.unlink()
        raise _wrong(model, converted, model.sha256)
    pin(name, Pin(url=model.url, download_sha256=found, sha256=converted))
    return target

"""Decodes files in one warm child process, so that a hostile file costs at most its own decoding."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from wardround.agents.imaging.decoded import DecodedFilm, FilmDetails
from wardround.agents.imaging.frames import PREFIX, lengths, pack_prefix
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.origin import Origin
from wardround.contracts.errors import Fault, Problem, ProblemCode, error_from

__all__ = ["SandboxedDecoder"]

_COMMAND = (sys.executable, "-P", "-m", "wardround.agents.imaging.decoder")
_KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
_CHUNK = 1 << 20


def _environment() -> dict[str, str]:
    """No secrets for a process that reads strangers' files; one thread, since each reserves memory."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class _Dead(Exception):
    """The child's end of a pipe is closed."""


class SandboxedDecoder:
    """Keeps one child, used by one thread at a time; starts it at first need and again after a crash or time-out."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._files = 0
        self._at_exit: weakref.finalize[[subprocess.Popen[bytes]], SandboxedDecoder] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def warm_up(self) -> None:
        """Start the child now, so that the first film need not wait for it."""
        with self._lock:
            self._ready()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._stop()

    def decode(self, data: bytes) -> DecodedFilm:
        """The canonical film of a file's bytes.

        Raises:
            CallerError: what is wrong with the file.
            Fault: DECODER_CRASHED, the file brought the decoder down; TIMEOUT, it took too long.
        """
        self.limits.check_file(len(data))
        with self._lock:
            child = self._ready()
            self._files += 1
            try:
                header, body = self._exchange(child, data)
            except TimeoutError:
                self._stop()
                raise self._too_slow() from None
            except (_Dead, ValueError):
                code = self._stop()
                if code == -signal.SIGXCPU:
                    raise self._too_slow() from None
                raise Fault(
                    ProblemCode.DECODER_CRASHED,
                    "The decoder broke down over this file; other files are not concerned.",
                    "Export the film again, or in another transfer syntax.",
                ) from None
        return self._film(header, body)

    def _too_slow(self) -> Fault:
        return Fault(
            ProblemCode.TIMEOUT,
            f"The file was not decoded within {self.limits.wall_s:g} s.",
            "Export the film again, or in another transfer syntax.",
        )

    def _film(self, header: dict[str, Any], body: bytearray) -> DecodedFilm:
        if "problem" in header:
            raise error_from(Problem.model_validate(header["problem"]))
        rows, columns = int(header["rows"]), int(header["columns"])
        self.limits.check_dimensions(rows, columns)
        film = np.frombuffer(body, dtype="<u2")
        if film.size != rows * columns:
            raise Fault(ProblemCode.DECODER_CRASHED, "The decoder sent a film of another size than it said.")
        details = FilmDetails.model_validate(header["details"])
        origin = Origin.model_validate(header["origin"]) if header["origin"] is not None else None
        return DecodedFilm(film.reshape(rows, columns).astype(np.uint16, copy=False), details, origin)

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._child is not None and (self._child.poll() is not None or self._files >= self.limits.files_per_process):
            self._stop()
        if self._child is None:
            self._child = subprocess.Popen(
                [*_COMMAND, self.limits.model_dump_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # codecs and parsers may quote the file there
                bufsize=0,
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
            self._files = 0
            self._at_exit = weakref.finalize(self, _end, self._child)
            for pipe in (self._child.stdin, self._child.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        return self._child

    def _stop(self) -> int | None:
        """End the child, whatever it does; returns its exit code."""
        child, self._child = self._child, None
        if child is None:
            return None
        if self._at_exit is not None:
            self._at_exit.detach()
        return _end(child)

    def _exchange(self, child: subprocess.Popen[bytes], data: bytes) -> tuple[dict[str, Any], bytearray]:
        assert child.stdin is not None and child.stdout is not None
        deadline = time.monotonic() + self.limits.wall_s
        _send(child.stdin.fileno(), (pack_prefix({}, len(data)), data), deadline)
        source = child.stdout.fileno()
        prefix = _receive(source, PREFIX, deadline)
        header_size, body_size = lengths(bytes(prefix), 2 * self.limits.max_pixels)
        header = json.loads(_receive(source, header_size, deadline))
        if not isinstance(header, dict):
            raise ValueError("a message's header is an object")
        return header, _receive(source, body_size, deadline)


def _end(child: subprocess.Popen[bytes]) -> int:
    """Close the pipes and wait, not long; returns the exit code."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        # With its stdin closed an idle child ends by itself; a busy one has already had its chance.
        return child.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _wait(descriptor: int, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, event)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError


def _send(descriptor: int, parts: Sequence[bytes], deadline: float) -> None:
    for part in parts:
        rest = memoryview(part)
        while rest:
            _wait(descriptor, selectors.EVENT_WRITE, deadline)
            try:
                rest = rest[os.write(descriptor, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise _Dead from error


def _receive(descriptor: int, size: int, deadline: float) -> bytearray:
    received = bytearray()
    while len(received) < size:
        _wait(descriptor, selectors.EVENT_READ, deadline)
        try:
            part = os.read(descriptor, min(_CHUNK, size - len(received)))
        except BlockingIOError:
            continue
        if not part:
            raise _Dead
        received += part
    return received

"""The decoder process: it may die, hang or run out of memory, and only the file in hand suffers."""

from __future__ import annotations

import array
import fcntl
import io
import os
import random
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.pixels.utils import compress
from pydicom.uid import JPEG2000Lossless, RLELossless

from wardround.agents.imaging.decoder import decode
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.contracts.errors import CallerError, Fault, ProblemCode, WardroundError

Write = Callable[[FileDataset], bytes]


def test_the_sandbox_gives_what_decoding_gives_and_keeps_one_child(
    decoder: SandboxedDecoder, film_file: FileDataset, as_bytes: Write
) -> None:
    data = as_bytes(film_file)
    here, there = decode(data, Limits()), decoder.decode(data)
    np.testing.assert_array_equal(there.film, here.film)
    assert there.film.dtype == np.uint16 and there.details == here.details
    child = decoder.pid
    decoder.decode(data)
    assert decoder.pid == child


def test_a_refusal_crosses_the_process_boundary_as_itself(decoder: SandboxedDecoder) -> None:
    with pytest.raises(CallerError) as refused:
        decoder.decode(b"just a text")
    assert refused.value.problem.code is ProblemCode.UNSUPPORTED_FORMAT


def _stopped(decoder: SandboxedDecoder) -> int:
    decoder.warm_up()
    pid = decoder.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_a_crash_fails_one_file_and_the_next_is_decoded(film_file: FileDataset, as_bytes: Write) -> None:
    data = as_bytes(film_file)
    sandbox = SandboxedDecoder()
    pid = _stopped(sandbox)
    caught: list[WardroundError] = []

    def attempt() -> None:
        try:
            sandbox.decode(data)
        except WardroundError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    assert sandbox._child is not None and sandbox._child.stdin is not None
    waiting = array.array("i", [0])
    while waiting[0] == 0:  # until the file is on its way to the child
        thread.join(0.01)
        fcntl.ioctl(sandbox._child.stdin.fileno(), termios.FIONREAD, waiting)
    os.kill(pid, signal.SIGKILL)
    thread.join(30)
    assert [error.problem.code for error in caught] == [ProblemCode.DECODER_CRASHED]
    assert isinstance(caught[0], Fault)
    assert sandbox.decode(data).film.shape == (256, 256)
    assert sandbox.pid not in (None, pid)
    sandbox.close()


def test_a_child_that_died_between_files_is_replaced_unnoticed(film_file: FileDataset, as_bytes: Write) -> None:
    with SandboxedDecoder() as sandbox:
        sandbox.warm_up()
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGKILL)
        assert sandbox._child is not None
        sandbox._child.wait()
        assert sandbox.decode(as_bytes(film_file)).film.size > 0


def test_a_child_that_hangs_is_stopped_in_time_and_replaced(film_file: FileDataset, as_bytes: Write) -> None:
    with SandboxedDecoder(Limits(wall_s=0.3)) as sandbox:
        pid = _stopped(sandbox)
        with pytest.raises(Fault) as late:
            sandbox.decode(as_bytes(film_file))
        assert late.value.problem.code is ProblemCode.TIMEOUT
        assert not Path(f"/proc/{pid}").exists()


def test_a_file_that_needs_too_much_memory_is_refused(film_file: FileDataset, as_bytes: Write) -> None:
    flat = np.zeros((6000, 6000), np.uint8)
    flat[:3000] = 200
    buffer = io.BytesIO()
    Image.fromarray(flat).save(buffer, "PNG", compress_level=1)
    with SandboxedDecoder(Limits(memory_bytes=330_000_000)) as sandbox:
        with pytest.raises(WardroundError) as refused:
            sandbox.decode(buffer.getvalue())
        assert refused.value.problem.code in (ProblemCode.TOO_LARGE, ProblemCode.DECODER_CRASHED)
        assert sandbox.decode(as_bytes(film_file)).film.size > 0


def test_the_child_is_renewed_after_its_number_of_files(film_file: FileDataset, as_bytes: Write) -> None:
    data = as_bytes(film_file)
    with SandboxedDecoder(Limits(files_per_process=2)) as sandbox:
        pids = []
        for _ in range(3):
            sandbox.decode(data)
            pids.append(sandbox.pid)
    assert pids[0] == pids[1] != pids[2]


def test_a_file_over_the_size_limit_is_refused_before_it_is_sent() -> None:
    sandbox = SandboxedDecoder(Limits(max_file_bytes=1000))
    with pytest.raises(CallerError) as refused:
        sandbox.decode(b"\0" * 1001)
    assert refused.value.problem.code is ProblemCode.TOO_LARGE
    assert sandbox.pid is None


def test_several_threads_share_the_child(decoder: SandboxedDecoder, film_file: FileDataset, as_bytes: Write) -> None:
    data = as_bytes(film_file)
    films: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: films.append(decoder.decode(data).film)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(films) == 6 and all(np.array_equal(film, films[0]) for film in films)


def test_the_decoder_loads_neither_torch_nor_the_network() -> None:
    code = "import sys, wardround.agents.imaging.decoder; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "scipy", "httpx2", "mcp", "sqlite3"} & set(loaded)


def _mutated(data: bytes, rng: random.Random) -> bytes:
    """One of the ways in which files are broken, by accident or on purpose; the header is hit more often."""
    damaged = bytearray(data)
    kind = rng.randrange(5)
    place = rng.randrange(min(len(data), 2500)) if rng.random() < 0.8 else rng.randrange(len(data))
    if kind == 0:
        for _ in range(rng.randrange(1, 12)):
            damaged[min(len(data) - 1, place + rng.randrange(40))] = rng.randrange(256)
    elif kind == 1:
        del damaged[place : place + rng.randrange(1, 64)]
    elif kind == 2:
        damaged[place:place] = rng.randbytes(rng.randrange(1, 64))
    elif kind == 3:
        damaged[place : place + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xfe\xff\xff\x7f"])
    else:
        del damaged[place:]
    return bytes(damaged)


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless])
def test_mutated_files_give_a_film_or_a_documented_error(
    decoder: SandboxedDecoder, film_file: FileDataset, as_bytes: Write, syntax: str | None
) -> None:
    if syntax is not None:
        compress(film_file, syntax)
    data = as_bytes(film_file)
    rng = random.Random(20261122)
    outcomes: set[str] = set()
    for _ in range(60):
        try:
            film = decoder.decode(_mutated(data, rng)).film
            assert film.dtype == np.uint16 and film.ndim == 2
            outcomes.add("film")
        except WardroundError as error:
            outcomes.add(error.problem.code.value)
            assert "PHANTOM" not in str(error.problem)
    assert "damaged_file" in outcomes and "internal" not in outcomes

"""Reading artefacts by folder and by URL, from a real server on loopback that can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from wardround.agents.imaging.npy import npy_bytes
from wardround.agents.imaging.reader import ArtefactReader
from wardround.agents.imaging.store import Store
from wardround.contracts.errors import CallerError, Fault, ProblemCode, WardroundError
from wardround.contracts.study import Artefact, ArtefactKind

_ARRAY = np.arange(20, dtype=np.uint16).reshape(4, 5)
_DATA = npy_bytes(ArtefactKind.FILM, _ARRAY)[0]


class _Handler(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        answers = {"/good": (200, _DATA), "/other": (200, _DATA + b"x"), "/gone": (404, b""), "/no": (403, b"")}
        answers |= {"/broken": (500, b""), "/large": (200, b"0" * 100_000)}
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("location", "/good")
            self.send_header("content-length", "0")
            self.end_headers()
            return
        status, body = answers[self.path]
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def reader(server: str) -> Iterator[ArtefactReader]:
    made = ArtefactReader(None, frozenset({server}), timeout_s=5.0, max_bytes=50_000)
    yield made
    made.close()


def _artefact(tmp_path: Path, url: str | None) -> Artefact:
    kept = Store(tmp_path / "origin").put_array(ArtefactKind.FILM, _ARRAY)
    return kept.model_copy(update={"url": url})


def test_the_store_folder_comes_first_and_no_url_is_asked(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    kept = store.put_array(ArtefactKind.FILM, _ARRAY).model_copy(update={"url": "http://nowhere.invalid/x"})
    reader = ArtefactReader(store)
    np.testing.assert_array_equal(reader.read(kept), _ARRAY)
    reader.close()


def test_a_url_is_read_once_and_then_remembered(tmp_path: Path, server: str, reader: ArtefactReader) -> None:
    artefact = _artefact(tmp_path, f"http://{server}/good")
    before = _Handler.asked
    for _ in range(3):
        np.testing.assert_array_equal(reader.read(artefact), _ARRAY)
    assert _Handler.asked == before + 1


def test_what_came_by_url_is_left_on_no_disk(tmp_path: Path, server: str) -> None:
    store = Store(tmp_path / "mine")
    reader = ArtefactReader(store, frozenset({server}))
    artefact = _artefact(tmp_path, f"http://{server}/good")
    reader.read(artefact)
    reader.close()
    assert not store.has(artefact.digest)


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("other", ProblemCode.WRONG_SHAPE),
        ("gone", ProblemCode.NOT_FOUND),
        ("no", ProblemCode.FORBIDDEN),
        ("broken", ProblemCode.SPECIALIST_DOWN),
        ("redirect", ProblemCode.SPECIALIST_DOWN),
        ("large", ProblemCode.TOO_LARGE),
    ],
)
def test_a_server_that_misbehaves_gives_a_typed_error(
    tmp_path: Path, server: str, reader: ArtefactReader, page: str, code: ProblemCode
) -> None:
    with pytest.raises(WardroundError) as refused:
        reader.read(_artefact(tmp_path, f"http://{server}/{page}"))
    assert refused.value.problem.code is code


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/good",
        "http://localhost/good",
        "http://2130706433/good",
        "http://[::1]/good",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http://{server}@evil.invalid/good",
        "http://user:word@{server}/good",
        "http://evil.invalid:99999/good",
        "//{server}/good",
        "",
    ],
)
def test_hosts_outside_the_configuration_are_never_asked(
    tmp_path: Path, server: str, reader: ArtefactReader, url: str
) -> None:
    before = _Handler.asked
    with pytest.raises(CallerError) as refused:
        reader.read(_artefact(tmp_path, url.replace("{server}", server)))
    assert refused.value.problem.code is ProblemCode.FORBIDDEN
    assert _Handler.asked == before


def test_without_store_and_url_it_is_not_found(tmp_path: Path, reader: ArtefactReader) -> None:
    with pytest.raises(CallerError) as missing:
        reader.read(_artefact(tmp_path, None))
    assert missing.value.problem.code is ProblemCode.NOT_FOUND


def test_a_host_that_is_down_is_a_fault(tmp_path: Path) -> None:
    reader = ArtefactReader(None, frozenset({"127.0.0.1:9"}), timeout_s=2.0)
    with pytest.raises(Fault) as down:
        reader.read(_artefact(tmp_path, "http://127.0.0.1:9/good"))
    reader.close()
    assert down.value.problem.code is ProblemCode.SPECIALIST_DOWN


def test_a_stack_of_which_several_channels_are_meant_is_fetched_once(server: str, reader: ArtefactReader) -> None:
    film = Artefact(
        kind=ArtefactKind.FILM, digest=f"sha256:{sha256(_DATA).hexdigest()}", shape=(4, 5), url=f"http://{server}/good"
    )
    before = _Handler.asked
    one, other = reader.read_all([film, film])
    assert one is other
    assert _Handler.asked == before + 1


def test_of_a_stack_in_the_store_each_gets_its_own_channel(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stack = np.stack([np.full((2, 3), value, dtype=np.float16) for value in (0.25, 0.5)])
    kept = store.put_array(ArtefactKind.HEATMAP, stack, ("Effusion", "Nodule"))
    meant = [kept.model_copy(update={"channel": name}) for name in ("Nodule", "Effusion", None)]
    nodule, effusion, whole = ArtefactReader(store).read_all(meant)
    np.testing.assert_array_equal(np.stack([effusion, nodule]), stack)
    np.testing.assert_array_equal(whole, stack)
    with pytest.raises(CallerError, match="no channel"):
        ArtefactReader(store).read_all([kept, kept.model_copy(update={"channel": "Mass"})])

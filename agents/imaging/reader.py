"""Reads an artefact wherever it is: from the store folder, else by its URL from a host that the configuration names."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx2
import numpy as np
import numpy.typing as npt

from wardround.agents.imaging.npy import channel_of, parse_npy
from wardround.agents.imaging.store import Store
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.study import Artefact, ArtefactKind, Image

__all__ = ["ArtefactReader", "film_array"]

_PORTS = {"http": 80, "https": 443}
_CACHE_BYTES = 256_000_000


class ArtefactReader:
    """One per process; safe to use from several threads.

    `allowed_hosts` are `host:port` pairs. No redirects are followed, no proxy of the environment is used, and no more
    than `max_bytes` are read. What comes by URL is kept in memory only: no film outlives its study on disk.
    """

    def __init__(
        self,
        store: Store | None,
        allowed_hosts: frozenset[str] = frozenset(),
        timeout_s: float = 20.0,
        max_bytes: int = 200_000_000,
    ) -> None:
        self._store = store
        self._hosts = frozenset(host.lower() for host in allowed_hosts)
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._client: httpx2.Client | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> httpx2.Client:
        """One client for all; made at first need, since it reads the system's certificates."""
        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(timeout=self._timeout_s, follow_redirects=False, trust_env=False)
            return self._client

    def read(self, artefact: Artefact) -> npt.NDArray[np.generic]:
        """The artefact's array, or its one channel that is meant.

        Raises:
            CallerError: NOT_FOUND, neither here nor by URL; FORBIDDEN, the URL's host is not in the configuration or
                refuses; TOO_LARGE.
            Fault: SPECIALIST_DOWN or TIMEOUT, the host does not answer; WRONG_SHAPE, it sent something else.
        """
        return self.read_all([artefact])[0]

    def read_all(self, artefacts: Sequence[Artefact]) -> list[npt.NDArray[np.generic]]:
        """As `read`, of each: an array of which several channels are meant is read and checked once."""
        whole: dict[tuple[str, ArtefactKind, tuple[int, ...]], npt.NDArray[np.generic]] = {}
        for artefact in artefacts:
            key = artefact.digest, artefact.kind, artefact.shape
            if key not in whole:
                whole[key] = parse_npy(self._bytes(artefact), artefact)
        return [channel_of(whole[one.digest, one.kind, one.shape], one) for one in artefacts]

    def _bytes(self, artefact: Artefact) -> bytes:
        if self._store is not None and self._store.has(artefact.digest):
            return self._store.read_bytes(artefact.digest)
        with self._lock:
            if artefact.digest in self._kept:
                self._kept.move_to_end(artefact.digest)
                return self._kept[artefact.digest]
        if artefact.url is None:
            raise CallerError(
                ProblemCode.NOT_FOUND,
                "The artefact is not in this server's store and carries no URL.",
                "Share the store folder, or have artefacts served by URL ([artefacts] serve in wardround.toml).",
            )
        data = self._fetch(artefact.url)
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != artefact.digest:
            raise Fault(ProblemCode.WRONG_SHAPE, "What the URL gave does not match the artefact's digest.")
        self._keep(artefact.digest, data)
        return data

    def _keep(self, digest: str, data: bytes) -> None:
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = data
                self._kept_bytes += len(data)
            while self._kept_bytes > _CACHE_BYTES and len(self._kept) > 1:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])

    def _allow(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            parts, port = urlsplit(""), 0
        plain = parts.scheme in _PORTS and parts.hostname and parts.username is None and parts.password is None
        if not plain or f"{parts.hostname}:{port}" not in self._hosts:
            raise CallerError(
                ProblemCode.FORBIDDEN,
                "The artefact's URL names a host that the configuration does not allow.",
                "Add its host:port to the specialists' configuration if you trust it.",
            )

    def _fetch(self, url: str) -> bytes:
        self._allow(url)
        data = bytearray()
        try:
            with self._connected().stream("GET", url, headers={"accept-encoding": "identity"}) as response:
                if response.status_code in (401, 403):
                    raise CallerError(ProblemCode.FORBIDDEN, "The artefact's server refused its URL.")
                if response.status_code in (404, 410):
                    raise CallerError(ProblemCode.NOT_FOUND, "The artefact's server no longer has it.")
                if response.status_code != 200:
                    raise Fault(
                        ProblemCode.SPECIALIST_DOWN, f"The artefact's server answered {response.status_code}, not 200."
                    )
                for part in response.iter_raw(1 << 16):
                    data += part
                    if len(data) > self._max_bytes:
                        raise CallerError(ProblemCode.TOO_LARGE, f"The artefact has more than {self._max_bytes} bytes.")
        except httpx2.TimeoutException as error:
            raise Fault(ProblemCode.TIMEOUT, "The artefact's server did not answer in time.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Fault(ProblemCode.SPECIALIST_DOWN, "The artefact's server could not be reached.") from error
        return bytes(data)


def film_array(source: Store | ArtefactReader, image: Image) -> npt.NDArray[np.float32]:
    """A film as float32 (rows, columns) in [0, 1], air dark, dense bright.

    Raises:
        WardroundError: as `ArtefactReader.read`.
    """
    film = source.read(image.film) if isinstance(source, ArtefactReader) else source.read_array(image.film)
    return film.astype(np.float32) / np.float32(65535.0)

"""The desk where a server fetches films by handle and leaves its artefacts, by shared folder or by expiring URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.agents.imaging.reader import ArtefactReader, film_array
from wardround.agents.imaging.signing import UrlSigner
from wardround.agents.imaging.store import PutArtefact, Store
from wardround.contracts.study import Artefact, ArtefactKind, Image, Study
from wardround.servers.settings import ServerSettings

__all__ = ["Desk"]


class Desk:
    """A store, a reader for artefacts of other servers, and a signer where this process serves URLs."""

    def __init__(self, settings: ServerSettings) -> None:
        self.store = Store(settings.store_folder)
        self._reader = ArtefactReader(self.store, settings.artefact_hosts)
        self._signer = UrlSigner(settings.signing_key, settings.base_url) if settings.base_url else None

    @property
    def signer(self) -> UrlSigner | None:
        """The signer of this process's artefact URLs, if it serves any."""
        return self._signer

    def close(self) -> None:
        """Ends the reader's connections."""
        self._reader.close()

    def image(self, handle: str, details: Image | None) -> Image:
        """The film's description: as handed over, else from the store.

        Raises:
            CallerError: NOT_FOUND for an unknown handle without details.
        """
        return details if details is not None else self.store.image(handle)

    def film(self, image: Image) -> NDArray[np.float32]:
        """The film's pixels, float32 (rows, columns) in [0, 1], air dark.

        Raises:
            CallerError: NOT_FOUND, EXPIRED or FORBIDDEN where the artefact cannot be read.
        """
        return film_array(self._reader, image)

    def read(self, artefact: Artefact) -> NDArray[Any]:
        """The artefact's array; the one channel where it names one."""
        return self._reader.read(artefact)

    def read_all(self, artefacts: Sequence[Artefact]) -> list[NDArray[Any]]:
        """As `read`, of each: a stack of which several channels are meant is read once."""
        return self._reader.read_all(artefacts)

    def keep(self, image: Image, artefact: Artefact) -> None:
        """Copies another server's artefact into the store, to be forgotten with its film.

        Raises:
            CallerError: NOT_FOUND, EXPIRED or FORBIDDEN where it cannot be read.
        """
        if not self.store.has(artefact.digest):
            whole = self.read(artefact.model_copy(update={"channel": None}))
            self.store.put_array(artefact.kind, whole, artefact.channels, film=image.film.digest)

    def put_for(self, image: Image) -> PutArtefact:
        """A function that stores what is derived from `image`, so that forgetting the film forgets it too."""

        def put(kind: ArtefactKind, array: NDArray[Any], channels: tuple[str, ...]) -> Artefact:
            return self.signed(self.store.put_array(kind, array, channels, film=image.film.digest))

        return put

    def signed(self, artefact: Artefact) -> Artefact:
        """The artefact with a fresh URL, where this process serves URLs."""
        if self._signer is None:
            return artefact
        return artefact.model_copy(update={"url": self._signer.sign(artefact.digest)})

    def signed_study(self, study: Study) -> Study:
        """The study with a fresh URL on each film."""
        images = tuple(image.model_copy(update={"film": self.signed(image.film)}) for image in study.images)
        return study.model_copy(update={"images": images})

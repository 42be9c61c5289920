"""Artefacts by URL: served to a valid, unexpired signature over loopback HTTP, and to nothing else."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from wardround.agents.imaging.signing import UrlSigner
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.study import ArtefactKind
from wardround.servers.desk import Desk
from wardround.servers.serving import artefact_server, parse_address
from wardround.servers.settings import ServerSettings


def test_an_artefact_is_served_to_a_valid_unexpired_url_and_to_nothing_else(tmp_path: Path) -> None:
    plain = ServerSettings(tmp_path / "store")
    with artefact_server(plain, "127.0.0.1:0") as settings:
        desk = Desk(settings)
        array = np.arange(12, dtype=np.uint16).reshape(3, 4)
        artefact = desk.signed(desk.store.put_array(ArtefactKind.FILM, array))
        assert artefact.url is not None and settings.base_url is not None

        got = httpx.get(artefact.url, trust_env=False)
        assert got.status_code == 200
        assert np.array_equal(np.load(io.BytesIO(got.content), allow_pickle=False), array)

        assert httpx.get(artefact.url.split("?")[0], trust_env=False).status_code == 403
        forged = artefact.url[:-1] + ("1" if artefact.url.endswith("0") else "0")
        assert httpx.get(forged, trust_env=False).status_code == 403
        expired = UrlSigner(settings.signing_key, settings.base_url, lifetime_s=-10).sign(artefact.digest)
        assert httpx.get(expired, trust_env=False).status_code == 403
        other = UrlSigner(settings.signing_key, settings.base_url).sign("sha256:" + "0" * 64)
        assert httpx.get(other, trust_env=False).status_code == 404

        stranger = Desk(replace(plain, store_folder=tmp_path / "elsewhere"))
        with pytest.raises(CallerError) as raised:
            stranger.read(artefact)
        assert raised.value.problem.code is ProblemCode.FORBIDDEN
        host = settings.base_url.removeprefix("http://")
        friend = Desk(replace(plain, store_folder=tmp_path / "friend", artefact_hosts=frozenset({host})))
        assert np.array_equal(friend.read(artefact), array)
        for one in (desk, stranger, friend):
            one.close()


@pytest.mark.parametrize("address", ["0.0.0.0:80", "example.org:80", "80", "127.0.0.1:", "127.0.0.1:99999"])
def test_an_address_beyond_this_machine_or_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(CallerError):
        parse_address(address)

"""The same diagnosis through every transport, with and without the store folder; and what a dead specialist costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from houses import WARDROUND, Specialists, diagnose, essence, free_port, picture

from wardround.contracts.diagnosis import Status
from wardround.contracts.errors import ProblemCode
from wardround.orchestrator.config import BUILT_IN, Configuration, SpecialistConfig

House = Callable[..., Configuration]


def test_embedded_stdio_and_http_give_the_same_result(
    house: House, specialists: Specialists, phantom_film: Path, tmp_path: Path
) -> None:
    embedded = diagnose(house(), phantom_film)
    assert embedded.status is Status.COMPLETE
    assert embedded.evidence

    piped = {
        name: SpecialistConfig(command=(WARDROUND, "specialist", name, "--allow", str(phantom_film.parent)))
        for name in BUILT_IN
    }
    assert essence(diagnose(house(**piped), phantom_film)) == essence(embedded)

    ports = {name: free_port() for name in BUILT_IN}
    served = {
        name: specialists.start(name, port, tmp_path / "store", "--allow", str(phantom_film.parent))
        for name, port in ports.items()
    }
    specialists.wait(*ports.values())
    assert essence(diagnose(house(**served), phantom_film)) == essence(embedded)


def test_a_specialist_without_the_store_folder_reads_and_gives_artefacts_by_url(
    house: House, specialists: Specialists, phantom_film: Path, tmp_path: Path
) -> None:
    here, there = free_port(), free_port()
    elsewhere = specialists.start("cxr", there, tmp_path / "elsewhere", "--artefact-host", f"127.0.0.1:{here}")
    specialists.wait(there)
    remote = diagnose(house(serve=f"127.0.0.1:{here}", cxr=elsewhere), phantom_film)
    assert essence(remote) == essence(diagnose(house(), phantom_film))

    specialists.kill("cxr")
    shown = picture(house(), remote, "Nodule")
    assert shown.media_type == "image/png", "its heat map was kept, and outlives the server that made it"


def test_a_specialist_killed_in_the_middle_is_named_and_the_next_run_recovers(
    house: House, specialists: Specialists, phantom_film: Path, tmp_path: Path
) -> None:
    port = free_port()
    served = specialists.start("cxr", port, tmp_path / "store")
    specialists.wait(port)
    configuration = house(cxr=served)

    async def kill_when_asked(event: Mapping[str, Any]) -> None:
        if event["specialist"] == "cxr" and event["message"] == "asked":
            specialists.kill("cxr")

    partial = diagnose(configuration, phantom_film, kill_when_asked)
    assert partial.status is Status.PARTIAL
    assert [(one.specialist, one.problem.code) for one in partial.missing] == [("cxr", ProblemCode.SPECIALIST_DOWN)]
    assert partial.abstained
    assert any(item.source.specialist == "anatomy" for item in partial.evidence)

    specialists.start("cxr", port, tmp_path / "store")
    specialists.wait(port)
    assert diagnose(configuration, phantom_film).status is Status.COMPLETE

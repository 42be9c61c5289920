"""What a run keeps of its screens and its configuration, with small servers of anyone's around the real weigher."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.screening import ScreenFinding
from wardround.contracts.study import Artefact, ArtefactKind, Image, Study, ViewPosition
from wardround.orchestrator.config import SpecialistConfig
from wardround.orchestrator.diagnose import Diagnoser
from wardround.orchestrator.directory import Directory
from wardround.orchestrator.link import Link
from wardround.orchestrator.runs import RunStore
from wardround.servers.catalogue import build
from wardround.servers.settings import ServerSettings

_SEEN_AP = {"what": "view AP", "refuses": False, "score": 0.93, "error_rate": "wrong in 4.9 % of 370 films"}
_TURNED = {"what": "rotated by 90 degrees", "refuses": True, "score": 0.97, "error_rate": "not named in 8.4 % of 131"}


def _study(view: ViewPosition) -> Study:
    film = Artefact(kind=ArtefactKind.FILM, digest="sha256:" + "0" * 64, shape=(64, 64))
    image = Image(handle="im_" + "a" * 22, film=film, rows=64, columns=64, view=view, source_format="PNG, 8 bit")
    return Study(handle="st_" + "a" * 22, images=(image,))


def _screener(**report: Any) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("screener")

    @server.tool(meta={"wardround/role": "screen"})
    def look(image: str) -> dict[str, Any]:
        """Screen."""
        return {"accepted": True, **report}

    return server


def _detector() -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("detector")

    @server.tool(meta={"wardround/role": "detect"})
    def classify(image: str) -> dict[str, Any]:
        """Score pneumonia and a mass."""
        source = {"model": "net", "version": "1"}
        voice = {"source": source, "value": 0.3, "training_prevalence": 0.1}
        return {
            "items": [
                {"kind": "finding", "subject": subject, "voices": [voice], "source": source}
                for subject in ("Pneumonia", "Mass")
            ]
        }

    return server


def _plain_weigher() -> MCPServer[Any]:
    """A weigher of before there were site priors."""
    server: MCPServer[Any] = MCPServer("weigher")

    @server.tool(meta={"wardround/role": "weigh"})
    def pool(items: list[dict[str, Any]]) -> dict[str, Any]:
        """Weigh nothing."""
        return {"beliefs": [], "source": {"model": "their pool", "version": "1"}, "prior_source": "none"}

    return server


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Diagnosis]:
    """Diagnoses a film of a given view by the given screens, a detector and the weigher."""

    def once(
        *screens: MCPServer[Any],
        view: ViewPosition = ViewPosition.UNKNOWN,
        weigher: MCPServer[Any] | None = None,
        **settings: Any,
    ) -> Diagnosis:
        named = {f"screen{number}": one for number, one in enumerate(screens)}
        weigher = weigher or build("evidence", ServerSettings(tmp_path / "store"))
        servers = {**named, "detector": _detector(), "evidence": weigher}

        async def story() -> Diagnosis:
            links = {name: Link(name, lambda server=server: server) for name, server in servers.items()}  # type: ignore[misc]
            directory = Directory(links, {name: SpecialistConfig(command=("unused",)) for name in servers})
            async with RunStore.opened(tmp_path / "runs.db") as runs:
                await directory.start()
                try:
                    diagnoser = Diagnoser(directory, runs, frozenset({"evidence"}), **settings)
                    return await diagnoser.diagnose(_study(view))
                finally:
                    await directory.stop()

        return asyncio.run(story())

    return once


def _weighed(result: Diagnosis, label: str) -> str:
    (item,) = [one for one in result.evidence if one.kind is EvidenceKind.WEIGHING and one.subject == label]
    return item.detail


def test_the_outcomes_of_all_screens_are_in_the_result(run: Callable[..., Diagnosis]) -> None:
    child = {"what": "paediatric likely", "refuses": False}
    result = run(_screener(outcomes=[_SEEN_AP], view="AP"), _screener(outcomes=[child]))
    assert [one.what for one in result.screen] == [ScreenFinding.VIEW_AP, ScreenFinding.PAEDIATRIC]
    assert (result.screen[0].score, result.screen[0].error_rate) == (0.93, "wrong in 4.9 % of 370 films")
    assert Diagnosis.model_validate_json(result.model_dump_json()) == result


def test_a_refused_film_keeps_the_outcomes_that_refused_it(run: Callable[..., Diagnosis]) -> None:
    result = run(_screener(accepted=False, reason="It is turned.", outcomes=[_TURNED]))
    assert result.status is Status.REFUSED
    assert [(one.what, one.refuses) for one in result.screen] == [(ScreenFinding.ROTATED_90, True)]


def test_the_prior_is_for_the_view_that_the_screen_saw_only_where_the_file_tells_none(
    run: Callable[..., Diagnosis],
) -> None:
    screen = _screener(outcomes=[_SEEN_AP], view="AP")
    estimated = run(screen)
    assert "AP view" in _weighed(estimated, "Mass")
    assert not any("view" in line for line in estimated.warnings), "the outcome says it, with its error rate"
    assert "PA view" in _weighed(run(screen, view=ViewPosition.PA), "Mass")


def test_an_estimated_view_without_an_outcome_is_warned_of(run: Callable[..., Diagnosis]) -> None:
    result = run(_screener(view="AP"))
    assert "AP view" in _weighed(result, "Mass")
    assert "The file tells no view; a screen took it for AP and gave no error rate." in result.warnings
    assert not any("view" in line for line in run(_screener(view="AP"), view=ViewPosition.AP).warnings)


def test_screens_that_disagree_on_the_view_leave_it_unknown(run: Callable[..., Diagnosis]) -> None:
    result = run(_screener(view="AP"), _screener(view="PA"))
    assert "view" not in _weighed(result, "Mass")


def test_a_site_s_prior_replaces_the_table_s_and_only_its_own_finding_says_so(run: Callable[..., Diagnosis]) -> None:
    result = run(_screener(), priors={"Pneumonia": 0.013})
    assert "Prior 0.0130: site configuration." in _weighed(result, "Pneumonia")
    assert "site configuration" not in _weighed(result, "Mass")
    assert "site configuration" not in _weighed(run(_screener()), "Pneumonia")


def test_a_weigher_that_knows_no_site_priors_works_and_that_they_were_not_used_is_told(
    run: Callable[..., Diagnosis],
) -> None:
    without = run(_screener(), weigher=_plain_weigher())
    configured = run(_screener(), weigher=_plain_weigher(), priors={"Pneumonia": 0.013})
    for result in (without, configured):
        assert not any(one.role == "weigh" for one in result.missing)
    told = "The weigher 'evidence' takes no site priors: those of [priors] were not used."
    assert told in configured.warnings and told not in without.warnings


def test_a_wanted_share_of_answers_without_a_calibrated_voice_is_warned_of(run: Callable[..., Diagnosis]) -> None:
    assert any("no calibrated detector" in line for line in run(_screener(), answer_share=0.8).warnings)
    assert not any("no calibrated detector" in line for line in run(_screener()).warnings)

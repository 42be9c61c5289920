"""What the screen makes of a film, through the whole house to the result, the report and the prior."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from houses import WARDROUND, diagnose
from PIL import Image

from wardround.agents.imaging.phantom import make_phantom
from wardround.contracts.diagnosis import Diagnosis, Status
from wardround.contracts.evidence import EvidenceKind
from wardround.contracts.screening import ScreenFinding
from wardround.contracts.study import ViewPosition
from wardround.orchestrator.config import Configuration, SpecialistConfig

FRIEND = (sys.executable, str(Path(__file__).parents[1] / "foreign" / "calibrated_server.py"))
_VIEWS = {ScreenFinding.VIEW_PA: "PA view", ScreenFinding.VIEW_AP: "AP view"}


def _png(path: Path, *, quarters: int = 0) -> Path:
    film = np.rot90(make_phantom(1, size=512).film, quarters)
    Image.fromarray((255 * film).astype(np.uint8)).save(path)
    return path


def test_a_turned_film_is_refused_with_the_outcome_in_result_table_and_report(tmp_path: Path) -> None:
    (tmp_path / "wardround.toml").write_text("[specialists.cxr]\nenabled = false\n", encoding="utf-8")
    film, report = _png(tmp_path / "turned.png", quarters=-1), tmp_path / "report.html"

    def run(*options: str) -> str:
        done = subprocess.run(
            [WARDROUND, "diagnose", str(film), *options],
            capture_output=True,
            text=True,
            env={**os.environ, "WARDROUND_HOME": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "100"},
            cwd=tmp_path,
        )
        assert done.returncode == 3, done.stderr
        return done.stdout

    result = json.loads(run("--json", "--report", str(report)))
    assert result["status"] == "refused"
    (outcome,) = [one for one in result["screen"] if one["refuses"]]
    assert outcome["what"] == "rotated by 90 degrees"
    assert outcome["error_rate"] != "not measured"
    assert "Rotated by 90 degrees" in report.read_text(encoding="utf-8")
    assert outcome["error_rate"] in report.read_text(encoding="utf-8")
    assert "Screen: rotated by 90 degrees (refuses, score" in " ".join(run().split())


def test_where_the_file_tells_no_view_the_prior_is_for_the_one_that_is_seen(
    house: Callable[..., Configuration], tmp_path: Path
) -> None:
    specialists = {"cxr": SpecialistConfig(enabled=False), "friend": SpecialistConfig(command=FRIEND)}
    result = diagnose(house(**specialists), _png(tmp_path / "film.png"))
    assert result.study is not None and result.study.images[0].view is ViewPosition.UNKNOWN
    assert result.status is Status.COMPLETE
    seen = [_VIEWS[one.what] for one in result.screen if one.what in _VIEWS]
    priors = [item.detail for item in result.evidence if item.kind is EvidenceKind.WEIGHING]
    assert seen and priors
    assert all(view in detail for view in seen for detail in priors)
    assert Diagnosis.model_validate_json(result.model_dump_json()) == result

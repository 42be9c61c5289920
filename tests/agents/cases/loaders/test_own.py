"""Our own cases are read, marked synthetic, and written out with a phantom film whose finding is known."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest

from wardround.agents.cases.loaders.own import own_cases, own_films, write_own_cases
from wardround.agents.cases.loaders.reader import read_cases
from wardround.contracts.case import CaseTrust
from wardround.contracts.errors import CallerError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    case = {
        "case": {"chief_complaint": "Breathless", "images": [{"file": "w1.dcm", "class": ["X-ray"]}]},
        "summary": "[basic information] female, 71 years",
        "findings": ["Effusion"],
        "synthetic": True,
    }
    plain = {"case": {"chief_complaint": "A sore toe"}, "synthetic": True}
    (folder / "two.json").write_text(json.dumps({"w1_Tells": case, "w2_Tells": plain}))
    (folder / "films.csv").write_text("case_id,file,plant,side,seed\nw1,w1.dcm,effusion,right,24\n")
    return folder


def test_each_case_is_written_apart_with_its_film_and_reads_as_it_was(source: Path, tmp_path: Path) -> None:
    written = write_own_cases(tmp_path / "out", source)
    assert [path.name for path in written] == ["w1.json", "w1.dcm", "w2.json"]
    assert [read_cases(tmp_path / "out" / name, trust=CaseTrust.VALIDATED)[0] for name in ("w1.json", "w2.json")] == [
        *own_cases(source)
    ]
    film = pydicom.dcmread(written[1])
    assert "Effusion" in film.ImageComments and film.PatientName == "PHANTOM^SYNTHETIC"
    assert (film.PatientAge, film.PatientSex) == ("071Y", "F")


def test_a_folder_that_cannot_be_written_is_told(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CallerError):
        write_own_cases(tmp_path / "file", source)


def test_the_cases_in_the_house_are_synthetic_validated_and_have_their_films() -> None:
    cases = {case.case_id: case for case in own_cases()}
    assert len(cases) >= 24 and len({case.department for case in cases.values()}) >= 8
    assert all(case.synthetic and case.trust is CaseTrust.VALIDATED and case.references for case in cases.values())
    films = {film.case_id: film.file for film in own_films()}
    assert films == {case.case_id: case.images[0].file for case in cases.values() if case.images} and len(films) >= 6

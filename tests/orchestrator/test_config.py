"""Configuration: nothing runs embedded, one line moves a specialist, mistakes are told with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardround.contracts.errors import CallerError
from wardround.orchestrator.config import BUILT_IN, load_configuration


def _write(folder: Path, text: str) -> Path:
    path = folder / "wardround.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_with_nothing_configured_the_built_in_specialists_are_embedded(tmp_path: Path) -> None:
    configuration = load_configuration(_write(tmp_path, ""), {"WARDROUND_HOME": str(tmp_path)})
    assert tuple(configuration.specialists) == BUILT_IN
    assert all(one.url is None and one.command is None for one in configuration.specialists.values())
    assert configuration.store == tmp_path / "store"


def test_one_line_moves_a_specialist_and_another_joins_a_foreign_one(tmp_path: Path) -> None:
    text = '[specialists.cxr]\nurl = "http://127.0.0.1:8801/mcp"\n[specialists.mine]\ncommand = ["python", "s.py"]\n'
    configuration = load_configuration(_write(tmp_path, text), {"WARDROUND_HOME": str(tmp_path)})
    assert configuration.specialists["cxr"].url == "http://127.0.0.1:8801/mcp"
    assert configuration.specialists["mine"].calibrated is False
    assert configuration.artefact_hosts == {"127.0.0.1:8801"}


def test_a_site_s_priors_are_kept_by_label_and_the_selective_mode_is_off_until_it_is_set(tmp_path: Path) -> None:
    text = '[priors]\n"Pleural effusion" = 0.09\npneumonia = 0.013\n[selective]\ncoverage = 0.8\n'
    configuration = load_configuration(_write(tmp_path, text), {"WARDROUND_HOME": str(tmp_path)})
    assert configuration.priors == {"Effusion": 0.09, "Pneumonia": 0.013}
    assert configuration.selective.coverage == 0.8
    plain = load_configuration(_write(tmp_path, ""), {"WARDROUND_HOME": str(tmp_path)})
    assert (plain.priors, plain.selective.coverage) == ({}, None)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    text = '[specialists.cxr]\ncommand = ["a"]\n'
    environment = {"WARDROUND_HOME": str(tmp_path), "WARDROUND_URL_CXR": "http://127.0.0.1:9/mcp"}
    configuration = load_configuration(_write(tmp_path, text), environment)
    assert configuration.specialists["cxr"].url == "http://127.0.0.1:9/mcp"
    assert configuration.specialists["cxr"].command is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[specialists.cxr]\nulr = 'x'\n", "specialists.cxr.ulr"),
        ("[specialists.cxr]\nurl = 'ftp://x'\n", "http://"),
        ("[specialists.cxr]\nurl = 'http://x'\ncommand = ['y']\n", "not both"),
        ("[specialists.mine]\ntimeout_s = 3\n", "neither 'command' nor 'url'"),
        ("[specialists.mine]\ncommand = ['x']\nroles = { cook = 'x' }\n", "roles"),
        ("[specialists\n", "cannot be read"),
        ("specialists = 3\n", "not valid"),
        ("[surprise]\nx = 1\n", "surprise"),
        ("[priors]\nPnemonia = 0.01\n", "'priors.Pnemonia' names no finding"),
        ("[priors]\nPneumonia = 1.3\n", "'priors.Pneumonia' is 1.3"),
        ("[priors]\nPneumonia = 'rare'\n", "'priors.Pneumonia' is rare"),
        ("priors = 0.1\n", "a share of films per finding"),
        ("[selective]\ncoverage = 0.3\n", "selective.coverage"),
        ("[selective]\ncoverage = 1.1\n", "selective.coverage"),
        ("[selective]\nshare = 0.8\n", "selective.share"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CallerError) as raised:
        load_configuration(_write(tmp_path, text), {"WARDROUND_HOME": str(tmp_path)})
    assert said in str(raised.value.problem)


def test_a_named_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="cannot be read"):
        load_configuration(tmp_path / "no.toml", {})

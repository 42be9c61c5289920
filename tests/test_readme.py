"""What README.md tells people to type exists: commands, options, make targets, configuration, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wardround.contracts.base import NOTICE
from wardround.orchestrator.cli import build_app
from wardround.orchestrator.config import load_configuration

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"^(?:mcp-inspector --cli )?\.venv/bin/wardround ([^\n\\]+)", README, re.MULTILINE)))
TOML = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_in_the_readme_and_its_options_exist(line: str) -> None:
    words = shlex.split(line.partition("#")[0])
    name = words[0]
    app, wide = build_app(name), {"COLUMNS": "200", "NO_COLOR": "1"}
    shown = CliRunner().invoke(app, [name, "--help"], env=wide)
    assert shown.exit_code == 0, shown.output
    if f" {name} [OPTIONS] COMMAND" in shown.output:
        shown = CliRunner().invoke(app, [name, words[1], "--help"], env=wide)
        assert shown.exit_code == 0, shown.output
    inspectors_own = {"--method", "--strict"}
    for option in {word for word in words if word.startswith("--")} - inspectors_own:
        assert option in shown.output, f"{name} has no {option}"


@pytest.mark.parametrize("block", TOML)
def test_the_configuration_in_the_readme_is_valid(block: str, tmp_path: Path) -> None:
    path = tmp_path / "wardround.toml"
    path.write_text(re.sub(r"^# (roles|calibrated)", r"\1", block, flags=re.MULTILINE), encoding="utf-8")
    load_configuration(path, {"WARDROUND_HOME": str(tmp_path)})


def test_make_targets_and_files_named_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?<![\w-])make ([a-z][a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE) or target == "it", target
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_notice_stands_near_the_top() -> None:
    assert NOTICE.split(".")[0] in README[:900]

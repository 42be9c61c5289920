"""The house keeps its rules: packages listed, modules short, layers light, no pickles, no stray words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("agents", "contracts", "evals", "orchestrator", "prompts", "providers", "servers")
MODULES = sorted(path for top in FOLDERS for path in (ROOT / top).rglob("*.py"))
MAX_LINES = 400


def test_every_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    on_disk = {
        "wardround." + ".".join(init.parent.relative_to(ROOT).parts)
        for top in FOLDERS
        for init in (ROOT / top).rglob("__init__.py")
    }
    assert on_disk == listed


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with a sentence that says what it is"
    assert len(text.splitlines()) <= MAX_LINES


def test_the_orchestrator_loads_neither_torch_nor_transformers() -> None:
    modules = [
        "wardround." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in MODULES
        if path.relative_to(ROOT).parts[0] == "orchestrator" and path.name != "__init__.py"
    ]
    heavy = "sorted({'torch', 'transformers', 'torchvision', 'timm'} & set(sys.modules))"
    program = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; print({heavy})"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


def test_nothing_names_a_machine_path() -> None:
    kept = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split("\n")
    paths = re.compile(r"(?<![\w.])/(?:root|work|home/[a-z]+/work)/")
    texts = [ROOT / name for name in kept if name.endswith((".py", ".md", ".toml", ".txt", ".json", ".csv"))]
    named = [
        path.name for path in texts if path.is_file() and path != Path(__file__) and paths.search(path.read_text())
    ]
    assert named == []

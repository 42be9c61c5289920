"""A digest of the source that decides what a lesion network learns and finds; comments and layout do not count."""

from __future__ import annotations

import ast
from functools import cache
from hashlib import sha256
from pathlib import Path

from wardround.agents.lesions import training
from wardround.agents.measures import froc

__all__ = ["learning_modules", "source"]

_ROOTS = ("training", "network", "peers", "reading", "instances")
_PACKAGE = "wardround.agents.lesions."
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _parsed(path: Path) -> ast.Module:
    """Without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return tree


@cache
def learning_modules() -> dict[str, str]:
    """Every module of `agents/lesions` that a training or a reading of a film runs through, by name, as it is parsed.

    What it imports is followed, so a new module is counted as soon as it is used, and one for the shell or a server
    never.
    """
    folder = Path(str(training.__file__)).parent
    waiting, found = list(_ROOTS), dict[str, str]()
    while waiting:
        name = waiting.pop()
        path = folder.joinpath(*name.split(".")).with_suffix(".py")
        if name in found or not path.is_file():
            continue
        tree = _parsed(path)
        found[name] = ast.dump(tree)
        imported = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
        waiting += [module.removeprefix(_PACKAGE) for module in imported if module.startswith(_PACKAGE)]
    return dict(sorted(found.items()))


@cache
def source() -> str:
    """The digest of them all and of how detections are paired: what was measured otherwise is not taken."""
    told = sha256(ast.dump(_parsed(Path(str(froc.__file__)))).encode())
    for name, parsed in learning_modules().items():
        told.update(f"{name}\n{parsed}\n".encode())
    return told.hexdigest()

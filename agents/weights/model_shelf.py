"""Where fitted models of one kind lie: those that come with the package, and those in the user's data folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wardround.agents.weights.model_folder import CARD
from wardround.contracts.errors import CallerError, ProblemCode, WardroundError
from wardround.contracts.health import Check, Health
from wardround.contracts.home import data_home

__all__ = ["ModelShelf"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,79}")
Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class ModelShelf:
    """The models of a `kind`, such as 'survival', which names their command and their folder, too.

    `bundled` is where those lie that come along.
    """

    kind: str
    bundled: Path

    def own(self, environment: Mapping[str, str] = os.environ) -> Path:
        """Where the user's own lie: `models/KIND` in the data folder."""
        return data_home(environment) / "models" / self.kind

    def folders(self, environment: Mapping[str, str] = os.environ) -> dict[str, Path]:
        """The folder of each by name. A bundled name is the bundled model's, whatever lies in the user's folder."""
        found: dict[str, Path] = {}
        for root in (self.bundled, self.own(environment)):
            for card in sorted(root.glob(f"*/{CARD}")):
                if _NAME.fullmatch(card.parent.name):
                    found.setdefault(card.parent.name, card.parent)
        return found

    def folder(self, name: str, environment: Mapping[str, str] = os.environ) -> Path:
        """The folder of a model.

        Raises:
            CallerError: NOT_FOUND, there is no model of this name.
        """
        found = self.folders(environment)
        if name not in found:
            known = f"Known are {', '.join(found)}." if found else "None is here yet."
            raise CallerError(
                ProblemCode.NOT_FOUND,
                f"There is no {self.kind} model of that name.",
                f"{known} 'wardround {self.kind} fit' makes one.",
            )
        return found[name]

    def the_one(self, name: str, environment: Mapping[str, str] = os.environ) -> Path:
        """The folder of the model of this name; without a name, of the one that there is.

        Raises:
            CallerError: NOT_FOUND, no such model, or none at all; BAD_ARGUMENT, none is named and there are several.
        """
        found = self.folders(environment)
        if name or not found:
            return self.folder(name, environment)
        if len(found) > 1:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"There are {len(found)} {self.kind} models, and none was named.",
                f"Name one of {', '.join(found)}; each tells on its card for what it is.",
            )
        return next(iter(found.values()))

    def named(self, named: str, environment: Mapping[str, str] = os.environ) -> Path:
        """The folder of a model by its name, or the folder itself where a path leads to one.

        Raises:
            CallerError: NOT_FOUND, there is neither.
        """
        path = Path(named)
        return path if (path / CARD).is_file() else self.folder(named, environment)

    def new(self, named: Path, environment: Mapping[str, str] = os.environ) -> Path:
        """Where a new model is written: a plain name goes among the user's own, a path where it leads.

        Raises:
            CallerError: BAD_ARGUMENT, a name that no model can have.
        """
        if not _NAME.fullmatch(named.name):
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                "That is no name of a model.",
                "Use up to 80 letters, digits, dots, hyphens and underscores, a letter or digit first.",
            )
        return named if len(named.parts) > 1 else self.own(environment) / named.name

    def opened(
        self, load: Callable[[Path], Loaded], environment: Mapping[str, str] = os.environ
    ) -> tuple[dict[str, Loaded], tuple[str, ...]]:
        """Every model that can be read, by name, and a sentence for each that cannot."""
        opened, broken = dict[str, Loaded](), []
        for name, folder in self.folders(environment).items():
            try:
                opened[name] = load(folder)
            except WardroundError as error:
                broken.append(f"'{name}': {error.problem}")
        return opened, tuple(broken)

    def checks(self, version: Callable[[Path], str], environment: Mapping[str, str] = os.environ) -> list[Check]:
        """What `wardround doctor` asks of the shelf: one line for each model, whether it is what was written.

        Args:
            version: reads a model and gives its version.
        """
        found = []
        for name, folder in self.folders(environment).items():
            try:
                detail, health, fix = version(folder), Health.OK, ""
            except WardroundError as error:
                detail, health, fix = error.problem.message, Health.FAIL, error.problem.hint
            found.append(Check(name=f"{self.kind} model {name}", health=health, detail=detail, fix=fix))
        return found

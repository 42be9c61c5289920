"""Opens the libraries that only the benchmark needs, and says how to install them where they are missing.

scikit-survival is under the GPL and so is never imported by what is installed by default.
"""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["extra_module", "has_extra"]


def extra_module(name: str) -> ModuleType:
    """A module of scikit-survival (`sksurv...`), scikit-learn (`sklearn...`) or lifelines.

    Raises:
        CallerError: NOT_FOUND, it is not installed.
    """
    try:
        with warnings.catch_warnings():  # their own dependencies' deprecations are nothing that our caller can mend
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"The benchmark of survival models needs '{name.partition('.')[0]}', which is not installed.",
            "Install the extra: pip install 'wardround[bench]' (scikit-survival is under the GPL).",
        ) from None


def has_extra() -> bool:
    """Whether scikit-survival is installed."""
    try:
        extra_module("sksurv")
    except CallerError:
        return False
    return True

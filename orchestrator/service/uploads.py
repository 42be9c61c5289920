"""Files that were sent: kept for as long as the intake needs to read them, under names of our own."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import UploadFile

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["MAX_FILES", "clear", "held"]

MAX_FILES = 16
_CHUNK = 1024 * 1024


@asynccontextmanager
async def held(files: Sequence[UploadFile], folder: Path, at_most: int) -> AsyncIterator[list[str]]:
    """The paths of the files while the context lasts; what their sender called them is told to nobody.

    Args:
        at_most: bytes of all of them together.

    Raises:
        CallerError: TOO_LARGE.
    """
    own = Path(tempfile.mkdtemp(dir=folder))  # mode 0700
    try:
        paths = []
        for number, file in enumerate(files, start=1):
            path = own / f"file-{number}"
            at_most -= await _copied(file, path, at_most)
            paths.append(str(path))
        yield paths
    finally:
        await asyncio.to_thread(shutil.rmtree, own, True)


async def _copied(file: UploadFile, path: Path, at_most: int) -> int:
    size = 0
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        while chunk := await file.read(_CHUNK):
            size += len(chunk)
            if size > at_most:
                raise CallerError(
                    ProblemCode.TOO_LARGE,
                    "The files are larger than this service takes.",
                    "Send a single chest film at its usual size.",
                )
            await asyncio.to_thread(out.write, chunk)
    return size


def clear(folder: Path) -> None:
    """Removes what a process that was killed has left."""
    for left in folder.iterdir():
        shutil.rmtree(left, ignore_errors=True)

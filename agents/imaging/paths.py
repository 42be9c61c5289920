"""Opening files that a caller names, only inside allowed folders, and checked on what was really opened."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["open_allowed", "shown_name", "write_allowed"]

_NAME_LENGTH = 80


def shown_name(path: str) -> str:
    """The file's name for messages: no folders, nothing unprintable, not too long."""
    name = "".join(c if c.isprintable() else "?" for c in os.path.basename(path.rstrip("/")))
    return name[:_NAME_LENGTH] or "the file"


def _not_allowed(path: str) -> CallerError:
    return CallerError(
        ProblemCode.PATH_NOT_ALLOWED,
        f"'{shown_name(path)}' does not lie in a folder that this server may read.",
        "Move it into an allowed folder, or add its folder to the configuration.",
    )


def _unreadable(path: str) -> CallerError:
    return CallerError(
        ProblemCode.NOT_FOUND,
        f"'{shown_name(path)}' is not a file that can be read.",
        "Check the path, and that it names a regular file.",
    )


def _within(real: str, allowed: tuple[Path, ...]) -> bool:
    # By path components, so that /allowed2 is not inside /allowed.
    return any(Path(real).is_relative_to(os.path.realpath(folder)) for folder in allowed)


def _opened_path(descriptor: int, path: str) -> str | None:
    """The real path of an open file; None where it cannot be told for certain."""
    if sys.platform == "linux":
        return os.readlink(f"/proc/self/fd/{descriptor}")
    real = os.path.realpath(path)
    try:
        named, opened = os.stat(real, follow_symlinks=False), os.fstat(descriptor)
    except OSError:
        return None
    return real if (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino) else None


def open_allowed(path: str, allowed: tuple[Path, ...] | None) -> BinaryIO:
    """Open a regular file for reading.

    The check is made on the file that was opened, so a link that is swapped in between gains nothing; devices and
    pipes are never waited for. `allowed=None` is for the caller's own shell: any regular file that it may read.

    Raises:
        CallerError: BAD_ARGUMENT, not a path; PATH_NOT_ALLOWED, outside the folders, whether it exists or not;
            NOT_FOUND, not there or not a readable regular file.
    """
    if not path or "\0" in path:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "An empty path, or one with a null byte, names no file.")
    try:
        if allowed is not None and not _within(os.path.realpath(path), allowed):
            raise _not_allowed(path)
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise _unreadable(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):
        raise _unreadable(path) from None
    try:
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode) or opened.st_nlink == 0:
            raise _unreadable(path)
        if allowed is not None:
            real = _opened_path(descriptor, path)
            if real is None or not _within(real, allowed):
                raise _not_allowed(path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def write_allowed(path: str, data: bytes, allowed: tuple[Path, ...] | None) -> None:
    """Write a new file that is only its owner's; one that is there is never written over, nor a link followed.

    The folder is opened first and the check made on what was opened, as in `open_allowed`.

    Raises:
        CallerError: BAD_ARGUMENT, not a path, a file that is there already, or a folder that cannot be written;
            PATH_NOT_ALLOWED, outside the folders, whether it exists or not.
    """
    folder, name = os.path.split(path)
    if not name or name in (".", "..") or "\0" in path:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "The path names no file.", "Name a new file in an allowed folder.")
    if allowed is not None and not _within(os.path.realpath(folder or "."), allowed):
        raise _not_allowed(path)
    try:
        opened = os.open(folder or ".", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        raise _unwritable(path) from None
    try:
        real = _opened_path(opened, folder or ".")
        if allowed is not None and (real is None or not _within(real, allowed)):
            raise _not_allowed(path)
        _write_new(opened, name, data)
    except OSError:
        raise _unwritable(path) from None
    finally:
        os.close(opened)


def _write_new(folder: int, name: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        os.unlink(name, dir_fd=folder)
        raise


def _unwritable(path: str) -> CallerError:
    return CallerError(
        ProblemCode.BAD_ARGUMENT,
        f"'{shown_name(path)}' cannot be written: it is there already, or its folder cannot be written.",
        "Name a new file in an allowed folder; none is written over.",
    )

"""The decoder process: reads files' bytes from stdin, answers with films on stdout, under limits of memory and time.

It is started by `sandbox.SandboxedDecoder` as `python -P -m wardround.agents.imaging.decoder LIMITS_AS_JSON`, holds no
secrets, opens no files, and may die of a hostile file without harm to anyone else.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import warnings
from typing import Any, BinaryIO

from pydicom import config as pydicom_config

from wardround.agents.imaging.decoded import DecodedFilm
from wardround.agents.imaging.dicom import decode_dicom
from wardround.agents.imaging.formats import Format, sniff
from wardround.agents.imaging.frames import pack_prefix, read_message
from wardround.agents.imaging.limits import Limits
from wardround.agents.imaging.raster import decode_raster
from wardround.contracts.errors import CallerError, Problem, ProblemCode

__all__ = ["decode", "main"]


def decode(data: bytes, limits: Limits) -> DecodedFilm:
    """The canonical film of a file's bytes. In a server, only ever through the sandbox.

    Raises:
        CallerError: what is wrong with the file, in words of our own.
    """
    limits.check_file(len(data))
    kind = sniff(data)
    try:
        return decode_dicom(data, limits) if kind is Format.DICOM else decode_raster(data, kind, limits)
    except (CallerError, MemoryError):
        raise
    except Exception as error:  # parsers of hostile bytes raise anything; their words may quote the file
        raise CallerError(
            ProblemCode.DAMAGED_FILE, f"The {kind.value} file is damaged and cannot be read.", "Export it again."
        ) from error


def _answer(data: bytes, limits: Limits) -> tuple[dict[str, Any], bytes]:
    try:
        done = decode(data, limits)
    except CallerError as error:
        return {"problem": error.problem.model_dump(mode="json")}, b""
    except MemoryError:
        problem = Problem(
            code=ProblemCode.TOO_LARGE,
            message="Decoding the file needs more memory than it may use.",
            hint="Submit a single chest film at its usual size.",
        )
        return {"problem": problem.model_dump(mode="json")}, b""
    rows, columns = done.film.shape
    origin = done.origin.model_dump(mode="json") if done.origin is not None else None
    header = {"rows": rows, "columns": columns, "details": done.details.model_dump(mode="json"), "origin": origin}
    return header, done.film.astype("<u2", order="C", copy=False).tobytes()


def _limit_memory(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _limit_processor(limits: Limits) -> None:
    """Renewed for every file: the kernel counts a process's whole life. Beyond it, SIGXCPU ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_s, hard))


def _own_stdout() -> BinaryIO:
    """The pipe for answers; whatever codecs print goes to stderr instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Answer one message after the other until stdin ends."""
    limits = Limits.model_validate_json(sys.argv[1])
    answers = _own_stdout()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE
    _limit_memory(limits)
    while (message := read_message(sys.stdin.buffer.read, limits.max_file_bytes)) is not None:
        _limit_processor(limits)
        header, body = _answer(message[1], limits)
        answers.write(pack_prefix(header, len(body)))
        answers.write(body)
        answers.flush()


if __name__ == "__main__":
    main()

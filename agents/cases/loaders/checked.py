"""Reads a file of cases with care: a size cap, UTF-8, no doubled keys; refusals name a case's place, not its words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wardround.contracts.case import Case
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["MAX_FILE_BYTES", "damaged", "json_of", "one_case", "text_of", "told_once"]

MAX_FILE_BYTES = 256 * 1024 * 1024  # MedChain's 12,163 cases are well under half of it


def damaged(what: str, hint: str) -> CallerError:
    """The refusal of a file or of a case in it. `what` names the form and the place, never what was written there."""
    return CallerError(ProblemCode.DAMAGED_FILE, what, hint)


def text_of(path: Path, most: int = MAX_FILE_BYTES) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        CallerError: NOT_FOUND, it is not there or cannot be read; TOO_LARGE, it has more than `most` bytes;
            DAMAGED_FILE, it is no UTF-8.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise CallerError(
            ProblemCode.NOT_FOUND, f"'{path.name}' cannot be read: {error.strerror}.", "Name a file of cases."
        ) from error
    if len(content) > most:
        raise CallerError(
            ProblemCode.TOO_LARGE,
            f"'{path.name}' is larger than {most // 1024**2} MB.",
            "Split it into several files and read them one after another.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise damaged(f"'{path.name}' is not text in UTF-8.", "Save it as UTF-8.") from error


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a key is there twice")
    return told


def json_of(text: str, what: str) -> Any:
    """The JSON value of a text; a key that is there twice is refused, since one of the two would be lost.

    Raises:
        CallerError: DAMAGED_FILE; `what` names the text, for example 'Line 3 of cases.jsonl'.
    """
    try:
        return json.loads(text, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        raise damaged(
            f"{what} is not JSON that can be read: it is cut off, nested too deep, or has a key twice.",
            "Check it with a JSON validator.",
        ) from error


def one_case(what: str, fields: Mapping[str, Any]) -> Case:
    """A `Case` of fields.

    Raises:
        CallerError: BAD_ARGUMENT, with the names of the fields that are wrong and never what they hold.
    """
    try:
        return Case.model_validate(fields)
    except ValidationError as error:
        wrong = sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"{what} cannot be taken: {', '.join(wrong) or 'its form'} missing, too long or outside the vocabulary.",
            "Mend these fields; the README's table of a case's fields says what each may hold.",
        ) from error


def told_once(cases: Iterable[Case], name: str) -> tuple[Case, ...]:
    """All cases of a file.

    Raises:
        CallerError: DAMAGED_FILE, two have the same id, so that the second would replace the first.
    """
    told = tuple(cases)
    doubled = [which for which, count in Counter(case.case_id for case in told).items() if count > 1]
    if doubled:
        places = [str(place) for place, case in enumerate(told, 1) if case.case_id == doubled[0]]
        raise damaged(
            f"'{name}' has {len(doubled)} ids more than once: cases {', '.join(places[:5])} share one.",
            "Give each case an id of its own.",
        )
    return told

"""The cases of our own: synthetic, written by us, checked against cited references, not reviewed by a clinician.

They count as validated, since each was checked, and are marked synthetic wherever they appear. A case's film is a
phantom with a planted finding, listed in `films.csv`: case_id, file, plant (empty: a normal phantom), side, seed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from wardround.agents.cases.loaders.checked import json_of, text_of
from wardround.agents.cases.loaders.medchain import medchain_cases
from wardround.contracts.anatomy import Side
from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.home import private_folder
from wardround.contracts.study import Patient

__all__ = ["OwnFilm", "own_cases", "own_films", "write_own_cases"]

_FOLDER = Path(__file__).parents[1] / "own"
_FILMS = "films.csv"
_FILM_SIZE = 1024


@dataclass(frozen=True)
class OwnFilm:
    """A phantom film of a case: what is planted (a name that `plant_named` knows), on which side, for which seed."""

    case_id: str
    file: str
    plant: str
    side: Side
    seed: int


def _entries(folder: Path) -> Iterator[tuple[str, Any, Case]]:
    """Key, JSON value and record of each case, file by file."""
    for path in sorted(folder.glob("*.json")):
        entries = json_of(text_of(path), f"'{path.name}'")
        cases = medchain_cases(entries, path.name, CaseTrust.VALIDATED)
        yield from zip(entries, entries.values(), cases, strict=True)


@cache
def _cases(folder: Path) -> tuple[Case, ...]:
    return tuple(case for _, _, case in _entries(folder))


def own_cases(folder: Path = _FOLDER) -> tuple[Case, ...]:
    """All of them, by the name of their file.

    Raises:
        CallerError: a file in another `folder` is not of MedChain's form.
    """
    return _cases(folder)


def own_films(folder: Path = _FOLDER) -> tuple[OwnFilm, ...]:
    """The films of these cases; none where there is no list."""
    path = folder / _FILMS
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(
            OwnFilm(
                row["case_id"], row["file"], row["plant"].strip(), Side(row["side"].strip() or "left"), int(row["seed"])
            )
            for row in csv.DictReader(lines)
        )


def write_own_cases(folder: Path, source: Path = _FOLDER, tick: Callable[[], None] = lambda: None) -> list[Path]:
    """Writes each case as a file of its own, named by its id, and its film beside it; returns all files written.

    A phantom's header tells the age and sex of the case. `tick` is called for each file.

    Raises:
        CallerError: BAD_ARGUMENT, the folder cannot be made or written.
    """
    private_folder(folder, "another name")
    films = own_films(source)
    written = []
    try:
        for key, entry, case in _entries(source):
            path = folder / f"{case.case_id.replace(':', '-')}.json"
            path.write_text(json.dumps({key: entry}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            written.append(path)
            tick()
            for film in films:
                if film.case_id == case.case_id:
                    written.append(_written_film(film, case.patient, folder))
                    tick()
    except OSError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"The cases could not be written: {error.strerror}.", "Choose another folder."
        ) from error
    return written


def _written_film(film: OwnFilm, patient: Patient, folder: Path) -> Path:
    # The phantom brings image libraries, which a reader of texts need not load.
    from wardround.agents.imaging.phantom import make_phantom, plant_named
    from wardround.agents.imaging.phantom_dicom import write_phantom_dicom

    plants = (plant_named(film.plant, film.side),) if film.plant else ()
    phantom = make_phantom(film.seed, plants, _FILM_SIZE)
    age = phantom.age_years if patient.age_years is None else patient.age_years
    sex = patient.sex.value if patient.sex.value in ("F", "M") else phantom.sex
    path = folder / film.file
    write_phantom_dicom(replace(phantom, age_years=age, sex=sex), path)
    return path

"""What the lesion tools ask of the models, from a client's words to the word that is answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wardround.agents.anatomy.chart import Chart
from wardround.agents.imaging.paths import open_allowed, shown_name, write_allowed
from wardround.agents.imaging.sandbox import SandboxedDecoder
from wardround.agents.lesions.asking import (
    MINIMUM_PX,
    Found,
    Wanted,
    cut_of,
    find_lesions,
    lesions_of,
    score_map,
)
from wardround.agents.lesions.change import FilmSide, compared, demand_one_patient, frame_of
from wardround.agents.lesions.evidence import lesion_evidence
from wardround.agents.lesions.films import source_film
from wardround.agents.lesions.folder import Loaded
from wardround.agents.lesions.places import narrowed, placed
from wardround.agents.lesions.refine import Prompt, refine_boxes, refine_lesion
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import LesionSearch
from wardround.contracts.lesions import LesionChanges, LesionReport, PixelBox, SegmentationExport
from wardround.contracts.study import Artefact, Image
from wardround.servers.lesion_room import LesionRoom, OpenFilm, finds

__all__ = ["FilmAsked", "Search", "changes", "exported", "refined", "searched"]

_Tick = Callable[[int, int], None]
_UNCHECKED = "That both films are of one patient was not checked beyond sex and age: films carry no names here."


@dataclass(frozen=True)
class FilmAsked:
    """A film as a client names it, and boxes of lesions that are known on it."""

    handle: str
    details: Image | None = None
    boxes: tuple[PixelBox, ...] = ()


@dataclass(frozen=True)
class Search:
    """The arguments of a search."""

    film: FilmAsked
    model: str
    finding: str
    side: Side | None
    region: Region | None
    box: PixelBox | None
    minimum: float
    point: str | float
    views: int
    regions: bool
    masks: Artefact | None


def searched(room: LesionRoom, search: Search, tick: _Tick) -> LesionSearch:
    """The lesions of a film as evidence, their masks stored.

    Raises:
        WardroundError: as the room's parts do.
    """
    loaded = room.model(search.model, search.finding)
    opened = room.film(search.film.handle, search.film.details)
    if search.finding and not finds(loaded, search.finding):
        return _nothing(loaded, opened, search)
    chart: Chart | None = None
    if search.regions or search.side or search.region or search.masks:
        chart = room.chart(opened, search.masks)
    wanted = Wanted(search.point, search.minimum, search.views, search.box)
    found = find_lesions(loaded, opened.film, opened.spacing_mm, wanted, synthetic=opened.image.synthetic, tick=tick)
    if chart is not None:
        found = narrowed(placed(found, chart), search.side, search.region)
    report = room.kept(opened, found)
    if not search.regions:
        bare = tuple(one.model_copy(update={"location": None}) for one in report.lesions)
        report = report.model_copy(update={"lesions": bare})
    return lesion_evidence(report, loaded.card.weights_digest)


def _nothing(loaded: Loaded, opened: OpenFilm, search: Search) -> LesionSearch:
    card = loaded.card
    return lesion_evidence(
        LesionReport(
            model=card.name,
            version=card.version,
            target=card.target,
            operating_point=cut_of(loaded, search.point),
            minimum_px=MINIMUM_PX,
            spacing_mm=opened.spacing_mm,
            lesions=(),
            warnings=(f"The film was not searched: the model '{card.name}' finds {card.target}, and nothing else.",),
            synthetic=opened.image.synthetic,
        ),
        card.weights_digest,
    )


def refined(
    room: LesionRoom,
    asked: FilmAsked,
    click: tuple[float, float] | None,
    box: PixelBox | None,
    model: str,
    point: str | float,
    views: int,
) -> LesionReport:
    """One lesion outlined, its mask stored; errors as the room's parts have them."""
    loaded = room.model(model)
    opened = room.film(asked.handle, asked.details)
    found = refine_lesion(
        loaded,
        opened.film,
        opened.spacing_mm,
        Prompt(click, box),
        views=views,
        point=point,
        synthetic=opened.image.synthetic,
    )
    return room.kept(opened, found)


def changes(
    room: LesionRoom,
    films: tuple[FilmAsked, FilmAsked],
    model: str,
    point: str | float,
    views: int,
    tick: _Tick,
) -> LesionChanges:
    """The changes of lesions between a film and an earlier one, masks of both stored.

    Raises:
        CallerError: BAD_ARGUMENT, the films are one, or of two patients; else as the room's parts.
    """
    loaded = room.model(model)
    now, before = (room.film(one.handle, one.details) for one in films)
    if now.image.film.digest == before.image.film.digest:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "Both films are the same film.",
            "Give an earlier film of the patient as 'prior'.",
        )
    studies = [room.desk.store.study_of(one.handle) for one in films]
    synthetic = (now.image.synthetic, before.image.synthetic)
    known = [study.patient for study in studies if study is not None]
    if len(known) == 2:
        demand_one_patient(known[0], known[1], synthetic)
    sides = []
    for number, (opened, asked) in enumerate(zip((now, before), films, strict=True), start=1):
        sides.append(_side(room, loaded, opened, asked, point, views))
        tick(number, 2)
    told = compared(sides[0], sides[1])
    one_study = studies[0] is not None and studies[0] == studies[1]
    return told.model_copy(
        update={
            "now": room.kept(now, sides[0].found),
            "before": room.kept(before, sides[1].found),
            "warnings": told.warnings if one_study else (*told.warnings, _UNCHECKED),
        }
    )


def _side(
    room: LesionRoom, loaded: Loaded, opened: OpenFilm, asked: FilmAsked, point: str | float, views: int
) -> FilmSide:
    cut_of(loaded, point)
    scores = score_map(loaded, opened.film, opened.spacing_mm, views)
    synthetic = opened.image.synthetic
    found: Found
    if asked.boxes:
        found = refine_boxes(
            loaded, opened.film, opened.spacing_mm, asked.boxes, views=views, point=point, synthetic=synthetic
        )
    else:
        wanted = Wanted(point, views=views)
        found = lesions_of(loaded, scores, opened.spacing_mm, wanted, synthetic=synthetic)
    frame = frame_of(opened.film.shape, room.anatomy(opened))
    return FilmSide(found, scores.probability, opened.image.view, frame)


def exported(
    room: LesionRoom,
    decoder: SandboxedDecoder,
    allowed: tuple[Path, ...] | None,
    asked: FilmAsked,
    report: LesionReport,
    numbers: tuple[int, ...],
    path: str,
    out: str,
) -> SegmentationExport:
    """Lesions written as a DICOM SEG of their film's own file.

    Raises:
        CallerError: PATH_NOT_ALLOWED; BAD_ARGUMENT, the file is not the film's, or `out` is there already; else as the
            room's parts and `written_seg`.
    """
    from wardround.agents.lesions.seg import written_seg  # its library is large, and this alone needs it

    opened = room.film(asked.handle, asked.details)
    found = room.reopened(opened, report, numbers)
    with open_allowed(path, allowed) as file:
        data = file.read(decoder.limits.max_file_bytes + 1)
    if source_film(data, decoder).digest != opened.image.film.digest:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{shown_name(path)}' is not the file from which the film was opened: its pixels differ.",
            "Give the DICOM file that the intake server opened.",
        )
    written, uid, segments = written_seg(found, data)
    write_allowed(out, written, allowed)
    return SegmentationExport(
        file=shown_name(out),
        digest=f"sha256:{hashlib.sha256(written).hexdigest()}",
        size_bytes=len(written),
        sop_instance_uid=str(uid),
        rows=opened.image.rows,
        columns=opened.image.columns,
        segments=segments,
        synthetic=report.synthetic,
    )

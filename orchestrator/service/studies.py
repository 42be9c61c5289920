"""`/v1/studies`: films are handed in, described and erased."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from pydantic import Field

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.study import Sex, Study, told_patient
from wardround.orchestrator.result import without_urls
from wardround.orchestrator.service.desk import MULTIPART, TheCaller, TheDesk, of_type
from wardround.orchestrator.service.problems import answers
from wardround.orchestrator.service.uploads import MAX_FILES, held

__all__ = ["StudyAnswer", "build_router"]

_MEGA = 1_000_000


class StudyAnswer(Word):
    """A study as the service knows it: de-identified, and named by a random handle."""

    study: Study
    links: dict[str, str] = Field(default_factory=dict)
    notice: str = NOTICE


def _answer(study: Study) -> StudyAnswer:
    return StudyAnswer(study=without_urls(study), links={"self": f"/v1/studies/{study.handle}"})


def build_router(upload_mb: int) -> APIRouter:
    """The routes; the files of one study may have so many megabytes."""
    router = APIRouter(prefix="/v1/studies", tags=["studies"])

    @router.post(
        "",
        status_code=201,
        dependencies=[Depends(of_type(MULTIPART))],
        responses=answers(400, 413, 415, 429, 503),
        form_limits={"max_files": MAX_FILES, "max_fields": 8, "max_part_size": 1000},
    )
    async def submit(
        desk: TheDesk,
        caller: TheCaller,
        response: Response,
        files: Annotated[
            list[UploadFile],
            File(min_length=1, max_length=MAX_FILES, description="DICOM, PNG or JPEG files of one study."),
        ],
        age_years: Annotated[int | None, Form(ge=0, le=120, description="Overrides the files'.")] = None,
        sex: Annotated[Sex | None, Form(description="Overrides the files'.")] = None,
    ) -> StudyAnswer:
        """Hands in the films of one study; answers with its handle.

        The files are read by their content, whatever they are called. Identifiers are stripped, and the files deleted.
        What is not a single-frame grey frontal radiograph of the chest is refused with the reason.
        """
        async with held(files, desk.uploads, upload_mb * _MEGA) as paths:
            study = await desk.encounters.house.open_study(paths, told_patient(age_years, sex))
        await desk.studies.add(caller.name, study)
        response.headers["Location"] = f"/v1/studies/{study.handle}"
        return _answer(study)

    @router.get("/{handle}", responses=answers(404))
    async def describe(desk: TheDesk, caller: TheCaller, handle: str) -> StudyAnswer:
        """Describes a study."""
        return _answer(await desk.studies.study(caller.sees, handle))

    @router.delete("/{handle}", status_code=204, responses=answers(404, 503))
    async def erase(desk: TheDesk, caller: TheCaller, handle: str) -> None:
        """Erases a study with its films, and every mask and heat map made from them; results of runs stay."""
        await desk.studies.study(caller.sees, handle)
        await desk.encounters.house.forget_study(handle)
        await desk.studies.remove(handle)

    return router

"""`wardround cases`: fill, ask and clear case memory. Data on stdout, talk on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from wardround.contracts.base import NOTICE, Word
from wardround.contracts.case import Case, CaseQuery, CaseTrust, Remembered
from wardround.contracts.decision import STAGES, Stage
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.printable import printable
from wardround.contracts.study import Patient, Sex

if TYPE_CHECKING:
    from wardround.agents.cases.store import CaseStore

__all__ = ["app"]

app = typer.Typer(
    help="Case memory: what it holds, what is like what, and what it must forget. Not for clinical use.",
    no_args_is_help=True,
)
_AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="A case's id, as 'cases search' prints it.")]
_File = Annotated[Path, typer.Argument(metavar="FILE", help="One or more cases: a record, MedChain, AgentClinic, CSV.")]
_Words = Annotated[str, typer.Argument(metavar="WORDS", help="What is known of the case, in words.")]
_AtStage = Annotated[Stage, typer.Option(help="What the stage may not know is neither compared nor shown.")]
_Trust = Annotated[CaseTrust | None, typer.Option(help="How far these cases may be relied on; else as they say.")]
_INDIANA, _OWN = "indiana", "own"
_SOURCE = (
    "A file of cases (MedChain or AgentClinic JSON, records that were exported, CSV); 'indiana' for the 3,955 Indiana "
    "University reports in the installed torchxrayvision package; 'own' for the synthetic cases that come along."
)
_MOST_SHOWN = 160


@contextmanager
def _memory() -> Iterator[CaseStore]:
    from wardround.agents.cases.embedders import open_embedder
    from wardround.agents.cases.settings import CaseSettings
    from wardround.agents.cases.store import CaseStore

    settings = CaseSettings.from_environment()
    with CaseStore.opened(settings.file, open_embedder(settings), settings.weights) as store:
        yield store


def _talk(line: str) -> None:
    typer.echo(line, err=True)


def _plain(text: str) -> Text:
    """A record's words as they are: no markup, and no control character that a terminal would obey."""
    return Text(printable(text))


def _short(text: str) -> Text:
    line = " ".join(text.split())
    return _plain(line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…")


def _table(title: str, *columns: str | Column) -> Table:
    return Table(*columns, title=title, caption=NOTICE)


def _printed(table: Table) -> None:
    Console().print(table)


def _told(result: Word | dict[str, Any], as_json: bool, table: Table) -> None:
    """A result as JSON or as a table; both carry the notice."""
    if not as_json:
        _printed(table)
        return
    fields = result.model_dump(mode="json") if isinstance(result, Word) else result
    typer.echo(json.dumps({**fields, "notice": NOTICE}, ensure_ascii=False, indent=1))


def _cases_of(source: str, labels: Path | None, trust: CaseTrust | None) -> Sequence[Case]:
    from wardround.agents.cases.loaders.indiana import indiana_cases
    from wardround.agents.cases.loaders.own import own_cases
    from wardround.agents.cases.loaders.reader import read_cases

    named: dict[str, Callable[[], Iterable[Case]]] = {_INDIANA: indiana_cases, _OWN: own_cases}
    if source not in named:
        return read_cases(Path(source), labels, trust)
    if labels is not None:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, f"--labels does not go with '{source}'.", "It is for AgentClinic's cases alone."
        )
    cases = tuple(named[source]())
    return cases if trust is None else tuple(case.model_copy(update={"trust": trust}) for case in cases)


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


@app.command("import")
def import_cases(
    source: Annotated[str, typer.Argument(metavar="PATH|indiana|own", help=_SOURCE)],
    trust: _Trust = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="For AgentClinic: what its cases lack, by the number of their line."),
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Read cases into memory; a case whose id is there already takes the old one's place."""
    cases = _cases_of(source, labels, trust)
    with _memory() as store, _bar("indexing", len(cases)) as tick:
        new, replaced = store.add(cases, tick)
    kinds = sorted({(case.licence, case.trust.value) for case in cases})
    table = _table("imported", "read", "new", "replaced", "licence and trust")
    table.add_row(
        str(len(cases)), str(new), str(replaced), _plain("\n".join(f"{name}, {tier}" for name, tier in kinds))
    )
    told = {
        "read": len(cases),
        "new": new,
        "replaced": replaced,
        "licences": sorted({name for name, _ in kinds}),
        "trust": sorted({tier for _, tier in kinds}),
    }
    _told(told, as_json, table)


def _query(words: str, stage: Stage, patient: Patient, **wishes: Any) -> CaseQuery:
    """Plain words stand for the complaint, and for the findings at the stages that may know some."""
    late = STAGES.index(stage) >= STAGES.index(Stage.DIAGNOSIS)
    try:
        return CaseQuery(
            stage=stage, chief_complaint=words, image_report=words if late else "", patient=patient, **wishes
        )
    except ValueError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT, "The words or options are too long or out of range.", "See 'cases search --help'."
        ) from error


@app.command("search")
def search(
    words: _Words,
    stage: _AtStage = Stage.DIAGNOSIS,
    finding: Annotated[str, typer.Option(help="Only cases with this film finding, for example Effusion.")] = "",
    age: Annotated[int | None, typer.Option(min=0, max=120, help="The patient's age in years.")] = None,
    age_within: Annotated[
        int | None, typer.Option(min=0, max=90, help="Only cases whose age differs by no more years; needs --age.")
    ] = None,
    sex: Annotated[Sex | None, typer.Option(help="Only cases of this sex.")] = None,
    department: Annotated[str, typer.Option(help="The department that is searched first.")] = "",
    real: Annotated[bool, typer.Option("--real", help="No written (synthetic) cases.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many.")] = 5,
    as_json: _AsJson = False,
) -> None:
    """The cases most like what is told. The similarity is no probability."""
    if age_within is not None and age is None:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "--age-within needs --age.", "Give the patient's age, too.")
    query = _query(
        words,
        stage,
        Patient(age_years=None if age is None else min(age, 90), sex=sex or Sex.UNKNOWN),
        department=department,
        finding=finding,
        age_within_years=age_within,
        same_sex=sex in (Sex.FEMALE, Sex.MALE),
        synthetic=not real,
        limit=limit,
    )
    with _memory() as store:
        found = store.search(query)
    for warning in found.warnings:
        _talk(f"warning: {warning}")
    title = f"{found.searched} cases searched with {found.model} {found.version}"
    table = _table(title, Column("case", no_wrap=True), "similarity", "trust", "complaint", "shown at this stage")
    for match in found.matches:
        marks = [match.trust.value, "synthetic"] if match.synthetic else [match.trust.value]
        fields = match.fields
        shown = "; ".join(fields.treatments or fields.diagnoses) or fields.image_report or fields.department
        table.add_row(
            *(_plain(match.case_id), f"{match.similarity:.3f}", ", ".join(marks)),
            *(_short(fields.chief_complaint), _short(shown)),
        )
    _told(found, as_json, table)


def _lines(told: Word) -> Iterable[tuple[str, str]]:
    for name, value in told.model_dump(mode="json").items():
        if isinstance(value, dict):
            yield name, "\n".join(f"{inner}: {one}" for inner, one in value.items() if one is not None)
        elif isinstance(value, list):
            yield name, "\n".join(one if isinstance(one, str) else ", ".join(map(str, one.values())) for one in value)
        elif value not in (None, ""):
            yield name, str(value)


@app.command("show")
def show(case_id: _Id, as_json: _AsJson = False) -> None:
    """One whole record, with where it comes from and on what terms."""
    with _memory() as store:
        case = store.get(case_id)
    table = _table("", Column("field", no_wrap=True), "content")
    for name, text in _lines(case):
        if text:
            table.add_row(name, _plain(text))
    _told(case, as_json, table)


def _remembered(done: Sequence[Remembered], as_json: bool) -> None:
    table = _table("", Column("case", no_wrap=True), "trust", "what became of it")
    for one in done:
        what = "forgotten" if one.forgotten else "new" if one.new else "corrected"
        table.add_row(_plain(one.case_id), one.trust.value if one.trust else "", what)
    _told({"cases": [one.model_dump(mode="json") for one in done]}, as_json, table)


@app.command("add")
def add(file: _File, trust: _Trust = None, as_json: _AsJson = False) -> None:
    """Put new cases in; a case whose id is there already is refused, and then none is put in."""
    from wardround.agents.cases.loaders.reader import read_cases

    cases = read_cases(file, trust=trust)
    with _memory() as store:
        known = [case.case_id for case in cases if _holds(store, case.case_id)]
        if known:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"Case memory already holds '{known[0]}'" + (f" and {len(known) - 1} others." if known[1:] else "."),
                "Use 'wardround cases correct' to change a record, or give the new one another id.",
            )
        store.add(cases)
    _remembered([Remembered(case_id=case.case_id, trust=case.trust, new=True) for case in cases], as_json)


def _holds(store: CaseStore, case_id: str) -> bool:
    try:
        store.get(case_id)
    except CallerError as error:
        if error.problem.code is ProblemCode.NOT_FOUND:
            return False
        raise
    return True


@app.command("correct")
def correct(file: _File, trust: _Trust = None, as_json: _AsJson = False) -> None:
    """Put corrected records in the place of those with their ids; an unknown id is refused."""
    from wardround.agents.cases.loaders.reader import read_cases

    cases = read_cases(file, trust=trust)
    with _memory() as store:
        for case in cases:
            store.get(case.case_id)
        for case in cases:
            store.correct(case)
    _remembered([Remembered(case_id=case.case_id, trust=case.trust) for case in cases], as_json)


@app.command("forget")
def forget(case_id: _Id, as_json: _AsJson = False) -> None:
    """Erase a record with all that was derived from it; copies that were exported are not reached."""
    with _memory() as store:
        if not store.forget(case_id):
            raise CallerError(
                ProblemCode.NOT_FOUND, "Case memory holds no case of this id.", "See 'wardround cases search'."
            )
    _remembered([Remembered(case_id=case_id, forgotten=True)], as_json)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="A new file; one record on each line.")],
    trust: Annotated[CaseTrust | None, typer.Option(help="Only records of this tier.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Write the records to a file that 'cases import' reads. Each keeps its licence, which may forbid passing it on."""
    licences: dict[str, int] = {}
    try:
        with _memory() as store, file.open("x", encoding="utf-8") as lines:
            file.chmod(0o600)
            for case in store.cases(trust):
                lines.write(json.dumps({**case.model_dump(mode="json"), "notice": NOTICE}, ensure_ascii=False) + "\n")
                licences[case.licence] = licences.get(case.licence, 0) + 1
    except OSError as error:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"'{file.name}' could not be written: {error.strerror}.",
            "Name a file that does not exist yet, in a folder that may be written.",
        ) from error
    table = _table(f"written to {file.name}", "licence", "records")
    for licence, count in sorted(licences.items()):
        table.add_row(_plain(licence), str(count))
    _told({"file": file.name, "records": sum(licences.values()), "licences": licences}, as_json, table)


@app.command("explain")
def explain(case_id: _Id, words: _Words, stage: _AtStage = Stage.DIAGNOSIS, as_json: _AsJson = False) -> None:
    """Why a case is found for these words: its place in each ranking, and which fields agree by how much."""
    with _memory() as store:
        told = store.explain(_query(words, stage, Patient()), case_id)
    places = f"by words {told.keyword_rank or 'none'}, by meaning {told.dense_rank or 'none'}"
    table = _table(f"{told.case_id}: place {places}", "field", "word score", "similarity", "rarest words of both")
    for field in told.fields:
        similarity = "" if field.similarity is None else f"{field.similarity:.3f}"
        table.add_row(field.field, f"{field.keyword_score:.2f}", similarity, _plain(", ".join(field.shared)))
    _told(told, as_json, table)


@app.command("stats")
def stats(as_json: _AsJson = False) -> None:
    """How much memory holds, of which trust and licence, and how large it is."""
    with _memory() as store:
        told = store.stats()
    table = _table("", "", "")
    for name, text in _lines(told):
        table.add_row(name, _plain(text))
    _told(told, as_json, table)


@app.command("own")
def own(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made where it is not there.")],
    as_json: _AsJson = False,
) -> None:
    """Write the synthetic cases that come along, each as a file, with a phantom film where it has one."""
    from wardround.agents.cases.loaders.own import own_cases, own_films, write_own_cases

    with _bar("writing", len(own_cases()) + len(own_films())) as tick:
        written = write_own_cases(folder, tick=tick)
    table = _table(f"{len(written)} files, all synthetic: no person stands behind them", "file")
    for path in written:
        table.add_row(path.name)
    _told({"files": [path.name for path in written], "synthetic": True}, as_json, table)

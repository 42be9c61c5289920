"""The case memory server: finds, shows, keeps, corrects and forgets clinical cases in the user's own memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import MCPServer
from pydantic import Field

from wardround.agents.cases.card import card
from wardround.agents.cases.embedders import open_embedder
from wardround.agents.cases.loaders.checked import MAX_FILE_BYTES
from wardround.agents.cases.loaders.reader import read_cases
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.cases.similar import similar_report
from wardround.agents.cases.store import CaseStore
from wardround.agents.imaging.paths import open_allowed, shown_name
from wardround.contracts.card import ModelCard
from wardround.contracts.case import Case, CaseFile, CaseMatches, CaseQuery, CaseTrust, MatchExplained, Remembered
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import EvidenceReport
from wardround.contracts.roles import Role
from wardround.contracts.study import Patient
from wardround.servers.answers import DELETES, WRITES, add_tool, new_server
from wardround.servers.kit import add_card, add_routes
from wardround.servers.settings import ServerSettings

__all__ = ["build"]

Answer = TypeVar("Answer")
First = Callable[[], Iterable[Case]]

_ANYONE = Patient()
_CARD_WAIT_S = 10.0
_CaseId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w.:-]+$", description="The case's own id.")]


def _own_cases() -> Iterable[Case]:
    from wardround.agents.cases.loaders.own import own_cases

    return own_cases()


class _Memory:
    """The store and the one thread on which it is opened and asked.

    A memory that cannot be opened, or whose embedder is not there, still answers: each question with the reason.
    """

    def __init__(self, environment: Mapping[str, str], first: First) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cases")
        self._opening: Future[CaseStore] = self._thread.submit(_opened, environment, first)

    @property
    def ready(self) -> bool:
        return self._opening.done() and self._opening.exception() is None

    async def ask(self, question: Callable[[CaseStore], Answer]) -> Answer:
        """
        Raises:
            WardroundError: as the question, or why there is no memory.
        """
        return await asyncio.wrap_future(self._thread.submit(lambda: question(self._opening.result())))

    def card(self) -> ModelCard | None:
        """The card; None where there is no memory, or it is still being indexed."""
        wait([self._opening], _CARD_WAIT_S)
        return self._thread.submit(lambda: card(self._opening.result().stats())).result() if self.ready else None

    def close(self) -> None:
        """Closes the file once what was asked is answered."""
        if self.ready:
            self._thread.submit(self._opening.result().close)
        self._thread.shutdown(wait=True)


def _opened(environment: Mapping[str, str], first: First) -> CaseStore:
    settings = CaseSettings.from_environment(environment)
    store = CaseStore.opened(settings.file, open_embedder(settings, environment), settings.weights)
    try:
        store.begin(first)
    except BaseException:
        store.close()
        raise
    return store


def _remember(store: CaseStore, case: Case, *, known: bool) -> Remembered:
    """Keeps a record that a client brings; `known`: it must be there already.

    What is validated was checked by a person or comes from a published corpus, and no client may say so of its own
    record, nor write over one: for that the memory's owner has the command line.
    """
    if case.trust is CaseTrust.VALIDATED:
        raise CallerError(
            ProblemCode.FORBIDDEN,
            f"A client may not bring records of the tier '{CaseTrust.VALIDATED.value}'.",
            f"Give trust '{CaseTrust.USER.value}' or '{CaseTrust.FINISHED_HERE.value}'; validated ones are imported by "
            "'wardround cases import'.",
        )
    there = _there(store, case.case_id)
    if there is None and known:
        store.get(case.case_id)  # raises NOT_FOUND
    if there is not None and there.trust is CaseTrust.VALIDATED:
        raise CallerError(
            ProblemCode.FORBIDDEN,
            f"The case '{case.case_id}' is validated, and a client may not write over it.",
            "Add yours under another id, or correct it by 'wardround cases add'.",
        )
    new, _ = store.add([case])
    return Remembered(case_id=case.case_id, trust=case.trust, new=bool(new))


def _there(store: CaseStore, case_id: str) -> Case | None:
    try:
        return store.get(case_id)
    except CallerError as error:
        if error.problem.code is ProblemCode.NOT_FOUND:
            return None
        raise


def _cases_of(path: str, allowed: tuple[Path, ...] | None) -> CaseFile:
    """What was opened is what is read: the file may be exchanged in between, its copy may not."""
    with open_allowed(path, allowed) as opened, tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / shown_name(path)
        copy.write_bytes(opened.read(MAX_FILE_BYTES + 1))
        return CaseFile(cases=read_cases(copy))


def build(settings: ServerSettings, first: First = _own_cases) -> MCPServer[Any]:
    """The server, with its eight tools; the environment names the memory when the server starts, see `CaseSettings`.

    Args:
        first: the records that a memory which has never held any is given.
    """
    memories: list[_Memory] = []

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[None]:
        home = {} if settings.home is None else {"WARDROUND_HOME": str(settings.home)}
        memory = _Memory({**os.environ, **home}, first)
        memories.append(memory)
        try:
            yield
        finally:
            memories.remove(memory)
            await asyncio.to_thread(memory.close)

    server = new_server(
        "cases",
        "Case memory",
        "Finds earlier cases that are like one in hand, each with its origin and licence; keeps, corrects and forgets "
        "cases. A similar case is no evidence of what this patient has.",
        lifespan=lifespan,
    )

    async def search_cases(query: CaseQuery) -> CaseMatches:
        """Finds the cases most like the one in hand, as far as its stage may know them.

        Words and meaning are compared. The department asked comes first, others follow where it has too few; validated
        cases come before a user's, and those before cases that this program finished itself. Of what is found no more
        is shown than the stage may see. Similarity is a score in [0, 1], not a probability.
        """
        return await memories[-1].ask(lambda store: store.search(query))

    async def get_case(case_id: _CaseId) -> Case:
        """Gives one whole record by its id, its outcome included."""
        return await memories[-1].ask(lambda store: store.get(case_id))

    async def add_case(case: Case) -> Remembered:
        """Keeps a case in memory; the same id again replaces it, and the same record again changes nothing.

        Its trust is 'user' or 'finished here': validated cases are imported by the memory's owner alone.
        """
        return await memories[-1].ask(lambda store: _remember(store, case, known=False))

    async def correct_case(case: Case) -> Remembered:
        """Replaces the record of this id by a corrected one, whole; nothing of what it was stays.

        A validated record is corrected by the memory's owner alone.
        """
        return await memories[-1].ask(lambda store: _remember(store, case, known=True))

    async def forget_case(case_id: _CaseId) -> Remembered:
        """Erases a case for good, of whatever trust, with all that was derived from it. There is no way back."""

        def forget(store: CaseStore) -> Remembered:
            return Remembered(case_id=case_id, forgotten=store.forget(case_id))

        return await memories[-1].ask(forget)

    async def explain_match(query: CaseQuery, case_id: _CaseId) -> MatchExplained:
        """Says why a query finds a case: its place by words and by meaning, and which fields agree by how much."""
        return await memories[-1].ask(lambda store: store.explain(query, case_id))

    async def similar_cases(
        findings: Annotated[
            list[Annotated[str, Field(max_length=60)]],
            Field(max_length=40, description="Findings of a film, by label or any other name, surest first."),
        ],
        patient: Patient = _ANYONE,
        limit: Annotated[int, Field(ge=1, le=50)] = 3,
        synthetic: Annotated[bool, Field(description="Whether written cases may be found beside real ones.")] = False,
    ) -> EvidenceReport:
        """Gives cases whose films showed the same findings, as evidence of the kind 'case'.

        The most overlap comes first, then the nearest age and the same sex. Similarity is the share of findings that
        both have, not a probability; what another film showed says nothing of this one.
        """

        def similar(store: CaseStore) -> EvidenceReport:
            return similar_report(store.overlapping(findings, patient, limit, synthetic=synthetic))

        return await memories[-1].ask(similar)

    async def read_case_file(
        path: Annotated[str, Field(max_length=1000, description="A file of cases in an allowed folder.")],
    ) -> CaseFile:
        """Reads the cases of a file (MedChain's JSON, AgentClinic's lines, records, CSV) and keeps none of them."""
        return await asyncio.to_thread(_cases_of, path, settings.allowed)

    add_tool(server, search_cases, CaseMatches, role=Role.RECALL, title="Search cases")
    add_tool(server, get_case, Case, title="Get a case")
    add_tool(server, add_case, Remembered, role=Role.REMEMBER, title="Add a case", annotations=WRITES)
    add_tool(server, correct_case, Remembered, title="Correct a case", annotations=DELETES)
    add_tool(server, forget_case, Remembered, title="Forget a case", annotations=DELETES)
    add_tool(server, explain_match, MatchExplained, title="Explain a match")
    add_tool(server, read_case_file, CaseFile, role=Role.CASE_FILE, title="Read a case file")
    add_tool(server, similar_cases, EvidenceReport, role=Role.RETRIEVE, title="Similar cases")
    add_card(server, lambda: tuple(filter(None, (memory.card() for memory in memories[-1:]))))
    add_routes(server, None, ready=lambda: any(memory.ready for memory in memories))
    return server

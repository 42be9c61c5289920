"""What crosses the table in an encounter: questions, orders, what comes back, and the encounter as a whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from wardround.contracts.base import NOTICE, Unit, Word
from wardround.contracts.case import CaseImage
from wardround.contracts.clinic import AuxiliaryExam, HistoryTopic, PhysicalExam
from wardround.contracts.decision import Decision, Move, Stage, Verdict
from wardround.contracts.diagnosis import Missing
from wardround.contracts.study import Patient
from wardround.contracts.survival import SurvivalEstimate, SurvivalQuestion

__all__ = [
    "MAX_ANSWER_CHARS",
    "Answer",
    "AnswerStatus",
    "Charge",
    "CostLedger",
    "Encounter",
    "EncounterMode",
    "EncounterStatus",
    "EncounterUsage",
    "Fact",
    "FactKind",
    "Opening",
    "Order",
    "OrderResult",
    "OrderStatus",
    "Question",
    "RedFlag",
    "Turn",
]

MAX_ANSWER_CHARS = 4000
_Text = Annotated[str, Field(max_length=MAX_ANSWER_CHARS)]


class Opening(Word):
    """What an encounter begins with: who comes, and with what complaint.

    `survival` asks for an estimate before the treatment is decided; nobody but a person says that a model fits.
    """

    patient: Patient = Patient()
    chief_complaint: Annotated[str, Field(min_length=1, max_length=MAX_ANSWER_CHARS)]
    survival: SurvivalQuestion | None = None
    synthetic: bool = False


class Question(Word):
    """A question to the patient. `words` narrow the topic down; empty asks for all of it."""

    id: str
    topic: HistoryTopic
    words: Annotated[str, Field(max_length=300)] = ""


class AnswerStatus(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    NOT_KNOWN = "not known"  # the record says nothing of it, or the person does not know
    WAITING = "waiting"  # a person has been asked and has not answered yet


class Answer(Word):
    """What was answered; `text` is empty unless ANSWERED. `source` names who answers: a record, a person, a model."""

    question_id: str
    status: AnswerStatus
    text: _Text = ""
    source: str


class Order(Word):
    """An examination that is to be done; `id` is its own within the encounter, so that it is never paid twice."""

    id: str
    exam: PhysicalExam | AuxiliaryExam


class OrderStatus(StrEnum):
    """What became of an order."""

    AVAILABLE = "available"
    NOT_AVAILABLE = "not available"  # the record has no such result; none is made up
    VETOED = "vetoed"  # it would have gone beyond the budget, and was not placed
    WAITING = "waiting"  # a person has been asked for it and has not answered yet


class OrderResult(Word):
    """What an order brought. `images` are films to be read, where the record has them; `text` is then only a report."""

    order_id: str
    exam: PhysicalExam | AuxiliaryExam
    status: OrderStatus
    text: Annotated[str, Field(max_length=20_000)] = ""
    images: tuple[CaseImage, ...] = ()
    source: str


class Charge(Word):
    """One line of the cost ledger; a vetoed order costs nothing and stands there all the same."""

    order_id: str
    item: str
    price: Annotated[float, Field(ge=0.0)]
    vetoed: bool = False


class CostLedger(Word):
    """What was ordered and what it cost by the price table; `budget` None: no limit."""

    currency: str = "USD"
    budget: Annotated[float, Field(ge=0.0)] | None = None
    charges: tuple[Charge, ...] = ()

    @property
    def total(self) -> float:
        """The sum of all that was not vetoed."""
        return sum(one.price for one in self.charges if not one.vetoed)


class FactKind(StrEnum):
    """Where a fact of an encounter comes from."""

    PATIENT = "patient"  # age and sex
    COMPLAINT = "complaint"
    ANSWER = "answer"
    RESULT = "result"  # what an examination found
    FILM = "film"  # a verified claim of a film's diagnosis
    CASE = "case"  # a similar case from memory
    PROGNOSIS = "prognosis"  # what a survival model expects
    REPORT = "report"  # the report of the examination stage
    RED_FLAG = "red flag"


class Fact(Word):
    """One item that a decision may cite. `name` is the topic, examination or finding; `available` False: asked in vain.

    `weight` is a case's similarity or a claim's confidence, and is a probability only where `calibrated`. `ref` is the
    id of the case, of the film's run, or of the rule.
    """

    id: str
    kind: FactKind
    stage: Stage
    name: str = ""
    text: str = ""
    available: bool = True
    weight: Unit | None = None
    calibrated: bool = False
    ref: str = ""
    source: str
    version: str = ""
    synthetic: bool = False


class RedFlag(Word):
    """A rule that fired: what must not wait, and where the rule comes from."""

    rule: str
    name: str
    urgency: str
    facts: tuple[str, ...]
    source: str


class EncounterMode(StrEnum):
    """Who decides: nobody but memory, one physician (a language model), or a panel of the department."""

    CASES = "cases"
    SINGLE = "single"
    PANEL = "panel"


class EncounterStatus(StrEnum):
    """How far an encounter is."""

    RUNNING = "running"
    WAITING = "waiting"  # for a person's answer
    FINISHED = "finished"
    ABSTAINED = "abstained"
    ESCALATED = "escalated"


class Turn(Word):
    """One move, in order: what was done at which stage, by whom, and why."""

    number: int
    stage: Stage
    move: Move
    what: str
    by: str
    reason: str = ""
    facts: tuple[str, ...] = ()


class EncounterUsage(Word):
    """What a language model cost, and how the encounter went; seconds are wall-clock."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unusable: int = Field(default=0, description="Answers of the model that could not be used.")
    seconds: float = 0.0


class Encounter(Word):
    """An encounter as it stands. `decisions` are those in force, one a stage, in order; `replaced` those given up.

    `open_question` or `open_order` is what a person is waited for; `stopped` says why it ended before treatment.
    """

    encounter_id: str
    created_at: str
    mode: EncounterMode
    status: EncounterStatus
    opening: Opening
    stage: Stage
    decisions: tuple[Decision, ...] = ()
    replaced: tuple[Decision, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    turns: tuple[Turn, ...] = ()
    facts: tuple[Fact, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    prognosis: SurvivalEstimate | None = None
    cost: CostLedger = CostLedger()
    open_question: Question | None = None
    open_order: Order | None = None
    stopped: str = ""
    missing: tuple[Missing, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: EncounterUsage = EncounterUsage()
    reasoner: str = ""
    synthetic: bool = False
    notice: str = NOTICE

    def decision(self, stage: Stage) -> Decision | None:
        """The decision in force at a stage."""
        return next((one for one in self.decisions if one.stage is stage), None)

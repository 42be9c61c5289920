"""A case record at the gate: it tells the sentences that a question asks for, and the result that was ordered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wardround.contracts.case import Case
from wardround.contracts.clinic import AuxiliaryExam, Exam
from wardround.contracts.encounter import (
    MAX_ANSWER_CHARS,
    Answer,
    AnswerStatus,
    Opening,
    Order,
    OrderResult,
    OrderStatus,
    Question,
)
from wardround.orchestrator.encounter.gate.guard import WITHHELD, Guard
from wardround.orchestrator.encounter.gate.topics import told_history
from wardround.orchestrator.encounter.gate.words import keys

__all__ = ["IMAGING", "RecordGate", "told_answer"]

IMAGING = frozenset(
    {AuxiliaryExam.XRAY, AuxiliaryExam.CT, AuxiliaryExam.MRI, AuxiliaryExam.ULTRASOUND, AuxiliaryExam.NUCLEAR}
)
_NO_COMPLAINT = "(no complaint recorded)"
_RECORD = "record"


class RecordGate:
    """Answers from the record alone, word for word, and lets no diagnosis of the case through (see `Guard`).

    A question without words is answered by the sentences of its topic; one with words by those of them that share a
    subject with it, or where none does by the other sentences of the history that do: sorting by topic errs, and what
    was asked for by name was asked for. The words are compared after the diagnosis has been withheld, so that nobody
    finds out by asking for it. Long answers end with the last whole sentence within `MAX_ANSWER_CHARS`.

    An order brings its own examination's finding. Where the examination has films that can be read (`readable`), it
    brings those and no words: what the record says of them is the reference that a reading is scored against. The
    report on images, likewise a reference, is told only where the case has no images and no finding for any imaging,
    and the report names exactly the examination ordered. All else is not available; nothing is made up. A film's file
    name is for whoever opens it, not for whoever decides: it may say more than it should.
    """

    name = _RECORD

    def __init__(self, case: Case, *, readable: Iterable[AuxiliaryExam] = IMAGING) -> None:
        self._case = case
        self._readable = frozenset(readable)
        self._guard = Guard(case.diagnoses)
        # Before the sentences are parted, since a name may be parted with them, at the end of a line.
        fields = ("chief_complaint", "symptoms", "past_history")
        self._history = told_history(
            case.model_copy(update={name: self._guard.cleared(getattr(case, name)) for name in fields})
        )
        self._keys = tuple(keys(one.text.replace(WITHHELD, " ")) for one in self._history)

    async def opening(self) -> Opening:
        """The person, and the complaint as the record has it."""
        complaint = self._guard.cleared(self._case.chief_complaint).strip()[:MAX_ANSWER_CHARS]
        return Opening(
            patient=self._case.patient, chief_complaint=complaint or _NO_COMPLAINT, synthetic=self._case.synthetic
        )

    async def answer(self, question: Question) -> Answer:
        """The sentences that the question asks for; NOT_KNOWN where there are none."""
        return told_answer(question, self.told(question))

    async def result(self, order: Order) -> OrderResult:
        """The films or the finding of the ordered examination; NOT_AVAILABLE where the record has neither."""
        images = tuple(one for one in self._case.images if one.exam is order.exam and one.exam in self._readable)
        text = "" if images else self._guard.cleared(self._finding(order.exam)).strip()
        available = bool(images or text)
        return OrderResult(
            order_id=order.id,
            exam=order.exam,
            status=OrderStatus.AVAILABLE if available else OrderStatus.NOT_AVAILABLE,
            text=text[:_MAX_RESULT],
            images=images,
            source=self.name,
        )

    def told(self, question: Question) -> tuple[str, ...]:
        """The sentences of the record that the question asks for, in its order."""
        pairs = tuple(zip(self._history, self._keys, strict=True))
        of_topic = [pair for pair in pairs if question.topic in pair[0].topics]
        if not question.words.strip():
            return tuple(one.text for one, _ in of_topic)
        wanted = keys(question.words)
        shared = [one.text for one, known in of_topic if known & wanted]
        return tuple(shared or [one.text for one, known in pairs if known & wanted])

    def withholds(self, text: str) -> bool:
        """Whether a text names what must not cross."""
        return self._guard.names(text)

    def _finding(self, exam: Exam) -> str:
        recorded = self._case.result_of(exam)
        if recorded:
            return recorded
        reported = {one for one in IMAGING if self._case.result_of(one)}
        if reported or self._case.images or exam not in IMAGING:
            return ""
        report = self._case.image_report
        return report if [one for one in IMAGING if _names_exam(report, one)] == [exam] else ""


_MAX_RESULT = 20_000
# A line of the record that ends without a full stop stays a line, so that its 'no' does not reach into the next.
_ENDS, _LINE = (".", "!", "?", ";", "。", "！", "？", "；"), "\n"
_ALSO = {AuxiliaryExam.XRAY: ("xray", "X ray", "plain film", "chest film", "CXR"), AuxiliaryExam.MRI: ("MR",)}


def told_answer(question: Question, told: Sequence[str], source: str = _RECORD) -> Answer:
    """An answer of whole sentences, as many as fit; the first is cut where it alone is too long."""
    text = ""
    for sentence in told:
        longer = f"{text}{' ' if text.endswith(_ENDS) else _LINE}{sentence}" if text else sentence
        if text and len(longer) > MAX_ANSWER_CHARS:
            break
        text = longer[:MAX_ANSWER_CHARS]
    status = AnswerStatus.ANSWERED if text else AnswerStatus.NOT_KNOWN
    return Answer(question_id=question.id, status=status, text=text, source=source)


def _names_exam(text: str, exam: AuxiliaryExam) -> bool:
    names = "|".join(re.escape(one) for one in (exam.value, *exam.synonyms, *_ALSO.get(exam, ())))
    return re.search(rf"(?<![A-Za-z])(?:{names})s?(?![A-Za-z])", text, re.IGNORECASE) is not None

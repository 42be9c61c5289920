"""The study of asking, whole, on small made-up vignettes: halves, leaks, determinism, what is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from wardround.contracts.errors import CallerError
from wardround.evals.asking.embedding import Kept
from wardround.evals.asking.features import NAMES, Memory
from wardround.evals.asking.figures import AskingResult
from wardround.evals.asking.pictures import draw_curve
from wardround.evals.asking.study import study
from wardround.evals.asking.tables import study_table
from wardround.evals.asking.vignettes import Solved, Vignette, read_solved, read_vignettes

_DISEASES = {
    "influenza": ["fever", "myalgia", "chills", "headache"],
    "asthma": ["wheeze", "dyspnea", "allergy", "night cough"],
    "gout": ["toe pain", "alcohol", "redness", "swelling"],
    "migraine": ["aura", "photophobia", "nausea", "throbbing headache"],
}


class WordBags:
    """A small embedder: a text is the sum of its words' fixed directions."""

    name = "word bags"
    version = "1"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        told = np.stack(
            [sum((_direction(word) for word in text.casefold().split()), _direction("a")) for text in texts]
        )
        return np.asarray(told / np.linalg.norm(told, axis=1, keepdims=True), dtype=np.float32)


def _direction(word: str) -> NDArray[np.float64]:
    return np.random.default_rng(int(hashlib.sha256(word.encode()).hexdigest()[:8], 16)).normal(size=24)


def _lines(count: int) -> list[dict[str, object]]:
    random = np.random.default_rng(0)
    lines = []
    for number in range(count):
        truth = int(random.integers(4))
        signs = list(_DISEASES.values())[truth]
        facts = ["Patient is 40 years old.", "Patient feels ill.", *(f"Patient has {sign}." for sign in signs)]
        lines.append(
            {
                "id": number,
                "question": "What is the most likely diagnosis?",
                "options": dict(zip("ABCD", _DISEASES, strict=True)),
                "answer_idx": "ABCD"[truth],
                "facts": [f"{place}. {fact}" for place, fact in enumerate(facts, start=1)],
            }
        )
    return lines


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Vignette, ...]:
    file = tmp_path_factory.mktemp("cases") / "made.jsonl"
    file.write_text("\n".join(map(json.dumps, _lines(90))), encoding="utf-8")
    return read_vignettes(file)


def _halves(cases: Sequence[Vignette]) -> tuple[list[Vignette], list[Vignette]]:
    return [case for case in cases if case.tuning], [case for case in cases if not case.tuning]


def _studied(cases: Sequence[Vignette]) -> AskingResult:
    tuning, test = _halves(cases)
    memory = Memory(Kept(WordBags()), tuning, [Solved("Fever and chills?", "influenza")])
    return study(tuning, test, memory, embedder="word bags", dataset="made", control_cases=80)


@pytest.fixture(scope="module")
def studied(cases: tuple[Vignette, ...]) -> AskingResult:
    return _studied(cases)


def test_a_vignette_is_read_without_its_numbering_and_halves_do_not_move(cases: tuple[Vignette, ...]) -> None:
    assert cases[0].facts[0] == "Patient is 40 years old."
    assert cases[0].options == tuple(_DISEASES)
    tuning, test = _halves(cases)
    assert len(tuning) + len(test) == 90 and abs(len(tuning) - len(test)) < 25
    # SHA-256 of "0" to "4" begin with 5f, 6b, d4, 4e and 4b
    assert [one.tuning for one in cases[:5]] == [False, False, True, True, False]


def test_nothing_of_the_case_itself_speaks_for_its_answer() -> None:
    case = Vignette("x", "What is it?", ("first thing", "second thing"), 1, ("Patient is old.", "Patient coughs."))
    other = Vignette("y", "What is it?", ("first thing", "second thing"), 0, ("Patient is old.", "Patient coughs."))
    solved = [Solved(f"{' '.join(signs)}, {' '.join(signs)}?", name) for name, signs in _DISEASES.items()]
    memory = Memory(Kept(WordBags()), [case, other], solved)
    likest = memory.states(case)[-1][:, NAMES.index("solved, likest")]
    assert likest[0] > likest[1]  # the twin's answer, not its own


def test_where_facts_tell_the_disease_the_reasoner_learns_from_them(studied: AskingResult) -> None:
    reasoner = studied.reasoner
    assert reasoner.all_facts.value is not None and reasoner.all_facts.value > 0.9
    assert reasoner.first_facts.value is not None and reasoner.first_facts.value < 0.6
    assert reasoner.random == 0.25
    assert reasoner.log_loss < reasoner.log_loss_random
    assert sum(one.chosen for one in studied.variants) == 1
    assert studied.rule.outcome


def test_the_study_comes_out_the_same_every_time_and_its_json_reads_back(
    cases: tuple[Vignette, ...], studied: AskingResult, tmp_path: Path
) -> None:
    first = studied
    assert first == _studied(cases)
    assert AskingResult.model_validate_json(first.model_dump_json()) == first
    draw_curve(first, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "table.txt").open("w") as out:
        Console(file=out, width=120).print(study_table(first))
    text = (tmp_path / "table.txt").read_text()
    assert "average" in text and "control" in text and "Not for clinical use" in text


def test_vectors_are_made_once_and_kept_between_runs(tmp_path: Path) -> None:
    embedder = WordBags()
    first = Kept(embedder, tmp_path / "kept.npz")(["a cough", "a fever", "a cough"])
    again = Kept(embedder, tmp_path / "kept.npz")(["a cough", "a fever", "a cough"])
    assert embedder.asked == 2
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    "line", ["[]", "not json", '{"id": 1}', '{"id":1,"question":"?","options":{},"answer_idx":"A","facts":["a"]}']
)
def test_a_line_of_another_form_is_refused_with_what_is_needed(line: str, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text(line)
    with pytest.raises(CallerError) as refused:
        read_vignettes(tmp_path / "bad.jsonl")
    assert "facts" in refused.value.problem.hint


def test_a_file_that_is_not_there_is_told_and_solved_questions_may_be_absent(tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="no file"):
        read_vignettes(tmp_path / "none.jsonl")
    assert read_solved(tmp_path / "none.jsonl") == ()

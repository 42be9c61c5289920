"""What each module of our model adds, on simulated patients whose true survival is known."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import nn

from wardround.agents.imaging.store import write_whole
from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import Observed, agreement, covered, d_calibration, time_grid
from wardround.agents.survival.genesets import pathway_matrix
from wardround.agents.survival.learning.fitting import Fitted, fit
from wardround.agents.survival.learning.hierarchy import in_order
from wardround.agents.survival.learning.network import SurvivalNetwork
from wardround.agents.survival.learning.options import SurvivalOptions
from wardround.evals.evaluate.tables import Tick, no_tick
from wardround.evals.survival.folds import scored
from wardround.evals.survival.forecast import Forecast
from wardround.evals.survival.ours import VARIANTS, interpolated, source
from wardround.evals.survival.simulation import Simulated, World

__all__ = ["Simulation", "Trial", "of_variant", "run_trials", "trial"]

_TRAIN, _TEST = 1, 2
_PAIRED = 200  # patients whose pairs are ranked
_SEEN = 64  # patients whose parents and children are looked at


@dataclass(frozen=True)
class Simulation:
    """How many patients are learned from and tested, and the shares censored, each simulated so many times anew."""

    train: int = 300
    test: int = 500
    censoring: tuple[float, ...] = (0.3, 0.6, 0.8)
    repeats: int = 10
    variants: tuple[str, ...] = tuple(VARIANTS)

    @property
    def steps(self) -> int:
        """How many models will be fitted."""
        return len(self.censoring) * self.repeats * len(self.variants)


@dataclass(frozen=True)
class Trial:
    """One variant in one simulation; see `figures.VariantFigure`. `d_p` is the p of D-calibration."""

    uno: float
    true_c: float
    brier: float
    curve_error: float
    coverage: float
    d_p: float
    angle: float
    distance: float
    ordered: float
    ceiling_c: float
    seconds: float


def trial(options: SurvivalOptions, train: Simulated, test: Simulated) -> Trial:
    """Fits to some simulated patients and measures on others of the same world."""
    sets = pathway_matrix(train.patients.gene_names, train.pathways)
    begin = time.perf_counter()
    fitted = fit(train.patients, options, sets)
    told = fitted.predict(test.patients)
    seconds = time.perf_counter() - begin
    curve, low, high = (interpolated(told.times, part) for part in (told.survival, told.low, told.high))
    found = scored(train.observed, test.observed, Forecast(told.risk, curve))
    grid = time_grid(train.observed, test.observed)
    truth = test.survival(grid)
    uncensored = Observed(test.event_times, np.ones(len(test.event_times), dtype=bool))
    angle, distance = _ranked(fitted, test)
    return Trial(
        uno=found.uno,
        true_c=agreement(uncensored, told.risk).value,
        brier=float(found.brier.mean()),
        curve_error=float(np.sqrt(np.mean(np.square(curve(grid) - truth)))),
        coverage=covered(truth, low(grid), high(grid)),
        d_p=d_calibration(found.at_observed, test.observed.events).p,
        angle=angle,
        distance=distance,
        ordered=_ordered(fitted, test),
        ceiling_c=agreement(uncensored, test.log_hazard).value,
        seconds=seconds,
    )


def _ranked(fitted: Fitted, test: Simulated) -> tuple[float, float]:
    """Spearman's correlation, over pairs of patients, of angle and of distance with the gap between their events."""
    some = test.patients.subset(range(min(_PAIRED, len(test.patients))))
    points = fitted.points(some)
    first, second = np.triu_indices(len(some), 1)
    place = rankdata(test.event_times[: len(some)])
    gaps = np.abs(place[first] - place[second])
    angles, distances = [], []
    with torch.no_grad():
        for member, at in zip(fitted.ensemble.members, points, strict=True):
            one, other = at[torch.as_tensor(first)], at[torch.as_tensor(second)]
            space = _network(member).space
            angles.append(_spearman(space.angle(one, other).double().numpy(), gaps))
            distances.append(_spearman(space.distance(one, other).double().numpy(), gaps))
    return float(np.mean(angles)), float(np.mean(distances))


def _network(member: nn.Module) -> SurvivalNetwork:
    assert isinstance(member, SurvivalNetwork)  # a list of modules does not say of which
    return member


def _spearman(values: Floats, gaps: NDArray[np.float64]) -> float:
    one, other = rankdata(values), rankdata(gaps)
    if one.std() == 0.0:
        return 0.0  # all patients at one point: nothing is ordered
    return float(np.corrcoef(one, other)[0, 1])


def _ordered(fitted: Fitted, test: Simulated) -> float:
    """The share of genes and regions that lie further in than the pathways and patches below them."""
    batch = fitted.batch(test.patients.subset(range(min(_SEEN, len(test.patients)))))
    shares = []
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # which pairs are looked at is drawn
        for member in fitted.ensemble.members:
            network = _network(member)
            shares.append(in_order(network.space, network(batch, fitted.ensemble.scaling, nodes=True).edges))
    return float(np.mean(shares))


def run_trials(
    simulation: Simulation, keep: Path | None = None, tick: Tick = no_tick
) -> Iterator[tuple[float, int, str, Trial]]:
    """Every variant in every simulation: share censored, number of the simulation, variant, and what was measured.

    All variants of a simulation see the same patients.

    Args:
        keep: a folder that holds what was measured, so that a stopped run goes on.
    """
    for censoring in simulation.censoring:
        for number in range(simulation.repeats):
            world = World(seed=number)
            train = world.draw(simulation.train, censoring, _TRAIN)
            test = world.draw(simulation.test, censoring, _TEST)
            for name in simulation.variants:
                options = VARIANTS[name].model_copy(update={"seed": number})
                yield censoring, number, name, _kept(keep, options, train, test)
                tick()


def _kept(keep: Path | None, options: SurvivalOptions, train: Simulated, test: Simulated) -> Trial:
    if keep is None:
        return trial(options, train, test)
    told = sha256((source() + options.model_dump_json()).encode())
    for part in (train, test):
        for array in (part.patients.times, part.patients.events, part.patients.genes, part.patients.clinical):
            told.update(np.ascontiguousarray(array).tobytes())
    path = keep / f"simulation.{told.hexdigest()[:24]}.json"
    if path.is_file():
        return Trial(**json.loads(path.read_text("utf-8")))
    found = trial(options, train, test)
    write_whole(path, json.dumps(asdict(found)).encode())
    return found


def of_variant(trials: Sequence[Trial], field: str) -> Floats:
    """One measure over simulations (s,)."""
    return np.asarray([getattr(one, field) for one in trials], dtype=np.float64)

"""Fits the bundled nodule model: `python -m wardround.agents.lesions.recipe.nodules DATA FOLDER [WEIGHTS]`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from wardround.agents.lesions.checkpoint import Checkpoints
from wardround.agents.lesions.data.nodules import read_nodules
from wardround.agents.lesions.folder import save
from wardround.agents.lesions.making import LearnedOn, measured_model
from wardround.agents.lesions.network import LesionNetwork
from wardround.agents.lesions.options import NetworkOptions
from wardround.agents.lesions.recipe.films import LEVELLED_PX, learned_films, levelled_sample
from wardround.agents.lesions.registry import SHELF
from wardround.agents.lesions.settings import LesionSettings, ModelWords
from wardround.agents.lesions.training import train
from wardround.agents.lesions.training_options import TrainingOptions
from wardround.agents.weights.model_folder import demand_free
from wardround.contracts.errors import WardroundError
from wardround.contracts.lesions import LesionModelCard

__all__ = ["NETWORK", "TRAINING", "fit_nodules"]

NETWORK = NetworkOptions(widths=(16, 32, 64, 128), patch=4, directions="split", states=8, head=16, chunk=32)
TRAINING = TrainingOptions(steps=1500, batch=8, crop=192, rate=3e-3, turn_degrees=25.0)
_FOLD = 0  # of the patients, measured on and not learned from
_WORDS = ModelWords(
    name="jsrt-nodules",
    target="Nodule",
    source="JSRT nodules (Shiraishi et al. 2000) as discs of their stated centre and diameter, and nodules planted by "
    "program on these films and on normal films of NIH ChestX-ray14 (Wang et al. 2017); the counts are of true ones",
    licence="weights under the data's terms: JSRT for scientific and educational use; NIH without restriction",
)
_LIMITS = (
    "It learned from upright PA films of adults with one solid nodule of 5 to 60 mm; on other films it was not tried.",
    "A nodule's outline is that of a disc: its size is as good as a reader's diameter at best.",
)
_EVERY = 100  # steps from state to state


def fit_nodules(data: Path, folder: Path, weights: Path | None = None) -> LesionModelCard:
    """
    Args:
        weights: of `NETWORK` trained with `TRAINING` on the same films before, as `evaluate lesions --baselines --keep`
            leaves them; without it the network is trained.

    Raises:
        CallerError: BAD_ARGUMENT, the folder exists; as `read_nodules`.
    """
    demand_free(folder)
    learned, held = read_nodules(data, 1024).split(_FOLD)
    films = learned_films(data, tuple(learned), tick=lambda at, most: _told("films", at, most))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(TRAINING.seed)
        network = LesionNetwork(NETWORK)
    states = folder.with_name(f"{folder.name}.training")
    if weights is not None:
        network.load_state_dict(load_file(weights))
    else:
        kept = Checkpoints(states, f"{TRAINING} {NETWORK}", _EVERY)
        trained = train(network, films.samples, TRAINING, kept, lambda at: _told("step", at.step, at.steps))
        assert isinstance(trained, LesionNetwork)
        network = trained
    settings = LesionSettings(model=_WORDS, network=NETWORK, training=TRAINING)
    learned_on = LearnedOn(
        images=films.films,
        patients=films.patients,
        lesions=films.nodules,
        spacing_mm=next(sample.spacing_mm for sample in held),
        levelled_px=LEVELLED_PX,
        limits=_LIMITS,
    )
    ready = [levelled_sample(sample) for sample in held]
    made = measured_model(network.eval(), settings, learned_on, ready, _told)
    card = save(made.network, folder, made.card, TRAINING)
    shutil.rmtree(states, ignore_errors=True)
    return card


def _told(what: str, at: int, most: int) -> None:
    print(f"\r{what} {at} of {most}   ", end="", file=sys.stderr, flush=True)


def main() -> int:
    """The command line of the recipe."""
    data, folder, *weights = map(Path, sys.argv[1:])
    try:
        card = fit_nodules(data, SHELF.new(folder), *weights)
    except WardroundError as error:
        print(error.problem, file=sys.stderr)
        return 2
    print(card.model_dump_json(indent=1))
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: python -m wardround.agents.lesions.recipe.nodules DATA FOLDER [WEIGHTS]")
    sys.exit(main())

"""Train the bundled detector: `python -m wardround.agents.cxr.recipe.train DATA OUT` (half an hour on two idle cores).

Five members, each without one fold of patients, so that every film has a score from a member that had not seen its
patient. OUT receives the weights of all five, the list of patients seen, and `out_of_fold.npz`: logits of the members
as shipped, as fine-tuned, and before fine-tuning, and of the linear probe that they are compared with. What is there
already is kept, so an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from wardround.agents.cxr.network import SIZE, Member, RegionNet
from wardround.agents.cxr.recipe.data import Films, film_regions, read_films
from wardround.agents.cxr.recipe.member import KINDS, Plan, midpoint, predict_member, train_member
from wardround.agents.cxr.recipe.probe import probe_logits
from wardround.agents.cxr.recipe.variants import Variants, imagenet_trunk, make_variants
from wardround.agents.cxr.seen import FOLDS, mark

__all__ = ["assemble", "main"]

_VARIANTS = 6


def _regions(films: Films, data: Path, out: Path) -> Tensor:
    kept = out / "regions.npy"
    if not kept.exists():
        np.save(kept, film_regions(data, films.files).numpy())
    return torch.from_numpy(np.load(kept))


def _member(path: Path, labels: int) -> Member:
    member = Member(labels)
    member.load_state_dict(load_file(path))
    return member.eval()


def _trained(films: Films, variants: Variants, fold: int, plan: Plan, out: Path) -> tuple[Member, Member]:
    """The member without `fold`, fine-tuned and only fitted, trained now or before."""
    tuned, fitted = out / f"member{fold}.safetensors", out / f"fitted{fold}.safetensors"
    if not tuned.exists():
        learned = np.flatnonzero(films.folds != fold)
        model, start = train_member(variants, learned, films.targets, plan, f"without fold {fold}: ")
        save_file({name: value.contiguous() for name, value in start.state_dict().items()}, fitted)
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, tuned)
    count = len(films.labels)
    return _member(tuned, count), _member(fitted, count)


def assemble(members: list[Member], labels: int, variants: Variants) -> RegionNet:
    """The whole network from its trained members."""
    network = RegionNet(labels, len(members))
    network.trunk.load_state_dict(imagenet_trunk().state_dict())
    for place, member in zip(network.members, members, strict=True):
        place.load_state_dict(member.state_dict())
    network.usual_regions.copy_(variants.usual_regions())
    return network.eval()


def _save(network: RegionNet, path: Path) -> None:
    """Batch counters say nothing in prediction and are left out; the rest is stored in half precision."""
    floats = {name: value for name, value in network.state_dict().items() if value.dtype.is_floating_point}
    save_file({name: value.half().contiguous() for name, value in floats.items()}, path)


def main() -> None:
    """Read the arguments, train what is missing, and write the files named above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with labels.csv and images/")
    parser.add_argument("out", type=Path, help="where weights, features and scores go (2 GB)")
    parser.add_argument("--only", type=int, nargs="*", help="train these folds' members alone, and stop")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    films, plan = read_films(chosen.data, SIZE), Plan()
    make_variants(films, _regions(films, chosen.data, chosen.out), _VARIANTS, chosen.out)
    variants = Variants(chosen.out, _VARIANTS)
    wanted = range(FOLDS) if chosen.only is None else chosen.only
    pairs = {fold: _trained(films, variants, fold, plan, chosen.out) for fold in wanted}
    if len(pairs) < FOLDS:
        return
    shipped = {fold: midpoint(fitted, tuned) for fold, (tuned, fitted) in pairs.items()}
    scores: dict[str, NDArray[np.float64]] = {name: np.empty(films.targets.shape) for name in KINDS}
    for fold, (tuned, fitted) in pairs.items():
        judged = np.flatnonzero(films.folds == fold)
        for name, member in zip(KINDS, (shipped[fold], tuned, fitted), strict=True):
            scores[name][judged] = predict_member(member, variants, judged)
    network = assemble([shipped[fold] for fold in range(FOLDS)], len(films.labels), variants)
    _save(network, chosen.out / "cxr-lite0.safetensors")
    scores["probe"] = probe_logits(films)
    np.savez(chosen.out / "out_of_fold.npz", allow_pickle=False, **scores)
    seen = sorted({mark(patient) for patient in films.patients})
    (chosen.out / "seen.json").write_text(json.dumps(seen) + "\n", encoding="utf-8")
    facts = {
        **asdict(plan),
        "films": len(films),
        "patients": len(set(films.patients)),
        "training_prevalence": dict(zip(films.labels, films.targets.mean(dim=0).tolist(), strict=True)),
    }
    (chosen.out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

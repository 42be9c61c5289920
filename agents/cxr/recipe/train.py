"""Train the bundled detector: `python -m wardround.agents.cxr.recipe.train DATA OUT` (minutes on two idle cores).

EfficientNet-Lite0 from ImageNet, its first stages held fixed, plain binary cross-entropy (so that scores stay near
the prevalence), mixup (Zhang et al. 2018), an exponential moving average of the weights, cosine schedule. With
`--folds 2 3 4` every epoch is judged on fold 1 and the best average kept; by default it learns from folds 1 to 4, and
the last average is kept. Fold 0 is never read here but for its pixels.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from wardround.agents.cxr.network import SIZE, prepare
from wardround.agents.cxr.recipe.data import Films, augment, read_films
from wardround.agents.cxr.recipe.measure import macro_auc, predict
from wardround.agents.cxr.recipe.split import VALIDATION
from wardround.agents.networks.imagenet import imagenet_start
from wardround.agents.networks.lite0 import Lite0

__all__ = ["main", "train"]

_FIXED_STAGES = 3
_FIXED = ("conv_stem.", "bn1.", *(f"blocks.{stage}." for stage in range(_FIXED_STAGES)))
_BATCH = 16
_HEAD_RATE = 3e-3
_AVERAGE = 0.985
_MIXUP = 0.4
_RISE = 0.08
_CHOSEN_BEFORE = (
    "learning rate and the four epochs chosen on fold 1 in runs on folds 2 to 4 (one of which sets the operating "
    "points), then trained anew on folds 1 to 4 and the last averaged weights kept"
)


def _optimizer(model: nn.Module, body_rate: float) -> torch.optim.Optimizer:
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, weight in model.named_parameters():
        fixed = name.startswith(_FIXED)
        if not fixed:
            rate = _HEAD_RATE if name.startswith("classifier") else body_rate
            groups.setdefault((rate, 0.05 if weight.ndim > 1 else 0.0), []).append(weight)
    return torch.optim.AdamW(
        [{"params": w, "lr": rate, "top": rate, "weight_decay": decay} for (rate, decay), w in groups.items()]
    )


def _train_mode(model: Lite0) -> None:
    """Training mode but for the fixed stages, whose normalisation stays ImageNet's.

    On grey films the stem's colour-opponent filters give next to nothing; normalised by their own batches they would
    blow rounding noise up to full strength.
    """
    model.train()
    model.bn1.eval()
    for stage in model.blocks[:_FIXED_STAGES]:
        stage.eval()


def _follow(average: nn.Module, model: nn.Module, step: int) -> None:
    keep = min(_AVERAGE, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1.0 - keep)
            else:
                mean.copy_(now)


def _share(done: float) -> float:
    """The learning rate's share of its top: a short rise, then a cosine down to a hundredth."""
    if done < _RISE:
        return max(0.01, 0.5 * (1 - math.cos(math.pi * done / _RISE)))
    return max(0.01, 0.5 * (1 + math.cos(math.pi * done)))


def train(films: Films, judges: Films | None, epochs: int, size: int, rate: float, seed: int, out: Path) -> nn.Module:
    """Train on `films`; with `judges`, return the best epoch's averaged model, without, the last epoch's."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    model = Lite0(len(films.labels), drop=0.3, drop_path=0.1)
    model.load_state_dict(imagenet_start(), strict=False)
    prevalence = films.targets.mean(dim=0).clamp(1e-3, 1 - 1e-3)
    with torch.no_grad():
        model.classifier.weight.mul_(0.1)
        model.classifier.bias.copy_(prevalence.logit())
    model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    best, best_auc = average, 0.0
    optimizer = _optimizer(model, rate)
    steps = epochs * (len(films) // _BATCH)
    step, started = 0, time.perf_counter()
    beta = torch.distributions.Beta(_MIXUP, _MIXUP)
    for epoch in range(epochs):
        _train_mode(model)
        losses = []
        order = torch.randperm(len(films), generator=random)
        for first in range(0, len(films) // _BATCH * _BATCH, _BATCH):
            chosen = order[first : first + _BATCH]
            for group in optimizer.param_groups:
                group["lr"] = group["top"] * _share(step / steps)
            x = prepare(augment(films.pixels[chosen].float() / 255.0, random), size)
            y = films.targets[chosen]
            mix = float(beta.sample())
            other = torch.randperm(len(chosen), generator=random)
            x, y = mix * x + (1 - mix) * x[other], mix * y + (1 - mix) * y[other]
            x = x.contiguous(memory_format=torch.channels_last)
            loss = F.binary_cross_entropy_with_logits(model(x, _FIXED_STAGES), y)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            _follow(average, model, step)
            losses.append(float(loss.detach()))
            step += 1
        line = f"epoch {epoch + 1} loss {sum(losses) / len(losses):.4f} at {time.perf_counter() - started:.0f} s"
        if judges is not None:
            auc = macro_auc(predict(average, judges, size), judges.targets.numpy().astype(bool), judges.labels)
            line += f" validation macro AUC {auc:.4f}"
            if auc > best_auc:
                best, best_auc = copy.deepcopy(average), auc
        save_file({k: v.contiguous() for k, v in average.state_dict().items()}, out / f"epoch{epoch + 1}.safetensors")
        print(line, flush=True)
    return best if judges is not None else average


def main() -> None:
    """Read the arguments, train, and write `cxr-lite0.safetensors` and `training.json` into OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with labels.csv and images/")
    parser.add_argument("out", type=Path, help="where the weights and the log of the run go")
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4], help="folds to train on")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--rate", type=float, default=3e-4, help="top learning rate of the body")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    films = read_films(chosen.data, chosen.size)
    judges = None if VALIDATION in chosen.folds else films.folds([VALIDATION])
    learned = films.folds(chosen.folds)
    model = train(learned, judges, chosen.epochs, chosen.size, chosen.rate, chosen.seed, chosen.out)
    weights = {k: v.contiguous() for k, v in model.state_dict().items() if v.dtype.is_floating_point}
    save_file({k: v.half() for k, v in weights.items()}, chosen.out / "cxr-lite0.safetensors")
    facts = {
        "folds": chosen.folds,
        "chosen_by": _CHOSEN_BEFORE if judges is None else f"the best epoch on fold {VALIDATION} kept",
        "epochs": chosen.epochs,
        "size": chosen.size,
        "rate": chosen.rate,
        "seed": chosen.seed,
        "films": len(learned),
        "patients": len(set(learned.patients)),
        "training_prevalence": dict(zip(films.labels, learned.targets.mean(dim=0).tolist(), strict=True)),
    }
    (chosen.out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

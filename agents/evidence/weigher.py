"""Pools the voices on each finding in log-odds, adds the prior once, and names what each voice contributed.

For a finding with voices m of score p_m, trained where a share t_m of films was positive, and a prior share q:

    evidence_log_odds = sum over m of  w_m * (logit(p_m) - logit(t_m))
    log_odds          = logit(q) + evidence_log_odds

Taking the training prevalence out makes each term a log likelihood ratio in place of a posterior, so that the prior
counts once however many detectors there are (log-linear pooling: Genest and Zidek, Statistical Science 1986, 1(1);
change of prior: Saerens, Latinne and Decaestecker, Neural Computation 2002, 14(1)). Detectors trained on the same films
err together, so their weights share one vote: 1/number of voices, until weights are fitted out of fold. The terms are
the explanation: at fixed weights, without an item the log-odds are less by its terms, no more and no less.

Where a locator says where a finding's heat map lies, a small term is added that says whether the finding usually lies
there (`location_priors`): a sanity check within +-0.5 log-odds, no likelihood ratio. It is a contribution that cites
the location item, it never changes a polarity, since operating points are measured without it, and a belief that it
moves is a score. `places=False` leaves it out.

Otherwise only a score with a training prevalence can enter. A measurement such as the cardiothoracic ratio has no
fitted likelihood ratio and is left to whoever words the result, to cite as support or conflict.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from wardround.agents.evidence import operating_points
from wardround.agents.evidence.location_priors import BOUND, location_term
from wardround.agents.evidence.location_priors import TABLE_NAME as LOCATIONS_TABLE
from wardround.agents.evidence.priors import TABLE_NAME as PRIORS_TABLE
from wardround.agents.evidence.priors import Prior, prior
from wardround.contracts.card import ModelCard
from wardround.contracts.codes import canonical_label
from wardround.contracts.errors import CallerError, ProblemCode
from wardround.contracts.evidence import Contribution, Evidence, EvidenceKind, Source, Voice
from wardround.contracts.study import Patient, ViewPosition
from wardround.contracts.weighing import Belief, OperatingPoint, Weighing

__all__ = ["CLIP", "MODEL", "VERSION", "card", "logit", "weigh"]

MODEL = "log-linear pool"
VERSION = "2"
CLIP = 1e-4  # no voice and no prior counts for more than odds of 1 to 9,999: a saturated score is not certainty


class _Term(NamedTuple):
    evidence_id: str
    voice: Voice | None
    model: str


def logit(p: float) -> float:
    """Natural log-odds of p, which is first clipped to [CLIP, 1 - CLIP]."""
    p = min(max(p, CLIP), 1.0 - CLIP)
    return math.log(p / (1.0 - p))


def _logistic(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * x))


def _terms(items: Sequence[Evidence]) -> dict[str, list[_Term]]:
    """What was said of each finding, by its label: one term per voice, or one for an item that has none."""
    named = [item.id for item in items if item.id]
    if len(set(named)) != len(named):
        raise CallerError(
            ProblemCode.BAD_ARGUMENT,
            "Two evidence items have the same id.",
            "Give each item an id of its own, or none.",
        )
    terms: dict[str, list[_Term]] = defaultdict(list)
    for position, item in enumerate(items, start=1):
        if item.kind is not EvidenceKind.FINDING:
            continue
        evidence_id = item.id or f"item {position}"  # an empty id would stand for the prior
        terms[canonical_label(item.subject) or item.subject].extend(
            [_Term(evidence_id, voice, voice.source.model) for voice in item.voices]
            or [_Term(evidence_id, None, item.source.model)]
        )
    return terms


def _contribution(term: _Term, weight: float) -> Contribution:
    voice = term.voice
    if voice is None or voice.training_prevalence is None:
        name = f"{term.model}: not pooled, its training prevalence is not known"
        return Contribution(evidence_id=term.evidence_id, name=name, log_odds=0.0)
    log_odds = weight * (logit(voice.value) - logit(voice.training_prevalence))
    return Contribution(evidence_id=term.evidence_id, name=term.model, log_odds=log_odds)


def _placings(items: Sequence[Evidence]) -> dict[str, list[Evidence]]:
    """The location items of each finding, by its label."""
    placed: dict[str, list[Evidence]] = defaultdict(list)
    for item in items:
        if item.kind is EvidenceKind.LOCATION and item.location is not None:
            placed[canonical_label(item.subject) or item.subject].append(item)
    return placed


def _place_contribution(label: str, position: int, item: Evidence, weight: float) -> Contribution:
    assert item.location is not None
    region = item.location.region
    return Contribution(
        evidence_id=item.id or f"location {position}",
        name=f"usual places: {region.value}",
        log_odds=weight * location_term(label, region),
    )


def _training_prior(pooled: Iterable[Voice]) -> Prior:
    shares = [logit(voice.training_prevalence) for voice in pooled if voice.training_prevalence is not None]
    return Prior(_logistic(math.fsum(shares) / len(shares)), "the detectors' training prevalence")


def _belief(
    label: str,
    terms: Sequence[_Term],
    places: Sequence[Evidence],
    known: Prior | None,
    weights: Mapping[str, float],
    point: OperatingPoint,
) -> Belief | None:
    """The belief, or None where no voice can be pooled: a prior is no evidence."""
    pooled = [term.voice for term in terms if term.voice is not None and term.voice.training_prevalence is not None]
    if not pooled:
        return None
    share = 1.0 / len(pooled)
    said = [_contribution(term, weights.get(term.model, share)) for term in terms]
    placed = [
        _place_contribution(label, position, item, weights.get(item.source.model, 1.0 / len(places)))
        for position, item in enumerate(places, start=1)
    ]
    contributions = sorted((*said, *placed), key=lambda part: (-abs(part.log_odds), part.evidence_id, part.name))
    evidence_log_odds = math.fsum(term.log_odds for term in contributions)
    value, source = known or _training_prior(pooled)
    log_odds = logit(value) + evidence_log_odds
    return Belief(
        subject=label,
        value=_logistic(log_odds),
        log_odds=log_odds,
        evidence_log_odds=evidence_log_odds,
        prior=min(max(value, CLIP), 1.0 - CLIP),
        prior_source=source,
        polarity=operating_points.polarity_at(math.fsum(part.log_odds for part in said), point),
        calibrated=known is not None
        and all(voice.source.calibrated for voice in pooled)
        and not any(part.log_odds for part in placed),
        contributions=tuple(contributions),
        operating_point=point,
    )


def weigh(
    items: Sequence[Evidence],
    patient: Patient,
    view: ViewPosition,
    *,
    priors: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    points: Mapping[str, OperatingPoint] | None = None,
    places: bool = True,
) -> Weighing:
    """One belief per finding that at least one voice can be pooled on, furthest above its operating point first.

    Args:
        items: evidence on one film; anything but findings and locations is passed over. Ids, where given, are unique.
        priors: a site's own shares of films, in (0, 1), that replace the table's.
        weights: weight of a model's voice by model name; a model that is not named has 1/number of pooled voices, and
            a locator 1/number of places.
        points: operating points that replace the table's.
        places: whether the usual places of findings count; they never make a belief on their own.

    Where no prior is known, the mean training prevalence (in log-odds) stands in, and the belief is not calibrated.

    Raises:
        CallerError: two items share an id, or a site prior is not strictly between 0 and 1.
    """
    placed = _placings(items) if places else {}
    found = [
        _belief(
            label,
            terms,
            placed.get(label, ()),
            prior(label, patient, view, site=priors),
            weights or {},
            (points or {}).get(label) or operating_points.operating_point(label),
        )
        for label, terms in _terms(items).items()
    ]
    beliefs = [belief for belief in found if belief is not None]
    beliefs.sort(key=lambda belief: (belief.operating_point.suspect_at - belief.evidence_log_odds, belief.subject))
    return Weighing(
        beliefs=tuple(beliefs),
        source=_source(calibrated=bool(beliefs) and all(belief.calibrated for belief in beliefs)),
        prior_source="; ".join(sorted({belief.prior_source for belief in beliefs})),
    )


@cache
def _tables_digest() -> str:
    digest = hashlib.sha256()
    for name in (PRIORS_TABLE, LOCATIONS_TABLE, operating_points.TABLE_NAME):
        table = files(__package__).joinpath(name)
        if table.is_file():
            digest.update(table.read_bytes())
    return f"sha256:{digest.hexdigest()}"


def _source(*, calibrated: bool = False) -> Source:
    return Source(model=MODEL, version=VERSION, weights_digest=_tables_digest(), calibrated=calibrated)


def card() -> ModelCard:
    """The weigher's model card; its digest is that of its tables."""
    return ModelCard(
        name=MODEL,
        version=VERSION,
        task="weigh: pool detectors' scores on each finding into one belief, with the contribution of each",
        weights_digest=_tables_digest(),
        licence="Apache-2.0; the counts behind the priors are of the NIH ChestX-ray14 labels (unrestricted use), those "
        "of usual places of PadChest's annotation as torchxrayvision ships it (research use; counts alone are kept)",
        training_data="No fitted weights. Priors: NIH ChestX-ray14 labels of 112,120 films (Wang et al., CVPR 2017). "
        "Usual places: PadChest, physicians' annotation of 26,087 frontal studies (Bustos et al., 2020).",
        intended_use="Research on combining chest X-ray detectors in the open, on frontal films.",
        limits=(
            "The priors are of one hospital (NIH Clinical Center, referred patients) and of labels mined from reports.",
            "Voices of a finding share one vote equally; weights fitted out of fold are not yet there.",
            "A voice without a training prevalence is named and contributes nothing.",
            f"Scores, prevalences and priors are clipped to [{CLIP}, {1 - CLIP}].",
            f"The term for usual places is a sanity check within +-{BOUND} log-odds, with a chosen weight: no "
            "likelihood ratio. It changes no polarity, and a belief that it moves is a score.",
            "Findings are weighed one by one; that two of them go together is not used.",
        ),
        calibration="A belief is a probability only where every pooled voice is calibrated, a prior is known, and no "
        "term for usual places moves it.",
    )

"""The two kinds of reasoner as an audit sees them: evidence in, what is claimed of each subject out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from wardround.contracts.diagnosis import Claim
from wardround.contracts.evidence import Evidence, EvidenceKind, Polarity
from wardround.contracts.reasoning import EvidenceRequest, RequestOutcome, StrategyName
from wardround.contracts.study import Study, ViewPosition
from wardround.contracts.weighing import Weighing
from wardround.orchestrator.audit.edits import base, probed
from wardround.orchestrator.directory import Player
from wardround.orchestrator.reasoning.reasoner import Reasoner
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.reasoning.weighing import weighing_item
from wardround.orchestrator.verify.verifier import verify

__all__ = ["Held", "ModelAudited", "Reweigher", "Stance", "WeigherAudited"]

_CLAIMED = {Polarity.PRESENT: 1.0, Polarity.UNCERTAIN: 0.5, Polarity.ABSENT: 0.0}


class Stance(NamedTuple):
    """What is claimed of one subject, and how strongly: log-odds for the weigher, [0, 1] for a language model."""

    polarity: Polarity
    strength: float


Held = dict[str, Stance]


class Reweigher:
    """Weighs edited evidence anew, with the run's own patient, view and priors."""

    def __init__(self, player: Player, study: Study, view: ViewPosition, priors: dict[str, float]) -> None:
        self._player = player
        self._study = study
        self._view = view
        self._priors = priors

    async def weighed(self, items: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The reported items and, with ids that go on after theirs, the beliefs in what they say.

        Raises:
            Fault: the weigher cannot be reached, or answers in a wrong shape.
        """
        reported = base(items)
        findings = {item.id for item in probed(reported)}
        placed = [item for item in reported if item.location is not None and findings.issuperset(item.derived_from)]
        pooled = [*probed(reported), *placed]
        if not findings:
            return reported
        arguments = {
            "items": [item.model_dump(mode="json") for item in pooled],
            "patient": self._study.patient.model_dump(mode="json"),
            "view": self._view.value,
            **({"priors": self._priors} if self._priors else {}),
        }
        result = await self._player.call(arguments)
        weighing = Weighing.model_validate(result.structured_content)
        number = 1 + max((int(item.id[1:]) for item in reported if item.id[1:].isdecimal()), default=0)
        beliefs = [
            weighing_item(belief, weighing).model_copy(update={"id": f"E{number + n}"})
            for n, belief in enumerate(weighing.beliefs)
        ]
        return (*reported, *beliefs)


class Audited(Protocol):
    """A reasoner under audit."""

    calls: int
    failures: int

    async def held(self, items: Sequence[Evidence]) -> tuple[Held, tuple[Claim, ...]]:
        """What is claimed of each subject on the evidence, and the claims.

        A claim that cites a belief cites all that the belief was made of, by the ids of the reported items.
        """


class WeigherAudited:
    """The weigher and the templates: no language model takes part."""

    def __init__(self, weigher: Reweigher) -> None:
        self._weigher = weigher
        self.calls = 0
        self.failures = 0

    async def held(self, items: Sequence[Evidence]) -> tuple[Held, tuple[Claim, ...]]:
        """Each weighed subject with its belief's log-odds."""
        weighed = await self._weigher.weighed(items)
        held = {
            item.subject: Stance(item.polarity or Polarity.UNCERTAIN, sum(part.log_odds for part in item.contributions))
            for item in weighed
            if item.contributions
        }
        checked = verify(conclude(weighed), weighed)
        return held, _traced([claim for one in checked.conclusions for claim in one.claims], weighed)


class ModelAudited:
    """A language model: what it claims before the verifier mends it, for that is what is under test."""

    def __init__(self, weigher: Reweigher, reasoner: Reasoner, strategy: StrategyName) -> None:
        self._weigher = weigher
        self._reasoner = reasoner
        self._strategy = strategy
        self.calls = 0
        self.failures = 0

    async def held(self, items: Sequence[Evidence]) -> tuple[Held, tuple[Claim, ...]]:
        """Each subject that it claims something of, with its confidence or what stands for it."""
        weighed = await self._weigher.weighed(items)

        async def nothing_more(
            requests: Sequence[EvidenceRequest],
        ) -> tuple[tuple[Evidence, ...], tuple[RequestOutcome, ...]]:
            refused = "an audit asks nobody for more evidence"
            return weighed, tuple(RequestOutcome(request=one, refused=refused) for one in requests)

        reasoned = await self._reasoner.reason(weighed, nothing_more, strategy=self._strategy)
        self.calls += reasoned.account.calls
        self.failures += reasoned.account.problem is not None
        claims = _traced([claim for one in reasoned.conclusions for claim in one.claims], weighed)
        held: Held = {}
        for claim in claims:
            strength = claim.confidence if claim.confidence is not None else _CLAIMED[claim.polarity]
            held.setdefault(claim.subject, Stance(claim.polarity, strength))
        return held, claims


def _traced(claims: Sequence[Claim], items: Sequence[Evidence]) -> tuple[Claim, ...]:
    """The claims with what their cited beliefs were made of among their citations."""
    made_of = {item.id: item.derived_from for item in items if item.kind is EvidenceKind.WEIGHING}

    def cited(claim: Claim) -> tuple[str, ...]:
        origins = (origin for citation in claim.citations for origin in made_of.get(citation, ()))
        return tuple(dict.fromkeys((*claim.citations, *origins)))

    return tuple(claim.model_copy(update={"citations": cited(claim)}) for claim in claims)

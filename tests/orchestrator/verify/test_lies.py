"""False sentences are struck: planted in true ones, written without a look at the verifier, and written by hand."""

from __future__ import annotations

import pytest
from small_ledger import SMALL_LEDGER, item
from verifier_figures import answers, faults_in_sentences, pairs, sound

from wardround.contracts.codes import NO_FINDING
from wardround.contracts.evidence import EvidenceKind, Polarity
from wardround.orchestrator.reasoning.record import Record
from wardround.orchestrator.reasoning.template import conclude
from wardround.orchestrator.verify.narrative import narrated
from wardround.orchestrator.verify.verifier import verify

SEEDS, A_KIND, KINDS = 30, 55, 40
LEAST, CAUGHT, OF_ANY_KIND_CAUGHT = 2000, 0.95, 0.85
ANSWERS, KEPT, WORDS_KEPT = 200, 0.95, 0.9


def test_false_sentences_are_struck() -> None:
    figures = faults_in_sentences(pairs(SEEDS), A_KIND)
    assert figures.there.total() >= LEAST and len(figures.there) >= KINDS, figures.table()
    assert figures.share >= CAUGHT, figures.table(examples=3)
    assert all(there >= 10 for there in figures.there.values()), figures.table()
    low = [kind for kind, there in figures.there.items() if figures.met[kind] < OF_ANY_KIND_CAUGHT * there]
    assert low == [], figures.table(examples=3)


def test_of_200_paraphrased_correct_answers_the_claims_are_kept() -> None:
    given = answers(ANSWERS)
    claims, sentences = sound(given)
    assert claims["kept"].share >= KEPT, claims["kept"].table(examples=3)
    assert claims["without a fault"].share >= KEPT, claims["without a fault"].table(examples=3)
    assert claims["word for word"].share >= WORDS_KEPT, claims["word for word"].table(examples=3)
    narratives = sentences.met["narratives"] / sentences.there["narratives"]
    assert narratives >= WORDS_KEPT, sentences.table(examples=3)


LEDGER = (
    *SMALL_LEDGER,
    item("E7", EvidenceKind.WEIGHING, "Pneumonia", value=0.2, polarity=Polarity.UNCERTAIN),
    item("E8", EvidenceKind.WEIGHING, "Cardiomegaly", value=0.03, polarity=Polarity.ABSENT),
    item("E9", EvidenceKind.WEIGHING, "Nodule", value=0.4, polarity=Polarity.PRESENT),
    item("E10", EvidenceKind.WEIGHING, NO_FINDING, value=0.1, polarity=Polarity.ABSENT),
)  # fmt: skip
CONCLUSIONS = verify(conclude(LEDGER), LEDGER).conclusions

# Each says of that ledger something that is false, or that nothing in it bears.
BY_HAND = """
Effusion occupies the whole left lung [E5].
The left lung is full of effusion [E5].
Effusion fills most of the left lower zone [E5, E3].
An effusion is suspected in the left lower zone, and it extends into the left upper zone [E5, E3].
Effusion is suspected on both sides [E5].
There are two effusions on the left [E5].
Effusion is suspected, the score of 0.62 being the highest of all [E5].
Effusion is suspected and pneumonia too [E5, E7].
Pneumonia is suspected [E7].
Pneumonia cannot be excluded [E7].
Mass is not suspected, unlike pneumonia, which is [E6, E7].
Effusion and mass are both suspected [E5, E6].
Nodule and effusion are suspected in the left lower zone [E5, E9, E3].
A nodule in the left lower zone is suspected [E9].
Effusion with a nodule in the left lower zone is suspected [E5, E9, E3].
The effusion compresses the left lung [E5].
The effusion is suspected to be malignant [E5].
The effusion is suspected on the left and the nodule on the right [E5, E9].
The heart is enlarged [E8].
The heart is not enlarged, with a ratio of 0.45 [E8].
The cardiothoracic ratio is 0.55, which is normal [E4].
The cardiothoracic ratio of 0.55 is within normal limits [E4].
The cardiothoracic ratio of 0.55 shows no cardiomegaly [E4, E8].
The cardiothoracic ratio is not raised [E4].
The cardiothoracic ratio of 0.55 proves cardiomegaly [E4].
The cardiothoracic ratio of 0.55 supports cardiomegaly [E4, E8].
The cardiothoracic ratio measures 0.55, far above its upper limit of 0.50 by 0.20 [E4].
Effusion is suspected: score 0.62, calibrated [E5].
Effusion is suspected with 62% probability [E5].
There is a 62% chance of effusion [E5].
Effusion is suspected in six of ten such films [E5].
Effusion is suspected; this patient has fever [E5].
Effusion is suspected, as in the other patient [E5].
Effusion is suspected. It is on the right.
Effusion (right) is suspected [E5].
Effusion is suspected, left more than right [E5].
Effusion is suspected, L > R [E5].
Effusion is suspected; mass is seen [E5, E6].
Mass: not suspected. Nodule: not suspected.
No effusion or mass is suspected [E5, E6].
Effusion or mass is suspected [E5, E6].
Either effusion or mass is suspected [E5, E6].
Not only effusion but also mass is suspected [E5, E6].
Effusion is suspected, but so is mass [E5, E6].
Neither mass nor effusion is suspected [E5, E6].
Mass is not suspected but not absent [E6].
Mass is hardly absent [E6].
It would be wrong to say that effusion is suspected [E5].
Effusion was suspected by these models, who were wrong [E5].
The suspicion of effusion is an error [E5].
Effusion is suspected without evidence [E5].
Effusion is not what is suspected [E5].
Effusion is suspected of being a mass [E5, E6].
Effusion is suspected, though all evidence is against it [E5].
Nothing but effusion is suspected [E5].
Only effusion is suspected [E5].
Effusion alone is suspected [E5].
Effusion is the one thing suspected [E5].
The film is normal [E10].
The film is normal apart from effusion [E5, E10].
The film is abnormal and shows a mass [E10, E6].
A normal film is suspected but for effusion [E10, E5].
The effusion is suspected with a score of 0.62, twice its threshold [E5].
Effusion reaches its operating point of 0.50 [E5].
Effusion is suspected: 0.50 [E5].
The detector's score of 0.10 for effusion [E5].
Effusion suspected, score 0.5 [E5].
Effusion is suspected, with a heat map overlap of 0.62 [E5, E3].
Effusion is suspected (overlap 0.70) in the left upper zone [E5, E3].
Effusion is likely free and mobile [E5].
Effusion is suspected in the lower zones [E5, E3].
Effusion is suspected at both lung bases [E5].
Left pleural effusion, hence right mass [E5, E6].
Effusion in the left lung and the left upper zone is suspected [E5, E3].
Effusion is suspected everywhere on the left [E5].
Effusion is suspected near the heart [E5].
Effusion is suspected over the heart [E5].
The heart is displaced by the effusion [E5].
Follow-up of the effusion [E5].
Keep the patient under observation for effusion [E5].
Effusion must not be missed [E5].
Treat the effusion [E5].
Effusion is suspected; take further images [E5].
Effusion is suspected and further studies follow [E5].
I am sure that effusion is suspected [E5].
Effusion is suspected beyond question [E5].
Effusion is as good as present [E5].
Effusion is suspected; E9 agrees [E5].
Effusion is suspected in agreement with the cardiothoracic ratio [E5, E4].
"""


@pytest.mark.parametrize("lie", BY_HAND.strip().splitlines())
def test_a_lie_written_by_hand_is_struck(lie: str) -> None:
    assert not all(one.kept for one in narrated(lie, CONCLUSIONS, Record(LEDGER)))


@pytest.mark.parametrize(
    "truth",
    [
        "Effusion is suspected in the left lower zone, with a score of 0.62 and an overlap of 0.70 [E5, E3].",
        "A left-sided effusion is suspected [E5]; mass is not [E6].",
        "Pneumonia is undecided, a nodule is suspected [E7, E9].",
        "The CTR is 0.55, above its upper limit of 0.50, although cardiomegaly is not suspected [E4, E8].",
        "The CTR exceeds 0.50, which conflicts with the detectors: cardiomegaly is not suspected [E4, E8].",
        "Neither a mass nor cardiomegaly is suspected [E6, E8].",
        "The film is not normal [E10].",
        "There is a suggestion of an effusion on the left; the pooled score is .62 [E5].",
    ],
)
def test_a_truth_written_by_hand_is_kept(truth: str) -> None:
    assert all(one.kept for one in narrated(truth, CONCLUSIONS, Record(LEDGER)))

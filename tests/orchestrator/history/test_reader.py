"""What a history is read to tell: a table of snippets with what a careful person would note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from injections import INJECTIONS

from wardround.contracts.cue import Cue, CueKind, CueSource, Told
from wardround.contracts.study import Patient, Sex
from wardround.orchestrator.history.checked import ProposedCue, accept
from wardround.orchestrator.history.items import contradictions, cue_items
from wardround.orchestrator.history.reader import MAX_READ, read_history
from wardround.orchestrator.history.rules import synonyms

# Text to: names told, names denied (after '-'), names in doubt (after '?'); age and sex apart.
GOLD: tuple[tuple[str, str], ...] = (
    ("Cough and fever for three days.", "cough fever"),
    ("Productive cough, no fever.", "productive_cough -fever"),
    ("Denies chest pain, night sweats or weight loss.", "-chest_pain -night_sweats -weight_loss"),
    ("Denies fever but has chills.", "-fever chills"),
    ("No fever, chills, or night sweats; reports weight loss.", "-fever -chills -night_sweats weight_loss"),
    ("SOB and orthopnea.", "dyspnoea orthopnoea"),
    ("Shortness of breath on exertion without chest pain.", "dyspnoea -chest_pain"),
    ("Haemoptysis since yesterday.", "haemoptysis"),
    ("coughing up blood", "haemoptysis"),
    ("?PE", "?pulmonary_embolism"),
    ("Query pneumonia.", "?pneumonia"),
    ("r/o pneumothorax after fall", "?pneumothorax trauma"),
    ("PE was ruled out.", "-pulmonary_embolism"),
    ("Pneumonia was excluded.", "-pneumonia"),
    ("Possible TB.", "?tuberculosis"),
    ("Suspected heart failure.", "?heart_failure"),
    ("Known COPD and HTN.", "chronic_obstructive_pulmonary_disease hypertension"),
    ("h/o asthma, T2DM", "asthma diabetes_mellitus"),
    ("No history of asthma.", "-asthma"),
    ("Mother had asthma.", ""),
    ("Family history of lung cancer.", ""),
    ("Father died of a heart attack; he himself smokes.", "smoking"),
    ("Ex-smoker, 30 pack-years.", "former_smoking smoking"),
    ("Never smoker... never had tuberculosis.", "-smoking -tuberculosis"),
    ("Non-smoker.", "-smoking"),
    ("Asbestos exposure at the shipyard.", "asbestos"),
    ("Returned from Vietnam, travel six weeks ago.", "travel"),
    ("Pigeons at home.", "bird_keeping"),
    ("s/p CABG, pacemaker in situ.", "sternotomy pacemaker"),
    ("On chemotherapy for lymphoma.", "chemotherapy lymphoma"),
    ("Breast cancer, mastectomy and radiotherapy.", "breast_cancer mastectomy radiotherapy"),
    ("Intubated, central line placed.", "intubation central_venous_catheter"),
    ("Kidney transplant, immunosuppressed.", "organ_transplant immunosuppression"),
    ("On dialysis for CKD.", "dialysis chronic_kidney_disease"),
    ("Leg swelling and calf pain.", "leg_swelling calf_pain"),
    ("Hypoxic and tachypneic? tachypnea present", "hypoxia tachypnoea"),
    ("Crackles at both bases.", "crackles"),
    ("Raised CRP, leukocytosis.", "raised_CRP leukocytosis"),
    ("Fever of unknown origin, weight loss and drenching sweats.", "fever weight_loss night_sweats"),
    ("no change in cough", "cough"),
    ("The cough is not better.", "cough"),
    ("Not febrile.", "-fever"),
    ("Afraid of cancer.", "?cancer"),
    ("Free of fever for a week.", "-fever"),
    ("Negative for COVID-19.", "-COVID-19"),
    ("Wheezing, known asthmatic.", "wheeze asthma"),
    ("Fell from a ladder, chest pain.", "trauma chest_pain"),
    ("Hoarseness for two months in a smoker.", "hoarseness smoking"),
    ("Positive PPD, sick contacts.", "positive_tuberculin_test contact_with_illness"),
    ("No known allergies.", "-allergy"),
    ("HIV positive on treatment.", "HIV_infection"),
    ("Palpitations, atrial fibrillation on warfarin.", "palpitations atrial_fibrillation anticoagulation"),
    ("Rheumatoid arthritis on prednisone.", "rheumatoid_arthritis steroid_therapy"),
    ("Syncope; denies palpitations.", "syncope -palpitations"),
    ("Pleuritic pain on the right.", "pleuritic_chest_pain"),
    ("Sarcoidosis? Evaluate for sarcoidosis.", "?sarcoidosis"),
    ("Neither cough nor fever.", "-cough -fever"),
    ("Without cough, however with wheeze.", "-cough wheeze"),
    ("Sister has TB, patient coughs.", "cough"),
    ("Hypertension, hyperlipidemia and obesity.", "hypertension hyperlipidaemia obesity"),
    ("Deep vein thrombosis last year, long flight.", "deep_vein_thrombosis immobility"),
    ("Heart murmur and jugular venous distension.", "heart_murmur raised_jugular_venous_pressure"),
    ("Pneumonia cannot be excluded.", "?pneumonia"),
    ("TB was not ruled out.", "?tuberculosis"),
    ("Asthma in his mother.", ""),
    ("Brought by mother with fever.", "fever"),
    ("Mother reports wheezing.", "wheeze"),
    ("Lives with his wife, has cough.", "cough"),
    ("Lives with his wife who has TB, he coughs.", "cough"),
    ("No fever, cough for 3 days.", "-fever cough"),
    ("No allergies, was a smoker.", "-allergy smoking"),
    ("Non-smoker, drinks alcohol.", "-smoking alcohol_use"),
    ("No longer febrile.", "-fever"),
    ("The fever has resolved.", "-fever"),
    ("The cough has not resolved.", "cough"),
    ("Not yet had fever.", "-fever"),
    ("?PE/pneumonia", "?pulmonary_embolism ?pneumonia"),
    ("Pneumonia vs CHF.", "?pneumonia ?heart_failure"),
    ("TB? Fever.", "?tuberculosis fever"),
    ("Return if fever develops, risk of DVT.", "?fever ?deep_vein_thrombosis"),
    ("Fever: none. Cough: yes.", "-fever cough"),
    ("MI in 2010, AF, no CKD.", "myocardial_infarction atrial_fibrillation -chronic_kidney_disease"),
    ("John Doe uses hearing aids. PE: lungs clear.", ""),
    ("Patient doesn't have fever or chills.", "-fever -chills"),
    ("Hasn’t lost weight; didn't report night sweats.", "-night_sweats"),
    ("CT ruled out PE.", "-pulmonary_embolism"),
    ("Haemoptysis denied, cough present.", "-haemoptysis cough"),
    ("Fever resolved, cough persists.", "-fever cough"),
    ("Afebrile but tachypnoeic.", "-fever tachypnoea"),
    ("HIV-positive man, COVID-negative.", "HIV_infection -COVID-19"),
    ("No wheeze, no stridor, mild hoarseness.", "-wheeze -stridor hoarseness"),
    ("No cough, no fever, chills or night sweats.", "-cough -fever -chills -night_sweats"),
    ("Possible heart failure, leg swelling.", "?heart_failure leg_swelling"),
    ("Possible TB, lymphoma or sarcoidosis.", "?tuberculosis ?lymphoma ?sarcoidosis"),
    ("Pulmonary embolism is unlikely.", "?pulmonary_embolism"),
    ("Could represent pneumonia.", "?pneumonia"),
    ("Returned from India, elevated CRP and leucocytosis.", "travel raised_CRP leukocytosis"),
    ("Acute kidney injury without haemoptysis.", "acute_kidney_injury -haemoptysis"),
    ("Denies fever, chills, night sweats, weight loss, haemoptysis, palpitations, leg swelling, rash or wheezing.",
     "-fever -chills -night_sweats -weight_loss -haemoptysis -palpitations -leg_swelling -rash -wheeze"),
)  # fmt: skip

_MARK = {Told.YES: "", Told.NO: "-", Told.UNSURE: "?"}


def _marked(cue: Cue) -> str:
    return f"{_MARK[cue.told]}{cue.name.replace(' ', '_')}"


def _told(text: str) -> set[str]:
    return {_marked(cue) for cue in read_history(text) if cue.kind not in (CueKind.AGE, CueKind.SEX)}


def test_precision_and_recall_on_the_table() -> None:
    right = read = wanted = 0
    misses = []
    for text, expected in GOLD:
        found, gold = _told(text), set(expected.split())
        right, read, wanted = right + len(found & gold), read + len(found), wanted + len(gold)
        if found != gold:
            misses.append(f"{text}: {sorted(found ^ gold)}")
    assert len(GOLD) >= 60
    assert right >= 0.95 * read and right >= 0.95 * wanted, "\n".join(misses)


@pytest.mark.parametrize(
    ("text", "age", "sex"),
    [
        ("61-year-old woman with cough", 61, "F"),
        ("A 45 yo man", 45, "M"),
        ("45M c/o cough", 45, "M"),
        ("aged 70, he has a fever", 70, "M"),
        ("8 month old boy", 0, "M"),
        ("18-month-old girl", 1, "F"),
        ("Age: 1 day. Sex: F.", 0, "F"),
        ("30/F, fever", 30, "F"),
        ("Female, 45 years, cough", 45, "F"),
        ("61 y.o. F with cough", 61, "F"),
        ("72 years of age", 72, None),
        ("Fever to 102F", None, None),
        ("14F chest drain", None, None),
        ("smoker since age 15", None, None),
        ("a 2-week-old fracture", None, None),
        ("has a 5 year old son", None, None),
        ("Her mother is 80 years old. She has a cough.", None, "F"),
        ("cough for 61 days", None, None),
    ],
)
def test_age_and_sex_are_read_and_not_a_relative_s(text: str, age: int | None, sex: str | None) -> None:
    cues = {cue.kind: cue for cue in read_history(text)}
    assert (cues[CueKind.AGE].value if CueKind.AGE in cues else None) == age
    assert (cues[CueKind.SEX].name if CueKind.SEX in cues else None) == sex


@pytest.mark.parametrize(
    ("text", "name", "days"),
    [
        ("fever for 3 days", "fever", 3),
        ("2-week history of cough", "cough", 14),
        ("cough x2 weeks and fever since yesterday", "fever", 1),
        ("cough x2 weeks and fever since yesterday", "cough", 14),
        ("dyspnea for a few months", "dyspnoea", 90),
        ("cough and fever for three days", "cough", 3),
        ("cough for 3 days, and chest pain", "chest pain", None),
        ("no cough but fever and chills for 3-4 days", "chills", 3),
        ("known COPD for 10 years, cough", "cough", None),
        ("cough, 2-week history of fever and chills", "cough", None),
        ("cough, 2-week history of fever and chills", "chills", 14),
        ("for the past six weeks he has had a cough", "cough", 42),
        ("fever 3/7", "fever", None),
        ("fever for 3/7", "fever", 3),
        ("cough x2wks", "cough", 14),
        ("chest pain", "chest pain", None),
    ],
)
def test_a_duration_belongs_to_the_nearest_symptom(text: str, name: str, days: float | None) -> None:
    (cue,) = [cue for cue in read_history(text) if cue.name == name]
    assert cue.duration_days == days


def test_of_an_earlier_report_the_findings_are_read() -> None:
    cues = read_history("Small pleural effusion. No pneumothorax. Possible consolidation.", CueSource.PRIOR_REPORT)
    told = {cue.name: cue.told for cue in cues if cue.kind is CueKind.REPORTED_FINDING}
    assert told == {"Effusion": Told.YES, "Pneumothorax": Told.NO, "Consolidation": Told.UNSURE}
    assert {cue.where for cue in cues} == {CueSource.PRIOR_REPORT}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Bilateral effusions, masses and rib fractures.", {"Effusion", "Mass", "Fracture"}),
        ("Pleural\neffusion and patchy opacities.", {"Effusion", "Lung Opacity"}),
        ("Leg oedema noted.", set()),
    ],
)
def test_of_an_earlier_report_plurals_are_read_and_legs_are_not_lungs(text: str, told: set[str]) -> None:
    cues = read_history(text, CueSource.PRIOR_REPORT)
    assert {cue.name for cue in cues if cue.kind is CueKind.REPORTED_FINDING} == told
    assert not [cue for cue in cues if cue.kind is CueKind.DISEASE], "no words are told twice"


def test_the_place_of_a_cue_is_where_its_words_stand() -> None:
    text = "He has fever and a productive cough."
    assert {text[cue.start : cue.end] for cue in read_history(text)} == {"He", "fever", "productive cough"}


def test_what_a_hostile_text_tells_are_names_of_the_vocabulary_and_none_of_its_words_go_on() -> None:
    known = {name for _, name in synonyms().values()} | {"age", "F", "M"}
    assert len(known) >= 90
    assert len({injection.text for injection in INJECTIONS}) == len(INJECTIONS) >= 60
    for injection in INJECTIONS:
        cues = read_history(injection.text)
        assert {cue.name for cue in cues} <= known, injection.id
        for item in cue_items(cues):
            assert item.detail == "" and item.subject in known | {"age told", "sex told"}


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    for cue in (*read_history(text), *read_history(text, CueSource.PRIOR_REPORT)):
        assert 0 <= cue.start <= cue.end <= len(text)


@pytest.mark.parametrize("where", list(CueSource))
@pytest.mark.parametrize("text", ["chİlls", "chılls", "weıght losſ", "cough for fıve days", "cough for nİne days"])
def test_letters_that_only_look_like_those_of_the_tables_are_read_as_they_look(text: str, where: CueSource) -> None:
    (cue,) = read_history(text, where)
    assert text[cue.start : cue.end] in text and cue.name in ("chills", "weight loss", "cough")
    proposed = ProposedCue(kind=cue.kind, name=cue.name, told=Told.YES, quote=text)
    assert [one.name for one in accept(text, [proposed], "m")] == [cue.name]


@given(st.text(alphabet="ıİſKnive days coughsTB?.,'’-/1٣\n\x00", max_size=200))
def test_no_letters_are_too_strange(text: str) -> None:
    for where in CueSource:
        read_history(text, where)


def test_of_a_long_text_the_beginning_is_read() -> None:
    text = "no " * 40_000 + "fever"
    assert read_history(text) == ()
    assert [cue.name for cue in read_history("fever. " + "x" * MAX_READ + " cough")] == ["fever"]


def test_a_model_s_reading_counts_only_where_the_text_bears_it() -> None:
    text = "Cough for 3 days, no fever. Mother had asthma."
    proposed = [
        ProposedCue(kind=CueKind.SYMPTOM, name="cough", told=Told.YES, quote="Cough  for\n3 days", duration_days=3),
        ProposedCue(kind=CueKind.SYMPTOM, name="fever", told=Told.YES, quote="no fever"),
        ProposedCue(kind=CueKind.DISEASE, name="asthma", told=Told.YES, quote="Mother had asthma"),
        ProposedCue(kind=CueKind.DISEASE, name="tuberculosis", told=Told.YES, quote="Cough"),
        ProposedCue(kind=CueKind.SYMPTOM, name="chest pain", told=Told.YES, quote="chest pain"),
    ]
    accepted = accept(text, proposed, "openai:some-model")
    assert [(cue.name, cue.told, cue.duration_days, cue.reader) for cue in accepted] == [
        ("cough", Told.YES, 3, "openai:some-model")
    ]


def test_of_a_model_s_reading_the_duration_is_the_text_s_and_any_place_of_the_quote_will_do() -> None:
    cough = ProposedCue(kind=CueKind.SYMPTOM, name="cough", told=Told.YES, quote="cough for 3 days", duration_days=90)
    assert [cue.duration_days for cue in accept("A cough for 3 days.", [cough], "m")] == [None]
    (cue,) = accept("Last year no cough. Now cough.", [cough.model_copy(update={"quote": "cough"})], "m")
    assert cue.start == 24


def test_a_history_at_odds_with_the_study_is_told() -> None:
    cues = read_history("70-year-old man")
    warned = contradictions(cues, Patient(age_years=61, sex=Sex.FEMALE))
    assert len(warned) == 2 and all("study's is used" in one for one in warned)
    assert contradictions(cues, Patient(age_years=70, sex=Sex.MALE)) == ()

"""Snippets of what patients and records say, each with the rules that should fire on it, or none.

Half of them must not wait; the other half come close: denied, long ago, somebody else's, mild, or another cause. They
were written from clinical knowledge, not from the table of cues. The rules were mended on `FIRST`, `SECOND` and
`THIRD` in turn; of what must not wait there they had found 35 of 40, 24 of 30 and 17 of 25 at first sight, with one
false alarm in all. Nothing has been mended on `LAST`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FIRST", "LAST", "SECOND", "THIRD", "Snippet"]


@dataclass(frozen=True)
class Snippet:
    """One text with age and sex ('' unknown). `wanted` are rules of which one must fire; empty: none may fire."""

    text: str
    wanted: tuple[str, ...] = ()
    age: int | None = None
    sex: str = ""


FIRST = (
    # must not wait
    Snippet(
        "Crushing central chest pain for an hour, going down the left arm, drenched in sweat.",
        ("acute-coronary-signs",),
        58,
        "M",
    ),
    Snippet("He complained of chest pain and then passed out in the kitchen.", ("chest-pain-collapse",), 66, "M"),
    Snippet(
        "Sudden ripping pain between the shoulder blades that moved down the back.",
        ("aortic-dissection-signs",),
        61,
        "M",
    ),
    Snippet(
        "Sudden back pain, then collapsed. Known abdominal aortic aneurysm of 5 cm. BP 82/40.",
        ("ruptured-aneurysm-signs",),
        74,
        "M",
    ),
    Snippet(
        "Short of breath and fainted twice today; her right calf has been swollen since the flight from Sydney.",
        ("pulmonary-embolism-shock",),
        34,
        "F",
    ),
    Snippet("Harsh stridor at rest, sitting upright.", ("stridor",), 4, "M"),
    Snippet(
        "Sore throat since last night, now drooling and speaking with a muffled voice.",
        ("airway-obstruction-throat",),
        45,
        "M",
    ),
    Snippet("Fever and rigors for two days, today confused. HR 134, RR 28, BP 88/50.", ("sepsis-high-risk",), 71, "F"),
    Snippet("Productive cough and fever, respiratory rate 24, blood pressure 98/60 mmHg.", ("sepsis-qsofa",), 49, "M"),
    Snippet("Three-week-old baby, temperature 38.4 °C, feeding poorly.", ("young-infant-fever",), 0, "F"),
    Snippet("Temperature 39.6 and a bulging fontanelle, she does not stay awake.", ("child-fever-red",), 1, "F"),
    Snippet(
        "High fever, and purple spots on the legs that do not fade under a glass.", ("meningococcal-rash",), 19, "M"
    ),
    Snippet("Fever, splitting headache, vomiting, and the neck is stiff.", ("meningitis-signs",), 22, "F"),
    Snippet("The worst headache of my life, it came like a thunderclap.", ("thunderclap-headache",), 47, "F"),
    Snippet("His mouth droops on one side and his speech is slurred since breakfast.", ("stroke-fast",), 72, "M"),
    Snippet("Suddenly she could not move her right arm and right leg.", ("stroke-sudden", "stroke-fast"), 68, "F"),
    Snippet(
        "Ten minutes after eating peanuts his lips swelled, he came out in hives and began to wheeze.",
        ("anaphylaxis",),
        16,
        "M",
    ),
    Snippet(
        "Period seven weeks late, sharp pain low in the belly on the left, some vaginal bleeding, felt faint.",
        ("ectopic-pregnancy-signs",),
        29,
        "F",
    ),
    Snippet("Woke at 4 am with severe pain in the left testicle and vomited.", ("testicular-torsion-signs",), 14, "M"),
    Snippet(
        "Back pain for a week; since yesterday numb between the legs and cannot pass urine.",
        ("cauda-equina-signs",),
        42,
        "F",
    ),
    Snippet(
        "Breast cancer with bone metastases; new back pain and her legs give way.",
        ("cord-compression-cancer", "cauda-equina-signs"),
        63,
        "F",
    ),
    Snippet(
        "Vomited bright red blood twice, pale and clammy, pulse 118/min, BP 92/58.", ("bleeding-gut-shock",), 55, "M"
    ),
    Snippet("She says she plans to kill herself tonight and has written a note.", ("suicidal-intent",), 24, "F"),
    Snippet("Took an overdose of paracetamol three hours ago.", ("suicidal-intent",), 19, "F"),
    Snippet("Suddenly lost the sight of the right eye this morning, no pain.", ("sudden-visual-loss",), 70, "M"),
    Snippet(
        "Severe pain in the left eye, sees halos around lamps, vomiting; the pupil is fixed and mid-dilated.",
        ("angle-closure-signs",),
        66,
        "F",
    ),
    Snippet(
        "After the stab wound the trachea is deviated to the left, absent breath sounds on the right, BP 78/40.",
        ("tension-pneumothorax-signs",),
        27,
        "M",
    ),
    Snippet(
        "Known asthma; cannot complete a sentence, SpO2 88 % on air, chest silent.",
        ("asthma-life-threatening",),
        23,
        "F",
    ),
    Snippet(
        "Type 1 diabetic, vomiting, deep rapid breathing, glucose 28 mmol/L, ketones 5.6.",
        ("diabetic-ketoacidosis-signs",),
        20,
        "M",
    ),
    Snippet(
        "The right leg suddenly became cold, white and numb, no pulse can be felt at the foot.",
        ("limb-ischaemia",),
        77,
        "M",
    ),
    Snippet(
        "34 weeks pregnant, headache and flashing lights, blood pressure 168/112.",
        ("severe-hypertension-pregnancy", "pre-eclampsia-signs"),
        31,
        "F",
    ),
    Snippet("32 weeks pregnant with fresh vaginal bleeding and a tender uterus.", ("obstetric-haemorrhage",), 28, "F"),
    Snippet("Pulled out of a house fire, hoarse, soot in the nostrils.", ("airway-burn",), 39, "M"),
    Snippet(
        "Choked on a peanut while playing and has coughed and wheezed on one side ever since.",
        ("airway-foreign-body",),
        2,
        "M",
    ),
    Snippet("He may have swallowed a button battery an hour ago.", ("button-battery",), 3, "M"),
    Snippet("On chemotherapy for lymphoma, temperature 38.6 °C this evening.", ("neutropenic-sepsis",), 52, "F"),
    Snippet(
        "Fell down the stairs and hit her head; takes warfarin; has vomited three times.",
        ("head-injury-risk",),
        81,
        "F",
    ),
    Snippet(
        "Redness of the leg spreading by the hour, pain out of proportion, the skin is turning dusky.",
        ("necrotising-infection-signs",),
        57,
        "M",
    ),
    Snippet("The seizure has lasted for 12 minutes and has not stopped.", ("status-epilepticus",), 33, "M"),
    Snippet("Five days old, vomiting green fluid.", ("bilious-vomiting-infant",), 0, "M"),
    # close, but may wait or is another matter
    Snippet("No chest pain, no collapse, feels well.", (), 60, "M"),
    Snippet("Denies chest pain, sweating, or fainting.", (), 55, "F"),
    Snippet("His father collapsed with chest pain at 60; he himself has none.", (), 35, "M"),
    Snippet("Chest tightness on climbing hills for a year, relieved by rest within two minutes.", (), 63, "M"),
    Snippet("Sharp chest pain on pressing the ribs after moving furniture, no breathlessness.", (), 30, "M"),
    Snippet("Had a heart attack with collapse eight years ago, now here for a check.", (), 69, "M"),
    Snippet("Fainted once at the sight of blood last year.", (), 18, "F"),
    Snippet("Hoarse for two weeks after a cold, no stridor, swallows well.", (), 48, "F"),
    Snippet("Sore throat and fever 38.2 °C for two days, drinks well.", (), 20, "M"),
    Snippet("Fever of 38.5 °C, cough, pulse 96/min, RR 18, BP 128/76, alert.", (), 40, "F"),
    Snippet("Temperature 38.3 °C with a runny nose, playing happily, pulse 130.", (), 3, "M"),
    Snippet("Rash on the arms that blanches on pressure, no fever.", (), 25, "F"),
    Snippet("Headache on most afternoons for six months, like a band, no vomiting.", (), 38, "F"),
    Snippet("Migraine since her teens, came on slowly over two hours as usual.", (), 33, "F"),
    Snippet("Stiff neck after sleeping badly, no fever, no headache.", (), 29, "M"),
    Snippet("Her grandmother had a stroke with slurred speech.", (), 45, "F"),
    Snippet("Had a stroke in 2015 with left-sided weakness, fully recovered.", (), 72, "M"),
    Snippet("Itchy hives after new detergent, no trouble breathing, no swelling of lips.", (), 27, "F"),
    Snippet("Allergic to penicillin (rash as a child).", (), 50, "F"),
    Snippet("Ten weeks pregnant, morning sickness, no pain and no bleeding.", (), 26, "F"),
    Snippet("Heavy periods for two years, not pregnant, belly cramps on the first day.", (), 41, "F"),
    Snippet("Painless soft swelling of the scrotum for several months, bigger in the evening.", (), 55, "M"),
    Snippet("Low back pain after gardening, no numbness, passes urine normally, legs strong.", (), 52, "M"),
    Snippet("A little bright red blood on the paper after hard stools, feels well, pulse 72.", (), 36, "M"),
    Snippet("Low mood for a month; no thoughts of suicide or self-harm.", (), 30, "F"),
    Snippet("Her brother attempted suicide two years ago; she worries about him.", (), 40, "F"),
    Snippet("Sight has slowly grown dim in both eyes over three years, worse in glare.", (), 74, "F"),
    Snippet("Red sticky eyes since Monday, no pain, sees well.", (), 9, "F"),
    Snippet("Asthma well controlled, wheezes a little after running, speaks normally, SpO2 98 %.", (), 15, "M"),
    Snippet("Type 2 diabetes, glucose 9.4 mmol/L, no ketones.", (), 61, "M"),
    Snippet("Calf pain after 200 metres of walking for a year, goes when he stops; foot warm.", (), 67, "M"),
    Snippet("30 weeks pregnant, blood pressure 118/72, mild heartburn.", (), 30, "F"),
    Snippet("Sunburn on the shoulders, no blisters.", (), 24, "F"),
    Snippet("Swallowed a small plastic bead, no cough, breathes normally, eats well.", (), 3, "F"),
    Snippet("Had chemotherapy for breast cancer; no fever, comes for follow-up.", (), 58, "F"),
    Snippet("Bumped his head on a cupboard, did not lose consciousness, no vomiting, no headache.", (), 30, "M"),
    Snippet("Red itchy patch round a mosquito bite, no pain, no fever.", (), 22, "M"),
    Snippet("Epilepsy since childhood, last seizure in 2019, well on tablets.", (), 28, "F"),
    Snippet("Spits up milk after feeds, thriving, never green.", (), 0, "M"),
    Snippet("Knee aches after football, not red, not hot, temperature normal.", (), 26, "M"),
)
SECOND = (
    # must not wait
    Snippet(
        "It feels like an elephant sitting on my chest and my jaw aches. I am sweating buckets.",
        ("acute-coronary-signs",),
        64,
        "F",
    ),
    Snippet("BP 76/48, HR 128. Retrosternal pain since 6 am.", ("chest-pain-collapse",), 70, "M"),
    Snippet(
        "Presented with acute dyspnoea and syncope three days after hip replacement; SpO2 86 % on room air.",
        ("pulmonary-embolism-shock",),
        71,
        "F",
    ),
    Snippet("My little boy makes a crowing noise every time he breathes in.", ("stridor",), 2, "M"),
    Snippet(
        "Temp 101.8 F, heart rate 138 bpm, mottled knees, has hardly passed any urine, drowsy.",
        ("sepsis-high-risk",),
        64,
        "M",
    ),
    Snippet("Infected leg ulcer. Temperature 35.4 C, RR 30/min, new confusion.", ("sepsis-high-risk",), 83, "F"),
    Snippet("6-week-old girl with a fever since this morning.", ("young-infant-fever",), None, "F"),
    Snippet("Petechiae on trunk, T 39.9 °C, neck rigidity.", ("meningococcal-rash", "meningitis-signs"), 17, "F"),
    Snippet(
        "Excruciating headache that reached its peak within seconds during weightlifting.",
        ("thunderclap-headache",),
        44,
        "M",
    ),
    Snippet("Right-sided facial weakness and expressive aphasia noticed on waking.", ("stroke-fast",), 79, "F"),
    Snippet(
        "A wasp stung him; a quarter of an hour later his tongue was swelling and he could hardly breathe.",
        ("anaphylaxis",),
        37,
        "M",
    ),
    Snippet(
        "Pregnancy test positive last week. Now pelvic pain, spotting, and she blacked out in the shower.",
        ("ectopic-pregnancy-signs",),
        27,
        "F",
    ),
    Snippet(
        "Scrotal pain for 3 hours, testis high-riding and exquisitely tender.", ("testicular-torsion-signs",), 16, "M"
    ),
    Snippet(
        "Bilateral sciatica, perianal sensation reduced, wets himself without noticing.",
        ("cauda-equina-signs",),
        50,
        "M",
    ),
    Snippet(
        "Black tarry stools for two days and today he nearly fainted on getting out of bed.",
        ("bleeding-gut-shock",),
        67,
        "M",
    ),
    Snippet("He wants to end his life and bought a rope yesterday.", ("suicidal-intent",), 45, "M"),
    Snippet("Like a black curtain coming down over the left eye since noon.", ("sudden-visual-loss",), 59, "F"),
    Snippet(
        "Hyperresonant left chest, no air entry, distended neck veins, systolic 70 after a motorbike crash.",
        ("tension-pneumothorax-signs",),
        31,
        "M",
    ),
    Snippet("Asthmatic, speaking in single words only, exhausted.", ("asthma-life-threatening",), 18, "M"),
    Snippet(
        "Thirsty for weeks, losing weight, now her breath smells of acetone and she keeps vomiting.",
        ("diabetic-ketoacidosis-signs",),
        12,
        "F",
    ),
    Snippet("37 weeks pregnant; she has just had a fit.", ("eclampsia",), 25, "F"),
    Snippet("Gave birth an hour ago and is bleeding heavily, with large clots.", ("obstetric-haemorrhage",), 33, "F"),
    Snippet("Neutrophils 0.2, temp 38.9, day 9 after chemo.", ("neutropenic-sepsis",), 47, "F"),
    Snippet(
        "Knocked out for a minute at rugby, now vomiting and does not remember the match.",
        ("head-injury-risk",),
        21,
        "M",
    ),
    Snippet(
        "Right knee hot, red and swollen, temperature 38.7 °C, will not let anyone bend it.",
        ("septic-arthritis-signs",),
        66,
        "M",
    ),
    Snippet("Potassium 7.1 mmol/L on dialysis.", ("hyperkalaemia-severe",), 60, "M"),
    Snippet("Sudden upper abdominal pain, abdomen rigid like a board.", ("peritonitis-signs",), 54, "M"),
    Snippet(
        "Skin peeling off in sheets after a new tablet, sores in the mouth and red eyes.",
        ("severe-skin-reaction",),
        35,
        "F",
    ),
    Snippet(
        "Wisdom tooth infection, cannot open his mouth more than a finger, floor of the mouth is hard and swollen.",
        ("spreading-dental-infection",),
        29,
        "M",
    ),
    Snippet("Stone in the left ureter, shaking chills, 39.4 °C.", ("infected-obstructed-kidney",), 51, "F"),
    # close, but may wait or is another matter
    Snippet("Heartburn after meals, burning behind the breastbone, never with exercise, no sweating.", (), 42, "M"),
    Snippet("He has had no episodes of chest pain or loss of consciousness.", (), 59, "M"),
    Snippet("Her husband was treated for pulmonary embolism; she would like to know her own risk.", (), 53, "F"),
    Snippet("Had stridor as a toddler with croup, none since.", (), 11, "M"),
    Snippet("Hay fever, sneezing, itchy eyes.", (), 23, "F"),
    Snippet("Cystitis: burning on passing urine, no fever, no flank pain, BP 124/78, HR 76.", (), 32, "F"),
    Snippet("Confused about which tablets to take, would like the list explained.", (), 68, "F"),
    Snippet("6-month-old with a blanching rash after a fever that has settled.", (), 0, "F"),
    Snippet("Tension-type headache for four days, mild, no neck stiffness, no visual symptoms.", (), 31, "M"),
    Snippet(
        "Cannot close the right eye, that side of the face and forehead weak for two weeks, speech normal, arm strong.",
        (),
        36,
        "F",
    ),
    Snippet("Numb tips of all toes for years, diabetic.", (), 70, "M"),
    Snippet("Stung by a bee on the hand, local swelling of five centimetres, breathing normally.", (), 28, "F"),
    Snippet("28 weeks pregnant, no bleeding, baby moving well, BP 110/70.", (), 29, "F"),
    Snippet("Gradual swelling above the testis, not painful, transilluminates.", (), 48, "M"),
    Snippet("Sciatica down the right leg, no bladder or bowel symptoms, saddle sensation normal.", (), 39, "M"),
    Snippet("Haemorrhoids, streaks of blood with stool, BP 130/80, HR 68, haemoglobin normal.", (), 45, "F"),
    Snippet("Feels sad since the divorce, sleeps badly; clearly denies suicidal thoughts or plans.", (), 49, "M"),
    Snippet("Floaters for ten years, unchanged; vision 6/6 in both eyes.", (), 61, "F"),
    Snippet("Pneumothorax in 2012 treated with a drain, breathes freely now, equal breath sounds.", (), 34, "M"),
    Snippet("Asthma review: no attacks this year, peak flow 92 % of best.", (), 26, "F"),
    Snippet("Prediabetes, glucose 6.1 mmol/L fasting.", (), 57, "M"),
    Snippet("Cold hands in winter, fingers turn white and then red, pulses normal.", (), 24, "F"),
    Snippet("Small burn on the fingertip from an oven, no blister.", (), 40, "F"),
    Snippet("Chokes occasionally on dry bread for two years, weight steady, breathes well.", (), 58, "M"),
    Snippet("Completed chemotherapy in 2018, now a cold without fever.", (), 62, "F"),
    Snippet("Hit his shoulder in a fall, did not hit his head.", (), 19, "M"),
    Snippet("Febrile convulsion at the age of two, none since; here for vaccination.", (), 7, "F"),
    Snippet("Painful red knee after a graze, temperature 36.7 °C, bends freely.", (), 8, "M"),
    Snippet("Potassium 4.4 mmol/L, sodium 139 mmol/L, pulse 74/min.", (), 50, "F"),
    Snippet("Toothache for two days, opens and swallows normally, no swelling, no fever.", (), 33, "M"),
)
THIRD = (
    # must not wait
    Snippet(
        "Heavy pressure on the breastbone, spreading into both arms, grey and soaked in cold sweat.",
        ("acute-coronary-signs",),
        57,
        "M",
    ),
    Snippet(
        "Severe tightness of the chest; on the way here she lost consciousness. Pressure 80/50.",
        ("chest-pain-collapse",),
        69,
        "F",
    ),
    Snippet(
        "Abrupt onset of knife-like tearing pain from the chest through to the back.",
        ("aortic-dissection-signs",),
        55,
        "M",
    ),
    Snippet("Four-week-old infant, 38.9 °C rectally, sleepy.", ("young-infant-fever",), 0, "M"),
    Snippet(
        "Shivering with 39.5 °C, respiratory rate 27, since this afternoon she talks nonsense.",
        ("sepsis-high-risk",),
        78,
        "F",
    ),
    Snippet(
        "Speech garbled and the right side of the mouth hangs; began forty minutes ago.",
        ("stroke-fast", "stroke-sudden"),
        75,
        "F",
    ),
    Snippet(
        "All at once the most violent headache she has ever had, then vomiting.", ("thunderclap-headache",), 50, "F"
    ),
    Snippet("Fever, a stiff neck, light hurts the eyes.", ("meningitis-signs",), 20, "M"),
    Snippet(
        "Shortly after the first amoxicillin tablet: wheals all over, tight throat, pressure 75/40.",
        ("anaphylaxis",),
        44,
        "F",
    ),
    Snippet(
        "Six weeks pregnant, one-sided lower abdominal pain, spotting since yesterday.",
        ("ectopic-pregnancy-signs",),
        32,
        "F",
    ),
    Snippet(
        "A swollen, very painful right testicle since two hours, he has been sick.",
        ("testicular-torsion-signs",),
        15,
        "M",
    ),
    Snippet(
        "Low back pain and now incontinence of urine, numbness around the back passage.",
        ("cauda-equina-signs",),
        47,
        "F",
    ),
    Snippet("Vomit like coffee grounds, heart rate 122, dizzy when he stands up.", ("bleeding-gut-shock",), 60, "M"),
    Snippet(
        "Wants to die and has hoarded tablets to take them this weekend.",
        ("suicidal-intent", "suicidal-thoughts"),
        38,
        "F",
    ),
    Snippet("Lost vision in the left eye within seconds an hour ago.", ("sudden-visual-loss",), 73, "M"),
    Snippet(
        "Ventilated patient: trachea pushed to the right, left chest hyperresonant, pressure falling to 70/30.",
        ("tension-pneumothorax-signs",),
        48,
        "M",
    ),
    Snippet("Asthma attack, too breathless to speak, lips blue.", ("asthma-life-threatening",), 10, "F"),
    Snippet(
        "Diabetic girl with vomiting, belly ache, Kussmaul breathing, pH 7.08.",
        ("diabetic-ketoacidosis-signs",),
        9,
        "F",
    ),
    Snippet("Left foot suddenly painful, pale and cold, atrial fibrillation known.", ("limb-ischaemia",), 80, "F"),
    Snippet(
        "36 weeks of gestation, BP 154/98, pain under the right ribs and a bad headache.",
        ("pre-eclampsia-signs",),
        27,
        "F",
    ),
    Snippet("Burns of the face after a gas explosion, voice hoarse.", ("airway-burn",), 50, "M"),
    Snippet(
        "Was eating grapes, suddenly coughed violently and now has stridor.", ("airway-foreign-body", "stridor"), 3, "F"
    ),
    Snippet(
        "Fell off his bicycle without a helmet, was unconscious for a minute, now drowsy.",
        ("head-injury-risk",),
        12,
        "M",
    ),
    Snippet("Convulsing for more than ten minutes despite his rescue medicine.", ("status-epilepticus",), 8, "M"),
    Snippet("Green vomit since last night in a two-day-old.", ("bilious-vomiting-infant",), 0, "F"),
    # close, but may wait or is another matter
    Snippet("Burning chest pain after spicy food, better with milk, no sweating.", (), 35, "F"),
    Snippet("Says she has never fainted and has no pain in the chest.", (), 47, "F"),
    Snippet("Mother died of a ruptured aneurysm; he has no pain.", (), 44, "M"),
    Snippet("Cough for five days, temperature 37.6 °C, RR 16, pulse 84, clear in her mind.", (), 66, "F"),
    Snippet("Usual migraine with aura, builds up over an hour, same as every month.", (), 30, "F"),
    Snippet("Had meningitis as a child, hearing a little worse since.", (), 25, "M"),
    Snippet("Blanching red rash on the belly, no fever, plays.", (), 4, "F"),
    Snippet("Lip swelling after a blow from a ball, no allergy, breathes freely.", (), 14, "M"),
    Snippet("Twelve weeks pregnant, a little nausea, scan normal, no bleeding, no pain.", (), 33, "F"),
    Snippet("Dull ache in the scrotum after long cycling, settles overnight, no swelling.", (), 40, "M"),
    Snippet("Back stiff in the mornings for years, walks well, bladder normal.", (), 36, "M"),
    Snippet("Nosebleed that stopped after five minutes, BP 134/80, HR 78.", (), 70, "M"),
    Snippet(
        "Her cousin took his own life last year; she grieves and sleeps badly, no thoughts of harming herself.",
        (),
        29,
        "F",
    ),
    Snippet("Needs new glasses, sees less well at dusk since a few years.", (), 65, "M"),
    Snippet("Asthma since school, uses her inhaler once a month, talks in full sentences, SpO2 97 %.", (), 19, "F"),
    Snippet("Diabetes type 2 for eight years, glucose 8.1 mmol/L, wishes a check of her feet.", (), 62, "F"),
    Snippet("Varicose veins, legs heavy in the evening, feet warm with good pulses.", (), 52, "F"),
    Snippet("Second pregnancy, 20 weeks, BP 116/70, no headache.", (), 30, "F"),
    Snippet("Scalded two fingers with tea, small blister.", (), 27, "M"),
    Snippet("Bumped heads with a classmate, cried at once, no vomiting, alert.", (), 6, "M"),
    Snippet("Febrile seizure two years ago, today a cold, 37.4 °C.", (), 4, "F"),
    Snippet("Cellulitis of the shin improving on tablets, no fever, pain mild.", (), 58, "M"),
    Snippet("Gout in the big toe, temperature 36.8 °C.", (), 61, "M"),
    Snippet("Possets after every feed, milk only, gains weight.", (), 0, "F"),
    Snippet("Wisdom tooth removed a week ago, opens well, healing.", (), 24, "F"),
)
LAST = (
    # must not wait
    Snippet(
        "I get this squeezing in my chest that goes up into my jaw, and I am wet with sweat.",
        ("acute-coronary-signs",),
        62,
        "F",
    ),
    Snippet(
        "Chest pain for half an hour, then he slumped in his chair and lost consciousness.",
        ("chest-pain-collapse",),
        77,
        "M",
    ),
    Snippet(
        "Breathless since yesterday, left calf swollen, passed out at the bus stop; saturation 87 %.",
        ("pulmonary-embolism-shock",),
        45,
        "F",
    ),
    Snippet("Tearing pain in the back, blood pressure different in both arms.", ("aortic-dissection-signs",), 63, "M"),
    Snippet("Toddler with a barking cough and stridor even when calm.", ("stridor",), 1, "M"),
    Snippet(
        "Urinary infection treated for three days; now temperature 39.1, pulse 135, pressure 85/45, muddled.",
        ("sepsis-high-risk",),
        80,
        "F",
    ),
    Snippet("Two-month-old boy, temperature 38.2 °C at home.", ("young-infant-fever",), 0, "M"),
    Snippet("Headache, vomiting, fever of 39 °C and a rash of small purple spots.", ("meningococcal-rash",), 18, "F"),
    Snippet("Out of nowhere a headache as if struck with an axe.", ("thunderclap-headache",), 41, "M"),
    Snippet("Since 7.30 this morning the left arm is weak and the face droops on the left.", ("stroke-fast",), 82, "M"),
    Snippet(
        "He ate a satay dish and within minutes had hives, a swollen tongue and wheezing.", ("anaphylaxis",), 21, "M"
    ),
    Snippet(
        "Positive pregnancy test, right iliac fossa pain and shoulder tip pain, BP 88/52.",
        ("ectopic-pregnancy-signs",),
        30,
        "F",
    ),
    Snippet("Acute left scrotal pain, cremasteric reflex absent.", ("testicular-torsion-signs",), 13, "M"),
    Snippet(
        "Sciatica in both legs, saddle area numb, has not passed urine since last night.",
        ("cauda-equina-signs",),
        38,
        "F",
    ),
    Snippet("Passing black sticky stools, light-headed on standing, pulse 112.", ("bleeding-gut-shock",), 71, "F"),
    Snippet("She intends to jump off a bridge.", ("suicidal-intent",), 20, "F"),
    Snippet(
        "The vision of my right eye vanished suddenly, like a light switched off.", ("sudden-visual-loss",), 68, "F"
    ),
    Snippet(
        "Very painful red eye, blurred sight, halos, vomiting since the evening.", ("angle-closure-signs",), 72, "F"
    ),
    Snippet(
        "Wheezing, respiratory rate 34, too breathless to finish sentences, has asthma.",
        ("asthma-severe", "asthma-life-threatening"),
        28,
        "M",
    ),
    Snippet(
        "Drinking litres of water, vomiting, breath smells of acetone, blood glucose 31 mmol/L.",
        ("diabetic-ketoacidosis-signs",),
        17,
        "M",
    ),
    Snippet("Since two hours a white, cold, painful arm without a pulse.", ("limb-ischaemia",), 75, "F"),
    Snippet(
        "33 weeks pregnant, blood pressure 172/114, sees flashing lights.",
        ("severe-hypertension-pregnancy", "pre-eclampsia-signs"),
        35,
        "F",
    ),
    Snippet(
        "Third day after chemotherapy for leukaemia, fever of 38.8 °C and chills.", ("neutropenic-sepsis",), 40, "M"
    ),
    Snippet("Hit his head on the kerb, on apixaban, a headache that is getting worse.", ("head-injury-risk",), 79, "M"),
    Snippet("Rescued from a fire in a closed room, soot round the mouth, stridor.", ("airway-burn",), 61, "F"),
    # close, but may wait or is another matter
    Snippet("Stitch in the side when running, none at rest, no fainting.", (), 16, "F"),
    Snippet("Chest pain ruled out as cardiac last month; today for a prescription.", (), 51, "M"),
    Snippet("Grandfather had chest pain and collapsed at his age, so he wants a check.", (), 40, "M"),
    Snippet("Hoarse voice after a concert, no trouble breathing or swallowing.", (), 23, "F"),
    Snippet("Fever of 38.4 °C with a sore throat, RR 15, BP 122/78, pulse 92.", (), 28, "M"),
    Snippet("Five-year-old with chickenpox spots, temperature 37.9, playing.", (), 5, "M"),
    Snippet("Headache after too much wine yesterday, better after water.", (), 26, "M"),
    Snippet("Tingling in both hands at night for months, wakes and shakes them.", (), 49, "F"),
    Snippet("Stammers since childhood, speech therapy helps.", (), 11, "M"),
    Snippet("Itchy rash on the wrist under the watch strap.", (), 34, "F"),
    Snippet("Eight weeks pregnant, tired, no pain, no bleeding, first visit.", (), 24, "F"),
    Snippet("Wants a vasectomy; testicles normal, no pain.", (), 39, "M"),
    Snippet("Back pain after lifting a crate, no leg weakness, no numbness, bladder fine.", (), 44, "M"),
    Snippet("Bleeding gums when brushing, otherwise well.", (), 37, "F"),
    Snippet("Grieving for her late husband, sleeps little, wants to live for her grandchildren.", (), 70, "F"),
    Snippet("Blurred vision that clears on blinking, dry eyes for years.", (), 58, "F"),
    Snippet("Exercise-induced asthma in childhood, none for ten years, now a knee injury.", (), 32, "M"),
    Snippet("Insulin dose review, glucose 7.4 mmol/L, no ketones, feels well.", (), 29, "F"),
    Snippet("Cold feet in bed every winter, pulses good, no pain.", (), 63, "F"),
    Snippet("24 weeks pregnant, BP 108/66, leg cramps at night.", (), 28, "F"),
    Snippet("Touched a hot iron, red stripe on the forearm.", (), 31, "M"),
    Snippet("Fell on her wrist while skating, did not hit her head.", (), 14, "F"),
    Snippet("Seizure-free for six years, wants to drive again.", (), 35, "M"),
    Snippet("Swollen knee after a twist yesterday, not hot, no fever.", (), 22, "M"),
    Snippet("A friend overdosed last year; he himself is well and wants a vaccination.", (), 19, "M"),
)

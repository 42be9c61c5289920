"""Small written cases for encounters: four chests and two skins, each told in its own words."""

from __future__ import annotations

from typing import Any

from wardround.contracts.case import Case, CaseTrust
from wardround.contracts.clinic import AuxiliaryExam, PhysicalExam

__all__ = ["chest_case", "small_cases"]

_CHESTS = (
    (
        "I have been coughing and hot for 3 days.",
        "The cough brings up yellow phlegm. It hurts on the right on breathing in.",
        "Crackles over the right lower zone.",
        "Patchy opacity in the right lower zone. No effusion.",
    ),
    (
        "A bad cough with fever keeps me in bed since Monday.",
        "Rusty phlegm came up on the second day of coughing. Shaking chills woke him twice.",
        "Dull to percussion at the left base with bronchial breathing.",
        "Dense consolidation of the left lower lobe with air bronchograms.",
    ),
    (
        "My mother coughs, is hot and has become muddled.",
        "She stopped eating, coughs up green phlegm and breathes fast.",
        "Coarse crackles on both sides, more on the right.",
        "Bilateral patchy opacities, right more than left.",
    ),
    (
        "Hot, shivering and a dry cough for a week now.",
        "After a flight the fever rose every evening. Coughing hurts under the ribs.",
        "Few fine crackles over the middle of the right lung.",
        "Hazy opacity of the right middle zone beside the heart.",
    ),
)
_SKINS = (
    (
        "I have itchy red scaly patches on my elbows.",
        "They came over three months and itch most at night.",
        "Sharply bounded red plaques with silver scale on both elbows.",
    ),
    (
        "Scaly patches on my knees and scalp will not go away.",
        "Winter makes the scale worse, sun clears the patches. Some nails crumble.",
        "Thick silvery scale over the knees; pitted nails.",
    ),
)


def chest_case(number: int = 1, **changes: Any) -> Case:
    """A chest with cough and fever; 1 to 4 are told in words of their own, and so is every number's person."""
    complaint, symptoms, found, film = _CHESTS[(number - 1) % len(_CHESTS)]
    fields: dict[str, Any] = {
        "case_id": f"test:{number}",
        "trust": CaseTrust.VALIDATED,
        "provenance": "written for a test",
        "licence": "Apache-2.0",
        "synthetic": True,
        "patient": {"age_years": 40 + number, "sex": "F" if number % 2 else "M"},
        "chief_complaint": complaint,
        "symptoms": symptoms,
        "past_history": "Smokes ten cigarettes a day. No known drug allergies. Takes a tablet for blood pressure.",
        "physical_examination": {
            PhysicalExam.GENERAL.value: f"Temperature 38.{number % 10} °C, pulse 92, blood pressure 128/76.",
            PhysicalExam.CHEST.value: found,
        },
        "auxiliary_examination": {
            AuxiliaryExam.XRAY.value: film,
            AuxiliaryExam.BLOOD.value: f"White cells 14.{number}. C-reactive protein 1{number}0.",
        },
        "image_report": film,
        "diagnoses": ("community-acquired pneumonia",),
        "treatments": ("antibiotics",),
        "department": "internal medicine",
        "sub_departments": ("respiratory medicine",),
        "urgency": "urgent",
        "findings": ("Consolidation",),
    }
    return Case.model_validate({**fields, **changes})


def _skin_case(number: int, told: tuple[str, str, str]) -> Case:
    return chest_case(
        number,
        chief_complaint=told[0],
        symptoms=told[1],
        past_history="Father had the same skin. Takes no tablets.",
        physical_examination={PhysicalExam.SKIN.value: told[2]},
        auxiliary_examination={},
        image_report="",
        diagnoses=("plaque psoriasis",),
        treatments=("medication",),
        department="dermatology and venereology",
        sub_departments=("general dermatology",),
        urgency="routine",
        findings=(),
    )


def small_cases() -> tuple[Case, ...]:
    """Four chests of internal medicine, and two skins of dermatology."""
    skins = (_skin_case(number, told) for number, told in enumerate(_SKINS, start=5))
    return (*(chest_case(number) for number in range(1, 5)), *skins)

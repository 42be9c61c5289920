"""What must not wait: cited rules over what the patient tells and what examinations find."""

"""Films: how they come in, where they are kept, how they are shown, and the phantom that stands in for a patient."""

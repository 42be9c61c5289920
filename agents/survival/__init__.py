"""Survival: hazards and curves from a clinical table, genes and slides. Not for clinical use."""

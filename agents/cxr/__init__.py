"""Pathology detectors for frontal chest films: scores per finding, with class activation maps."""

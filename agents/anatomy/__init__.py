"""Anatomy of a frontal chest film: outlines, measurements, zones, and where a heat map lies. Not for clinical use."""

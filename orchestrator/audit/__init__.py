"""Tests whether a run's conclusions follow from the evidence that they cite."""

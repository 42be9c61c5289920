"""Scores of encounters: what was decided at each of the five stages, held against the case's record."""

"""Asks a model that takes pictures what it sees on a film, and turns its answer into uncalibrated evidence."""

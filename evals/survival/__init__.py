"""Survival models beside their peers: data sets, splits, measures, a simulation whose truth is known, and growth."""

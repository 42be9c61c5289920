"""Measures of any model's answers: ranking, reliability, selective answering, conformal sets, overlap, resampling."""

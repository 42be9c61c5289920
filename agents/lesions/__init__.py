"""Lesions: outlines of small lesions on films and pictures, by a network of selective scans. Not for clinical use."""

"""The encounter as one HTML page."""

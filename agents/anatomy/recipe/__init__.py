"""How the bundled segmenter was made: data, training, and the figures on films that it never saw."""

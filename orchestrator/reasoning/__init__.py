"""From evidence to typed claims and their words, without a language model."""

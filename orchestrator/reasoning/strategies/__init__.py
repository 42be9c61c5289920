"""How a language model is led from the evidence to claims: one strategy a file, listed in `table`."""

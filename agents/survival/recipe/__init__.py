"""How the survival models that come along, and those of the benchmark's data, are made."""

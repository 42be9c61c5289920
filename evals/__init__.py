"""Benchmarks and measures of the whole house, each a module that is run on its own."""

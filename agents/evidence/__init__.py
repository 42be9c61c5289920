"""The weigher: pools what detectors say of each finding in log-odds, and adds the prior once."""

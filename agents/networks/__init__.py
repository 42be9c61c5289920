"""Network parts that more than one specialist is built from."""

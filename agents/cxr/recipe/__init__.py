"""How the bundled detector is trained and measured, from the NIH films alone."""

"""The verifier: a program that holds every claim, and every word of it, against the evidence that it cites."""

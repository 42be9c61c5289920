"""Prints what the verifier catches of planted faults and refuses of what is sound, by kind.

Run as `.venv/bin/python -P tests/verifier_table.py [SEEDS [FAULTS_A_KIND [EXAMPLES]]]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from verifier_figures import answers, faults_in_claims, faults_in_sentences, pairs, sound


def main(seeds: int = 40, a_kind: int = 100, examples: int = 0) -> None:
    """Prints the tables."""
    every = pairs(seeds)
    print(f"Faults in typed claims that were caught\n{faults_in_claims(every, a_kind).table(examples)}\n")
    print(f"Faults in sentences that were caught\n{faults_in_sentences(every, a_kind).table(examples)}\n")
    for whose, of in (("Untouched", every), ("Of 200 competent answers, the", answers(200))):
        claims, sentences = sound(of)
        for name, figures in claims.items():
            print(f"{whose} claims {name}\n{figures.table(examples)}\n")
        print(f"{whose} sentences kept\n{sentences.table(examples)}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Gene sets: reads GMT files (MSigDB's format), and says which gene belongs to which pathway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["known_sets", "pathway_matrix", "read_gmt"]

_MAX_SETS = 20_000
_SHOWN = 5


def _refused(message: str, hint: str) -> CallerError:
    return CallerError(ProblemCode.BAD_ARGUMENT, message, hint)


def read_gmt(path: Path) -> dict[str, tuple[str, ...]]:
    """The genes of each set: a line is a name, a description and the genes, separated by tabs; a gene counts once.

    Raises:
        CallerError: NOT_FOUND, no such file; BAD_ARGUMENT, a line with less, a set named twice, or no set at all.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CallerError(
            ProblemCode.NOT_FOUND,
            f"'{path.name}' is not a file of gene sets that can be read.",
            "Check the path; a GMT file is tab-separated text.",
        ) from error
    sets: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, *rest = (part.strip() for part in line.split("\t"))
        genes = tuple(dict.fromkeys(gene for gene in rest[1:] if gene))
        if not name or not genes:
            raise _refused(
                f"Line {number} of the gene sets has no name or no gene.",
                "A line is NAME, DESCRIPTION and the genes, separated by tabs.",
            )
        if name in sets:
            raise _refused(f"Line {number} names a gene set that came before.", "Give each gene set a name of its own.")
        sets[name] = genes
    if not 0 < len(sets) <= _MAX_SETS:
        raise _refused("The file of gene sets has none, or too many.", f"It may have up to {_MAX_SETS} sets.")
    return sets


def known_sets(
    genes: Sequence[str], sets: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The sets with those of their genes that the table has, and the names of sets that have none there.

    Raises:
        CallerError: BAD_ARGUMENT, no set names a gene of the table.
    """
    there = frozenset(genes)
    kept = {name: tuple(gene for gene in members if gene in there) for name, members in sets.items()}
    unknown = tuple(name for name, members in kept.items() if not members)
    if len(unknown) == len(kept):
        raise _unknown(unknown, sets)
    return {name: members for name, members in kept.items() if members}, unknown


def pathway_matrix(genes: Sequence[str], sets: Mapping[str, Sequence[str]]) -> NDArray[np.float32]:
    """Membership as (sets, genes), 1 where the gene is in the set; genes in no set belong to none.

    Raises:
        CallerError: BAD_ARGUMENT, a set that names no gene of the table.
    """
    kept, unknown = known_sets(genes, sets)
    if unknown:
        raise _unknown(unknown, sets)
    place = {gene: column for column, gene in enumerate(genes)}
    matrix = np.zeros((len(kept), len(genes)), dtype=np.float32)
    for row, members in enumerate(kept.values()):
        matrix[row, [place[gene] for gene in members]] = 1.0
    return matrix


def _unknown(unknown: Sequence[str], sets: Mapping[str, Sequence[str]]) -> CallerError:
    shown = ", ".join(f"'{name}'" for name in unknown[:_SHOWN]) + (", …" if len(unknown) > _SHOWN else "")
    example = next(iter(sets[unknown[0]]))
    return _refused(
        f"No gene of the table is named by {shown}.",
        f"Sets and table must use the same names of genes (the sets have for example '{example}').",
    )

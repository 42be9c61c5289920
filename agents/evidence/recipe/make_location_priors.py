"""Counts where PadChest's reports place each finding on frontal films, and writes `location_priors.csv`.

    python -m wardround.agents.evidence.recipe.make_location_priors [OUT.csv]

Source: `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv.gz` inside the installed torchxrayvision package (Bustos
et al., Medical Image Analysis 2020; 160,861 films of the Hospital San Juan de Alicante). torchxrayvision's own code is
Apache-2.0; it ships this table without a licence of its own, and the data set's terms (BIMCV: research use, no
redistribution of images or reports) hold for it. Only counts leave this module.

`LabelsLocalizationsBySentence` is read where physicians annotated it (`MethodLabel` Physician, one film per study): a
list of sentences, each its labels followed by its 'loc …' terms. In the rows that a network annotated, sentences run
together, and a location cannot be told to be a finding's; they are left out. A sentence counts where its labels name
one finding, or one shadow under several names (`_ONE_SHADOW`); where its terms name several regions, each has a share.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wardround.agents.evidence.location_priors import TABLE_NAME
from wardround.agents.evidence.recipe.tables import torchxrayvision_table, write_table
from wardround.contracts.anatomy import Region, Side
from wardround.contracts.codes import NO_FINDING, canonical_label

__all__ = ["count", "main", "report_table"]

_FILE = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv.gz"
_COLUMNS = ("StudyID", "Projection", "MethodLabel", "LabelsLocalizationsBySentence")
_FRONTAL = frozenset({"PA", "AP", "AP_horizontal"})
_SAYS_NOTHING = frozenset({"unchanged", "chronic changes"})
_ONE_SHADOW = frozenset({"Consolidation", "Infiltration", "Pneumonia"})
# A side without a region means a lung, except for these.
_NOT_OF_THE_LUNG = frozenset({"Cardiomegaly", "Enlarged Cardiomediastinum", "Fracture", "Hernia"})

# PadChest's labels that the code table does not name, with the location that some of them carry in their name.
_LABELS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "alveolar pattern": ("Infiltration", ()),
    "apical pleural thickening": ("Pleural_Thickening", ("loc apical",)),
    "atelectasis basal left side": ("Atelectasis", ("loc basal", "loc left")),
    "atelectasis basal right side": ("Atelectasis", ("loc basal", "loc right")),
    "calcified pleural thickening": ("Pleural_Thickening", ()),
    "consolidation bilateral": ("Consolidation", ("loc bilateral",)),
    "ground glass pattern": ("Infiltration", ()),
    "hydropneumothorax": ("Pneumothorax", ()),
    "increased density": ("Lung Opacity", ()),
    "infiltrates": ("Infiltration", ()),
    "interstitial pattern": ("Infiltration", ()),
    "interstitial pattern bilateral": ("Infiltration", ("loc bilateral",)),
    "laminar atelectasis": ("Atelectasis", ()),
    "lobar atelectasis": ("Atelectasis", ()),
    "loculated pleural effusion": ("Effusion", ()),
    "mass": ("Mass", ()),
    "mediastinal enlargement": ("Enlarged Cardiomediastinum", ()),
    "multiple nodules": ("Nodule", ()),
    "pleural effusion both sides": ("Effusion", ("loc bilateral",)),
    "pleural effusion left side": ("Effusion", ("loc left",)),
    "pleural effusion right side": ("Effusion", ("loc right",)),
    "pulmonary mass": ("Mass", ()),
    "segmental atelectasis": ("Atelectasis", ()),
    "superior mediastinal enlargement": ("Enlarged Cardiomediastinum", ("loc superior mediastinum",)),
}

_UPPER, _MIDDLE, _LOWER = Region.UPPER_ZONE, Region.MIDDLE_ZONE, Region.LOWER_ZONE
# Lobes are not zones: on a frontal film the middle lobe and the lingula lie over the middle and the lower zone.
_REGIONS: Mapping[str, tuple[Region, ...]] = {
    "apical": (_UPPER,),
    "upper lobe": (_UPPER,),
    "upper lung field": (_UPPER,),
    "suprahilar": (_UPPER, _MIDDLE),
    "middle lung field": (_MIDDLE,),
    "perihilar": (_MIDDLE,),
    "infrahilar": (_MIDDLE, _LOWER),
    "middle lobe": (_MIDDLE, _LOWER),
    "lingula": (_MIDDLE, _LOWER),
    "minor fissure": (_MIDDLE,),
    "basal": (_LOWER,),
    "lower lobe": (_LOWER,),
    "lower lung field": (_LOWER,),
    "costophrenic angle": (_LOWER,),
    "cardiophrenic angle": (_LOWER,),
    "supradiaphragm": (_LOWER,),
    "cardiac": (Region.HEART,),
    "retrocardiac": (Region.HEART,),
    "hilar": (Region.MEDIASTINUM,),
    "mediastinum": (Region.MEDIASTINUM,),
    "superior mediastinum": (Region.MEDIASTINUM,),
    "lower mediastinum": (Region.MEDIASTINUM,),
    "anterior mediastinum": (Region.MEDIASTINUM,),
    "middle mediastinum": (Region.MEDIASTINUM,),
    "posterior mediastinum": (Region.MEDIASTINUM,),
    "paratracheal": (Region.MEDIASTINUM,),
    "tracheal": (Region.MEDIASTINUM,),
    "aortic": (Region.MEDIASTINUM,),
    "aortic button": (Region.MEDIASTINUM,),
    "aortopulmonary window": (Region.MEDIASTINUM,),
    "esophageal": (Region.MEDIASTINUM,),
    "thymus": (Region.MEDIASTINUM,),
    "humerus": (Region.OUTSIDE,),
    "shoulder": (Region.OUTSIDE,),
    "axilar": (Region.OUTSIDE,),
    "cervical": (Region.OUTSIDE,),
    "subcutaneous": (Region.OUTSIDE,),
    "soft tissue": (Region.OUTSIDE,),
    "infradiaphragm": (Region.OUTSIDE,),
    "hypochondrium": (Region.OUTSIDE,),
    "gastric chamber": (Region.OUTSIDE,),
}
# Terms that place a finding in the lungs and in no zone; they count where no other term names a region.
_IN_LUNG = frozenset(
    {"lung field", "hemithorax", "pleural", "lobar", "subsegmental", "subpleural", "central", "fissure", "diffuse"}
)
_SIDES = {"right": Side.RIGHT, "left": Side.LEFT, "bilateral": Side.BILATERAL}


def report_table() -> Iterator[dict[str, str]]:
    """The rows of the PadChest table; errors as `torchxrayvision_table`."""
    return torchxrayvision_table(_FILE, _COLUMNS)


def _parsed(told: str) -> list[list[str]]:
    """The sentences of a report; none where the cell is no list of lists of words (87 cells hold a bare nan)."""
    try:
        return [[str(term).strip() for term in sentence] for sentence in ast.literal_eval(told)]
    except (ValueError, SyntaxError):
        return []


def _sentences(rows: Iterable[Mapping[str, str]]) -> Iterator[list[str]]:
    seen = set()
    for row in rows:
        told = row["LabelsLocalizationsBySentence"]
        fits = row["Projection"] in _FRONTAL and row["MethodLabel"] == "Physician" and told.startswith("[[")
        if fits and row["StudyID"] not in seen:
            seen.add(row["StudyID"])
            yield from _parsed(told)


def _findings(labels: Iterable[str]) -> tuple[set[str], set[str]]:
    """The findings that a sentence's labels name, with the locations that their names carry; empty where mixed."""
    findings: set[str] = set()
    carried: set[str] = set()
    for label in labels:
        name, terms = _LABELS.get(label, (canonical_label(label), ()))
        if name is None or name == NO_FINDING:
            return set(), set()
        findings.add(name)
        carried.update(terms)
    return (findings, carried) if len(findings) == 1 or findings <= _ONE_SHADOW else (set(), set())


def _placed(terms: Iterable[str]) -> tuple[set[Side], set[Region], bool]:
    """Sides and regions that 'loc …' terms name, and whether they place something in the lungs at large."""
    sides: set[Side] = set()
    regions: set[Region] = set()
    in_lung = False
    for term in terms:
        words = term.removeprefix("loc ").split()
        sides.update(_SIDES[word] for word in words if word in _SIDES)
        rest = " ".join(word for word in words if word not in _SIDES)
        regions.update(_REGIONS.get(rest, ()))
        in_lung = in_lung or rest in _IN_LUNG
    return sides, regions, in_lung


def _side(sides: set[Side], region: Region) -> str:
    if region in (Region.HEART, Region.MEDIASTINUM):
        return Side.MIDLINE.value
    if Side.BILATERAL in sides or len(sides) > 1:
        return Side.BILATERAL.value
    return next(iter(sides)).value if sides else ""


def count(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """One row per finding, side and region that occur: `sentences` is their number, shares of a sentence included.

    The side is empty where the sentence tells none.
    """
    votes: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for sentence in _sentences(rows):
        labels = [term for term in sentence if not term.startswith("loc ") and term not in _SAYS_NOTHING]
        findings, carried = _findings(labels)
        sides, regions, in_lung = _placed(carried.union(term for term in sentence if term.startswith("loc ")))
        for finding in findings:
            at_large = in_lung or (bool(sides) and finding not in _NOT_OF_THE_LUNG)
            named = regions or ({Region.LUNG} if at_large else set())
            for region in named:
                votes[finding, _side(sides, region), region.value] += 1 / len(named)
    return [
        {"finding": finding, "side": side, "region": region, "sentences": f"{number:.3f}".rstrip("0").rstrip(".")}
        for (finding, side, region), number in sorted(votes.items())
    ]


def main(out: Path) -> None:
    """Writes the table of counts to `out`."""
    write_table(out, count(report_table()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / TABLE_NAME)
